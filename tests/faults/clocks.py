"""The clock of a whole network is put forward and back by an hour, by libfaketime (packages.txt), while people go on.

The wall clock of every process but the supervisor and the cage, which keep no time; never the monotonic one, which no
change of a real clock touches either.
"""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from tests.faults.matrix import Cell, Scene
from tests.faults.stack import Stack, as_user

_LAUNCHER = """
import sys
from heliograph.embedded import children, up
plain = children.start
faked = {{
    "LD_PRELOAD": {library!r}, "FAKETIME_TIMESTAMP_FILE": {file!r}, "FAKETIME_CACHE_DURATION": "1",
    "FAKETIME_DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1", "PYTHONPATH": {python!r},
}}
def start(command, *, environment=None, **rest):
    if "heliograph.media.cage" not in command:
        environment = {{**(environment or {{}}), **faked}}
    return plain(command, environment=environment, **rest)
children.start = start
sys.exit(up.main(sys.argv[1:]))
"""
#: For every Python: with libfaketime a sleep until a moment of the monotonic clock, which is how Python sleeps, fails.
_SLEEP = """
import select, time
time.sleep = lambda seconds: select.select([], [], [], seconds) and None
"""
_STEP = 3600  # seconds


def library() -> Path | None:
    """libfaketime, where there is one."""
    return next(iter(sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))), None)


class ClockStack(Stack):
    """A network whose clock can be put forward and back."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = self.folder / "clock"
        self.python = self.folder / "python"
        self.python.mkdir()
        (self.python / "sitecustomize.py").write_text(_SLEEP)
        for path in (self.folder, self.python):
            path.chmod(0o755)
        self.set(0)

    def set(self, seconds: int) -> None:
        """How far its clock is from ours, from the next second on."""
        fresh = self.folder / "clock.new"
        fresh.write_text(f"{seconds:+d}\n")
        fresh.chmod(0o644)
        fresh.replace(self.clock)

    def start(self) -> float:
        if not self.launcher:
            where = {"library": str(library()), "file": str(self.clock), "python": str(self.python)}
            self.launcher = [*as_user(self), "-c", _LAUNCHER.format(**where)]
        return super().start()


def forward() -> Cell:
    def hurt(stack: Stack, scene: Scene) -> None:
        assert isinstance(stack, ClockStack)
        stack.set(_STEP)
        with scene.lasting():
            time.sleep(15)  # heartbeats, sweeps and leases see it

    return Cell("clock", "an hour forward", hurt, make=ClockStack)


def back() -> Cell:
    """And the worker is killed at that moment: what it did was last heard of in the future."""

    def hurt(stack: Stack, scene: Scene) -> None:
        assert isinstance(stack, ClockStack)
        stack.set(0)
        time.sleep(1)
        stack.kill("worker")
        with scene.lasting():
            time.sleep(15)
        said = stack.heliograph("doctor").stdout
        assert "the clock has gone back" in said, said
        scene.seen.append("the doctor says so")

    return Cell("clock", "an hour back", hurt, make=ClockStack)


def restart_behind() -> Cell:
    """It does not start with a clock that is behind what it has made; with the right one it does."""

    def hurt(stack: Stack, scene: Scene) -> None:
        assert isinstance(stack, ClockStack)
        stack.stop()
        refused = stack.another(stack.port, subprocess.PIPE)
        said = refused.communicate(timeout=40)[0].decode()
        assert refused.returncode == 2, said
        assert "Put the clock right" in said.splitlines()[-1], said
        scene.seen.append("refused with exit code 2")
        stack.set(_STEP)
        stack.start()

    return Cell("clock", "restart while behind, and put right", hurt, make=ClockStack)


def cells() -> list[Cell]:
    return [forward(), back(), restart_behind()] if library() else []
