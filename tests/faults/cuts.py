"""The power is cut: every process of a network is killed at once, at a random moment, again and again."""

from __future__ import annotations

import os

from tests.faults.matrix import Cell, Scene
from tests.faults.stack import Stack, pause

CUTS = int(os.environ.get("HELIOGRAPH_TEST_CUTS") or 50)
_EACH_CELL = 5  # cuts; after each of these everything is looked at and every deed has to succeed
_AT_START = 0.2  # of the cuts: while it is starting after the one before


def cut(number: int) -> Cell:
    """One cell of _EACH_CELL cuts. After every cut the audit finds nothing, and what was promised is there."""

    def hurt(stack: Stack, scene: Scene) -> None:
        starts = []
        for i in range(_EACH_CELL):
            if i:
                scene.load.wait_for_more()
                pause(scene.chance, 0, 1.5)
            stack.kill_everything(scene.chance)
            if scene.chance.random() < _AT_START:
                stack.begin()
                pause(scene.chance, 0.2, 3)
                stack.kill_everything(scene.chance)
                scene.seen.append("one while it started")
            starts.append(stack.start())
            if i < _EACH_CELL - 1:
                scene.look(stack)
        scene.seen.append(f"started again after {min(starts):.1f} to {max(starts):.1f} s")

    return Cell("everything", f"power cut {_EACH_CELL * number + 1} to {_EACH_CELL * (number + 1)}", hurt)


def cuts() -> list[Cell]:
    return [cut(number) for number in range(CUTS // _EACH_CELL)]
