"""The fault matrix: every process, killed, stopped for 30 s and started again; memory lost; power cut; a clock that
jumps. People go on with all their deeds meanwhile, and after each cell everything that was promised is there.

    lane one     one stack, hurt again and again        lane two     another one, beside it

A lane is a thread with a stack, a load and a ledger. Each of its cells ends with the people at rest, no promise broken
and an audit that finds nothing. What came of it is a table: `report`.
"""

from __future__ import annotations

import random
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.faults.load import DEEDS
from tests.faults.promises import Promises
from tests.faults.stack import Load, Stack, pause

Say = Callable[[str], None]


@dataclass(frozen=True)
class Cell:
    """What is hurt, and how. `hurt` returns when the fault is over; `back_within`: seconds from then on, until all
    deeds succeed again; `make`: the network that it wants."""

    who: str
    fault: str
    hurt: Callable[[Stack, Scene], None]
    back_within: float = 20
    make: Callable[[], Stack] = Stack

    @property
    def name(self) -> str:
        return f"{self.who}: {self.fault}"


@dataclass
class Scene:
    """What a fault may use: the people, chance, a look at everything between two of its parts, and a place to note
    what was seen meanwhile."""

    load: Load
    chance: random.Random
    look: Callable[[Stack], None]
    seen: list[str] = field(default_factory=list)
    meanwhile: Counter[str] = field(default_factory=Counter)  # promises made while the fault lasted

    @contextmanager
    def lasting(self, *, settle: float = 1.0) -> Iterator[None]:
        """While the fault lasts: whatever is begun and promised from `settle` seconds on is counted."""
        began = time.monotonic() + settle
        yield
        self.meanwhile = self.load.done(since=began, before=time.monotonic(), begun=began)


@dataclass(frozen=True)
class Outcome:
    """What came of a cell."""

    cell: Cell
    promised: Counter[str]
    meanwhile: Counter[str]
    seen: list[str]
    back: dict[str, float]  # deed -> seconds from the end of the fault
    seconds: float
    trouble: str = ""

    @property
    def back_seconds(self) -> float:
        return max(self.back.values(), default=0.0)


class Lane(threading.Thread):
    """Cells one after the other on one stack; each has a Future. A stack that a cell has broken is replaced."""

    def __init__(self, name: str, cells: list[Cell], seed: int, say: Say) -> None:
        super().__init__(name=name, daemon=True)
        self.futures: dict[str, Future[Outcome]] = {cell.name: Future() for cell in cells}
        self._cells = cells
        self._seed = seed
        self._chance = random.Random(f"{seed}:{name}")
        self._say = lambda line: say(f"{name}: {line}")
        self._stack: Stack | None = None
        self._load: Load | None = None
        self._promises: Promises | None = None
        self._over = threading.Event()

    def run(self) -> None:
        for cell in self._cells:
            future = self.futures[cell.name]
            if self._over.is_set():
                future.cancel()
                continue
            try:
                future.set_result(self._one(cell))
            except BaseException as error:  # also a failed assertion: it is the cell's, and the lane goes on
                self._say(f"{cell.name} FAILED: {error}\n{''.join(traceback.format_tb(error.__traceback__))}")
                future.set_exception(error)
                self._remove()
        self._remove()

    def end(self) -> None:
        """No further cell; the one that runs is left to its end."""
        self._over.set()

    def _one(self, cell: Cell) -> Outcome:
        stack, load, promises = self._ready(cell.make)
        began = time.monotonic()
        scene = Scene(load, self._chance, lambda stack: self._look(stack, load, promises, settled=False))
        load.wait_for_all(began, 30)
        pause(self._chance, 0, 0.5)
        cell.hurt(stack, scene)
        over = time.monotonic()
        back = load.wait_for_all(over, cell.back_within)
        promised = load.done(since=began)
        self._look(stack, load, promises, all_of_them=cell is self._cells[-1])
        seconds = time.monotonic() - began
        outcome = Outcome(cell, promised, scene.meanwhile, scene.seen, back, seconds)
        self._say(
            f"{cell.name}: back after {outcome.back_seconds:.1f} s, {sum(promised.values())} promises kept,"
            f" {seconds:.0f} s in all"
        )
        return outcome

    def _look(
        self,
        stack: Stack,
        load: Load,
        promises: Promises,
        *,
        settled: bool = True,
        all_of_them: bool = False,
    ) -> None:
        """Everybody rests; what was promised is there; the audit finds nothing."""
        load.rest()
        broken = promises.broken(load.lines(), settled=settled, all_of_them=all_of_them)
        assert broken == [], broken
        audit = stack.heliograph("audit")
        assert audit.returncode == 0, audit.stdout + audit.stderr
        load.go_on()

    def _ready(self, make: Callable[[], Stack]) -> tuple[Stack, Load, Promises]:
        if self._stack is not None and type(self._stack) is not make:
            self._remove()
        if self._stack is None or self._load is None or self._promises is None:
            self._stack = make()
            self._say(f"a new stack, ready after {self._stack.start():.1f} s")
            self._load = Load(self._stack, self._chance.randrange(10**6))
            self._promises = Promises(self._stack.port)
            self._load.wait_for("post", 3)
        return self._stack, self._load, self._promises

    def _remove(self) -> None:
        if self._load is not None:
            self._load.process.kill()
            self._load.process.wait()
        if self._stack is not None:
            self._stack.remove()
        self._stack = self._load = self._promises = None


def report(outcomes: list[Outcome], *, seed: int, seconds: float) -> str:
    """The table, in Markdown."""
    deeds = [{"sign_up": "signed up", "delete": "deleted"}.get(deed, f"{deed}ed") for deed in DEEDS]
    deeds = [{"likeed": "liked"}.get(deed, deed) for deed in deeds]
    lines = [
        f"{len(outcomes)} cells in {seconds:.0f} s, seed {seed}. Numbers are requests that were answered with success",
        "in that cell, all of which held afterwards; in brackets, those of them while the fault lasted.",
        "",
        "| what | fault | " + " | ".join(deeds) + " | all back after | seen meanwhile |",
        "|---|---|" + "---:|" * (len(deeds) + 1) + "---|",
    ]
    for one in outcomes:
        numbers = [
            f"{one.promised[deed]}" + (f" ({one.meanwhile[deed]})" if one.meanwhile else "") for deed in DEEDS
        ]
        lines.append(
            f"| {one.cell.who} | {one.cell.fault} | {' | '.join(numbers)} | {one.back_seconds:.1f} s"
            f" | {'; '.join(one.seen)} |"
        )
    return "\n".join(lines) + "\n"
