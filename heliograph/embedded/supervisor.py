"""Keeps the processes of the local stack running, and ends them all together.

One thread, one loop: it reads what the processes say, notices which of them ended, and starts those again. A
process that ends again and again is started with growing pauses. Each leads a group of its own; when it ends,
so does its group, and what had left the group falls to us (we are the subreaper) and is ended as well.

The end: the parts that work (`early`) are asked to stop first, while the databases still answer; then the
databases. Nothing lives longer than HARD_STOP_SECONDS: jobs and requests survive that, being transactions.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from heliograph.embedded import children, orphans, signals
from heliograph.embedded.lines import Printer
from heliograph.embedded.refusal import CannotStart

GRACE_SECONDS = 6.5  # for the early parts; the worker gives its jobs back after 6
HARD_STOP_SECONDS = 8.0  # for everything
PAUSES: tuple[float, ...] = (0.2, 0.5, 1.0, 2.0, 3.0)  # seconds before a start, after so many short lives
LONG_LIFE_SECONDS = 5.0  # whoever lived so long starts without a pause
_TICK = 0.1  # seconds
_YOUNG, _YOUNG_GRACE = 3.0, 1.0  # seconds
_ORPHANS_EVERY = 2.0  # seconds; where /proc has to be read whole for it, that takes some milliseconds


@dataclass(frozen=True)
class Part:
    """One process: how it is started, when it counts as ready, how it is asked to stop.

    `command` is called at every start (it may write a configuration first).
    """

    name: str
    command: Callable[[], Sequence[str | Path]]
    environment: Mapping[str, str]
    ready: Callable[[], bool]
    stop_signal: signal.Signals = signal.SIGTERM
    early: bool = False
    start_seconds: float = 60.0


@dataclass
class _Life:
    """A part and its present process."""

    part: Part
    process: subprocess.Popen[bytes] | None = None
    began: float = 0.0
    short_lives: int = 0
    start_at: float | None = None  # when it is to be started again
    said: list[str] = field(default_factory=list)  # its last lines, for the sentence when it fails at first
    told: Callable[[str], None] | None = None  # who gets its lines of JSON, which then are not printed


class Stopped(Exception):
    """A signal asked to stop while something was waited for."""


class Supervisor:
    """Starts parts, watches them, stops them. `asked_to_stop` is set by SIGINT, SIGTERM and SIGHUP."""

    def __init__(self, printer: Printer, *, folder: Path) -> None:
        self.asked_to_stop = False
        self._impatient = False
        self._printer = printer
        self._folder = folder
        self._lives: dict[str, _Life] = {}
        self._selector = selectors.DefaultSelector()
        self._record = folder / "processes.json"
        orphans.become_their_parent()

    def handle_signals(self) -> None:
        """From now on SIGINT, SIGTERM and SIGHUP stop the network; a second one stops it hard."""
        for number in signals.STOPPING:
            signal.signal(number, self._on_signal)
        signals.let_through()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._impatient = self.asked_to_stop
        self.asked_to_stop = True

    def end_leftovers(self) -> None:
        """End what a supervisor that was killed left behind in this data directory."""
        ended = orphans.end_recorded(self._record)
        if ended:
            self._printer.ours(f"ended what an earlier run had left: {', '.join(ended)}")

    def start(self, parts: Sequence[Part]) -> None:
        """Start parts at the same time and wait until all are ready; CannotStart when one ends instead."""
        for part in parts:
            life = self._lives[part.name] = _Life(part)
            self._spawn(life)
        deadline = time.monotonic() + max(part.start_seconds for part in parts)
        waiting = list(parts)
        while waiting:
            self._pump(0.02)
            waiting = [part for part in waiting if not part.ready()]
            for part in waiting:
                life = self._lives[part.name]
                if life.process is not None and life.process.poll() is not None:
                    self._pump(0.05)
                    raise CannotStart(f"{part.name} ended at its start: {_last(life)}")
            if waiting and time.monotonic() > deadline:
                names = ", ".join(part.name for part in waiting)
                raise CannotStart(f"{names} did not get ready in time.")
            self._stop_when_asked()

    def run_once(self, part: Part) -> list[str]:
        """Run a part to its end and return what it said; CannotStart when it fails."""
        life = self._lives[part.name] = _Life(part)
        process = self._spawn(life, keep_output=True)
        while process.poll() is None:
            self._pump(_TICK)
            self._stop_when_asked()
        self._pump(0.05)
        del self._lives[part.name]
        if process.returncode:
            raise CannotStart(f"{part.name} failed: {_last(life)}")
        return life.said

    def run_beside(self, part: Part, told: Callable[[str], None]) -> None:
        """Run a part to its end while the others are looked after; `told` gets its lines of JSON. CannotStart when
        it fails."""
        life = self._lives[part.name] = _Life(part, told=told)
        process = self._spawn(life)
        while process.poll() is None:
            self._pump(_TICK)
            self._stop_when_asked()
            for other in self._lives.values():
                if other is not life:
                    self._look_after(other)
        self._pump(0.05)
        del self._lives[part.name]
        if process.returncode:
            raise CannotStart(_last(life))

    def watch(self) -> None:
        """Keep everything running until a signal asks to stop."""
        looked = time.monotonic()
        while not self.asked_to_stop:
            self._pump(_TICK)
            for life in self._lives.values():
                self._look_after(life)
            if time.monotonic() - looked > _ORPHANS_EVERY:
                orphans.end_adopted(self._pids())
                looked = time.monotonic()

    def stop(self) -> None:
        """End everything: the early parts, then the rest; hard after HARD_STOP_SECONDS."""
        began = time.monotonic()
        alive = [life for life in self._lives.values() if life.process is not None]
        early = [life for life in alive if life.part.early]
        late = [life for life in alive if not life.part.early]
        self._end(early, until=began + GRACE_SECONDS)
        self._end(late, until=began + HARD_STOP_SECONDS)
        orphans.end_all_of_ours()
        self._pump(0)
        self._record.unlink(missing_ok=True)

    def _end(self, lives: Sequence[_Life], *, until: float) -> None:
        now = time.monotonic()
        # Granian hears no signal in its first half second, and then never: who is that young has promised nothing.
        ends = {
            life.part.name: min(until, now + _YOUNG_GRACE)
            if life.part.early and now - life.began < _YOUNG
            else until
            for life in lives
        }
        for life in lives:
            if life.process is not None and life.process.poll() is None:
                life.process.send_signal(life.part.stop_signal)
        waiting = list(lives)
        while waiting and not self._impatient:
            self._pump(0.02)
            now = time.monotonic()
            waiting = [
                life
                for life in waiting
                if life.process is not None and life.process.poll() is None and now < ends[life.part.name]
            ]
        for life in lives:
            if life.process is not None:
                if life.process.poll() is None:
                    self._printer.ours(f"{life.part.name} did not stop in time and was ended")
                children.signal_group(life.process, signal.SIGKILL)
                life.process.wait()

    def _look_after(self, life: _Life) -> None:
        now = time.monotonic()
        if life.process is not None and life.process.poll() is not None:
            children.signal_group(life.process, signal.SIGKILL)  # what it started ends with it,
            orphans.end_adopted(self._pids())  # also what had left its group
            lived = now - life.began
            life.short_lives = 0 if lived > LONG_LIFE_SECONDS else life.short_lives + 1
            pause = PAUSES[min(life.short_lives, len(PAUSES)) - 1] if life.short_lives else 0.0
            how = _how_it_ended(life.process.returncode)
            self._printer.ours(f"{life.part.name} {how}; starting it again in {pause:.1f} s")
            life.process, life.start_at = None, now + pause
        elif life.process is None and life.start_at is not None and now >= life.start_at:
            try:
                self._spawn(life)
            except (OSError, CannotStart) as error:
                self._printer.ours(f"{life.part.name} could not be started: {error}")
                life.short_lives += 1
                life.start_at = now + PAUSES[min(life.short_lives, len(PAUSES)) - 1]

    def _spawn(self, life: _Life, *, keep_output: bool = False) -> subprocess.Popen[bytes]:
        reading, writing = os.pipe()
        try:
            process = children.start(
                life.part.command(),
                environment=life.part.environment,
                folder=self._folder,
                output=writing,
                when_we_die=life.part.stop_signal,
            )
        except BaseException:
            os.close(reading)
            raise
        finally:
            os.close(writing)
        os.set_blocking(reading, False)
        life.process, life.began, life.start_at, life.said = process, time.monotonic(), None, []
        self._selector.register(reading, selectors.EVENT_READ, self._reader(reading, life, keep_output))
        orphans.record(self._record, self._pids())
        return process

    def _reader(self, reading: int, life: _Life, keep_output: bool) -> Callable[[], None]:
        rest = b""

        def read() -> None:
            nonlocal rest
            try:
                data = os.read(reading, 65536)
            except BlockingIOError:
                return
            *whole, rest = (rest + data).split(b"\n") if data else [rest, b""]
            for raw in whole:
                line = raw.decode(errors="replace").rstrip()
                if line and life.told is not None and line.startswith("{"):
                    life.told(line)
                elif line:
                    life.said = [*life.said, line] if keep_output else [*life.said[-9:], line]
                    if not (keep_output and line.startswith("{")):
                        self._printer.line(life.part.name, line)
            if not data:
                self._selector.unregister(reading)
                os.close(reading)

        return read

    def _pump(self, seconds: float) -> None:
        """Pass on what the processes say, for at most so long."""
        for key, _ in self._selector.select(seconds) if self._selector.get_map() else self._sleep(seconds):
            key.data()

    def _sleep(self, seconds: float) -> list[tuple[selectors.SelectorKey, int]]:
        time.sleep(seconds)
        return []

    def _pids(self) -> dict[str, int]:
        return {name: life.process.pid for name, life in self._lives.items() if life.process is not None}

    def _stop_when_asked(self) -> None:
        if self.asked_to_stop:
            raise Stopped


def _how_it_ended(code: int | None) -> str:
    if code is not None and code < 0:
        return f"was ended by {signal.Signals(-code).name}"
    return f"ended with exit code {code}"


def _last(life: _Life) -> str:
    return life.said[-1] if life.said else "it said nothing"
