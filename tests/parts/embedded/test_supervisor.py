"""Whoever ends is started again; whoever is started here ends here."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from heliograph.embedded import places, signals
from heliograph.embedded.bootstrap import main
from tests.harness.processes import alive

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="adopting orphans is a thing of Linux")

CLONE = Path(__file__).parents[3]
#: Tells its number at every life and stays.
STAYS = "echo pid $$; exec sleep 1000"


class Running:
    """A supervisor with its parts, and what it says."""

    def __init__(
        self,
        folder: Path,
        parts: dict[str, str],
        before: Callable[[], None] | None = None,
        hard_stop_seconds: float = 1.0,
    ) -> None:
        command = [sys.executable, "-m", "tests.parts.embedded.little"]
        command += [str(folder), str(hard_stop_seconds), json.dumps(parts)]
        self.log = (folder / "log").open("w+")
        self.process = subprocess.Popen(
            command, stdout=self.log, cwd=CLONE, stderr=subprocess.STDOUT, preexec_fn=before
        )

    def said(self) -> str:
        # By its name: who reads from the file that the parts write to moves the place where they write.
        return Path(self.log.name).read_text()

    def wait_for(self, pattern: str, count: int = 1) -> list[str]:
        """Wait until the pattern was said so often; what its group matched."""
        return until(lambda: found if len(found := re.findall(pattern, self.said())) >= count else None)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(5)
        self.log.close()
        return code


T = TypeVar("T")


def until(ask: Callable[[], T | None]) -> T:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if answer := ask():
            return answer
        time.sleep(0.01)
    raise AssertionError("it did not happen in time")


def gone(pid: str | int) -> bool:
    return until(lambda: not alive(pid))


@pytest.fixture
def run() -> Iterator[Callable[..., Running]]:
    folder = places.temporary("hg-sup-")
    started: list[Running] = []

    def start(
        before: Callable[[], None] | None = None, hard_stop_seconds: float = 1.0, **parts: str
    ) -> Running:
        started.append(Running(folder, parts, before, hard_stop_seconds))
        return started[-1]

    yield start
    for running in started:
        if running.process.poll() is None:
            running.process.kill()
            running.process.wait()
        running.log.close()
    shutil.rmtree(folder)


def test_a_part_that_is_killed_is_started_again(run: Callable[..., Running]) -> None:
    running = run(a=STAYS)
    (first,) = running.wait_for(r"pid (\d+)")
    os.kill(int(first), signal.SIGKILL)
    second = running.wait_for(r"pid (\d+)", 2)[1]
    assert "a was ended by SIGKILL" in running.said()
    assert running.stop() == 0
    assert gone(second)


def test_pauses_grow_while_a_part_keeps_ending(run: Callable[..., Running]) -> None:
    running = run(a="touch a.ready; sleep 0.05; exit 3")
    pauses = running.wait_for(r"a ended with exit code 3; starting it again in ([\d.]+) s", 4)
    assert pauses[:4] == ["0.1", "0.1", "0.2", "0.2"]
    running.stop()


def test_what_a_part_had_started_ends_with_it(run: Callable[..., Running]) -> None:
    running = run(a="sleep 1000 & echo child $!; echo pid $$; wait")
    (child,) = running.wait_for(r"child (\d+)")
    (leader,) = running.wait_for(r"pid (\d+)")
    os.kill(int(leader), signal.SIGKILL)
    assert gone(child)
    running.stop()


def test_what_left_its_group_ends_when_everything_ends(run: Callable[..., Running]) -> None:
    running = run(a="setsid sh -c 'echo far $$; exec sleep 1000' & exec sleep 1000")
    (far,) = running.wait_for(r"far (\d+)")
    running.stop()
    assert gone(far)


def test_a_part_that_ignores_the_signal_is_ended_in_time(run: Callable[..., Running]) -> None:
    running = run(early="trap '' TERM; echo pid $$; while :; do sleep 1; done", late=STAYS)
    pids = running.wait_for(r"pid (\d+)", 2)
    assert running.stop() == 0
    assert all(gone(pid) for pid in pids)


def test_a_second_signal_does_not_wait(run: Callable[..., Running]) -> None:
    running = run(hard_stop_seconds=60, late="trap '' TERM; echo pid $$; while :; do sleep 1; done")
    running.wait_for(r"pid (\d+)")
    running.process.send_signal(signal.SIGINT)
    time.sleep(0.1)
    running.process.send_signal(signal.SIGINT)
    assert running.process.wait(20) == 0


def test_early_parts_stop_while_the_others_still_run(run: Callable[..., Running]) -> None:
    late = "trap 'echo late stops; exit' TERM; touch late.ready; while :; do sleep 0.02; done"
    early = "trap 'sleep 0.2; echo early stops; exit' TERM; touch early.ready; while :; do sleep 0.02; done"
    running = run(early=early, late=late)
    running.wait_for("ready")
    running.process.send_signal(signal.SIGTERM)
    running.process.wait(5)
    said = running.said()
    assert 0 < said.index("early stops") < said.index("late stops")


def test_a_part_that_ends_at_its_start_is_a_sentence_and_exit_code_2(run: Callable[..., Running]) -> None:
    running = run(good=STAYS, bad="echo the port is taken; exit 1; touch bad.ready")
    assert running.process.wait(5) == 2
    assert "refused: bad ended at its start: the port is taken" in running.said()
    (good,) = running.wait_for(r"pid (\d+)")
    assert gone(good)


def test_nothing_outlives_a_supervisor_that_is_killed(run: Callable[..., Running]) -> None:
    running = run(a=STAYS, b=STAYS)
    pids = running.wait_for(r"pid (\d+)", 2)
    running.process.kill()
    running.process.wait()
    assert all(gone(pid) for pid in pids)


def test_the_next_run_ends_what_a_killed_one_could_not(run: Callable[..., Running]) -> None:
    stubborn = "trap '' TERM; touch a.ready; echo pid $$; while :; do sleep 0.1; done"
    running = run(a=stubborn)
    (old,) = running.wait_for(r"pid (\d+)")
    running.wait_for("ready")
    running.process.kill()
    running.process.wait()
    assert alive(old)
    later = run(a=STAYS)
    later.wait_for("ended what an earlier run had left: a")
    assert gone(old)
    later.stop()


def test_every_line_says_who_said_it(run: Callable[..., Running]) -> None:
    running = run(baker="echo bread; echo milk; exec sleep 1000")
    running.wait_for("milk")
    assert [line.strip() for line in running.said().splitlines() if "|" in line][:2] == [
        "baker | bread",
        "baker | milk",
    ]
    running.stop()


def test_what_left_its_group_ends_when_its_part_does(run: Callable[..., Running]) -> None:
    """As PostgreSQL's processes do: each leads a session of its own, and holds memory that a new server needs."""
    running = run(a="setsid sh -c 'echo far $$; exec sleep 1000' & echo pid $$; exec sleep 1000")
    (far,) = running.wait_for(r"far (\d+)")
    (leader,) = running.wait_for(r"pid (\d+)")
    os.kill(int(leader), signal.SIGKILL)
    assert gone(far)
    running.stop()


def test_ctrl_c_before_it_is_there_is_heard_when_it_is(run: Callable[..., Running]) -> None:
    """bin/up has held it back over the start of the program; a Python that is importing would print a traceback."""
    running = run(before=signals.hold, one=STAYS)
    running.process.send_signal(signal.SIGINT)
    assert running.process.wait(10) == 0
    assert "Traceback" not in running.said()


def test_bin_up_holds_ctrl_c_back_before_it_becomes_the_supervisor(monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[set[int]] = []
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [])

    def become(*_: object) -> int:
        held.append(signal.pthread_sigmask(signal.SIG_SETMASK, before))
        return 0

    monkeypatch.setattr(main, "_become", become)
    monkeypatch.setattr(main, "_in_clone", lambda *_: Path(sys.executable))
    monkeypatch.setattr(main.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(main.ports, "check", lambda *_: None)
    main.up(CLONE, [])
    assert set(signals.STOPPING) <= held[0]
