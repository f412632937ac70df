"""Who is next: a bounded number of threads, a bounded queue for each kind of request, the more important first.

All that is decided is decided by the event loop, so there is nothing to lock: the threads take what they are handed
and say when they have done it. Each kind may hold only some of the threads, so hashing passwords or taking in photos
never has all of them. Who has waited for longer than a request of its kind is worth is told so, and not worked on:
nobody is there any more for whom it would be done.

Where more is asked for than can be done, a queue stands, and first come, first served makes everybody wait until they
are about to leave: all the work is done for people who have gone. So once somebody has waited for STANDS_SECONDS, the
newest is next: most are served at once, and the rest are told to come again. Not for readers: how long they wait, each
after the other, is what load is measured by (pressure.py), and what they are given gets cheaper instead. And a
kind that stands, and of which none has begun for three seconds, goes first with one: what is least important comes
slowly then, and not never.

Source: "Fail at Scale", Ben Maurer, ACM Queue, 2015: adaptive last in, first out.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from queue import SimpleQueue
from time import monotonic

from heliograph.core import environment, load, metrics
from heliograph.core.load import Level
from heliograph.gate import pressure
from heliograph.gate.errors import Crowded
from heliograph.gate.kinds import Kind
from heliograph.gate.pressure import Pressure

log = logging.getLogger(__name__)


STANDS_SECONDS = 1.0  # for which somebody has waited when a queue counts as standing
TRICKLE_SECONDS = 3.0  # between two of one kind that pass although others are more important
UPLOAD_PAUSE_SECONDS = 0.05  # from one that has waited to the next, in each process
_LATELY = 60  # looks: what was worst is told for half a minute, the time between two samples of the numbers


@dataclass(frozen=True)
class Terms:
    """What requests of one kind may have."""

    threads: int
    queue: int  # requests that wait
    patience_seconds: float


@dataclass(slots=True)
class Turn:
    """One request that waits or is worked on. `ended` is done when its thread is."""

    kind: Kind
    work: Callable[[], None]
    ended: asyncio.Future[None]
    since: float = field(default_factory=monotonic)


def terms(threads: int, hashing: int, uploads: int) -> dict[Kind, Terms]:
    """Everybody's, from how many threads there are. A fifth of them are for looking alone (`others`).

    Nobody is patient for longer than phones are, which give up after ten seconds and hear nothing."""
    most = others(threads)
    return {
        Kind.HEALTH: Terms(threads, 32, 5.0),
        Kind.READ: Terms(threads, 512, 5.0),
        Kind.SIGN_IN: Terms(min(hashing, most), 256, 8.0),
        Kind.URGENT: Terms(most, 128, 8.0),
        # A third is kept from them: likes by the hundred would leave none to a photo, which comes after them.
        Kind.WRITE: Terms(max(1, most - most // 3), 256, 4.0),
        Kind.UPLOAD: Terms(min(uploads, most), 256, 8.0),
    }


def others(threads: int) -> int:
    """How many threads all together may have who do not only look."""
    return max(1, threads - max(1, threads // 5))


class Trickle:
    """Of each kind one every three seconds at least: what comes last comes slowly, but it comes."""

    def __init__(self) -> None:
        self._last: dict[Kind, float] = {}

    def is_due(self, kind: Kind, now: float) -> bool:
        return now - self._last.get(kind, -math.inf) >= TRICKLE_SECONDS

    def passed(self, kind: Kind, now: float) -> None:
        self._last[kind] = now


class Desk:
    """Hands requests to threads. Everything but the threads runs in the event loop."""

    def __init__(self) -> None:
        env = environment.get()
        self._terms = terms(env.web_threads, env.hashing_threads, env.uploads_at_once)
        self._waiting: dict[Kind, deque[Turn]] = {kind: deque() for kind in Kind}
        self._running = dict.fromkeys(Kind, 0)
        self._free = env.web_threads
        self._others = others(env.web_threads)  # threads that are left for them
        self._handed: SimpleQueue[Turn | None] = SimpleQueue()
        self._trickle = Trickle()
        self._uploads_from = 0.0  # until then, who sends a photo and has waited, waits on
        self._done: deque[Turn] = deque()
        self._told = False  # the loop knows that something is done
        self._loop: asyncio.AbstractEventLoop  # from `open` on
        self.closing = False
        self._pressure = Pressure()
        self._shortest: float | None = None  # wait of a reader since the last look
        self._longest = 0.0  # of anybody
        self._lateness: deque[float] = deque(maxlen=4)  # of the last looks
        self._lately: deque[tuple[float, Level]] = deque(maxlen=_LATELY)  # longest waits, and levels
        self._threads: list[threading.Thread] = []

    def open(self, loop: asyncio.AbstractEventLoop) -> None:
        """Start the threads."""
        self._loop = loop
        for number in range(self._free):
            thread = threading.Thread(target=self._serve, name=f"web-{number}", daemon=True)
            thread.start()
            self._threads.append(thread)
        loop.call_later(pressure.LOOK_SECONDS, self._look, loop.time() + pressure.LOOK_SECONDS)

    def close(self) -> None:
        """Let the threads end; nobody comes any more."""
        for _ in self._threads:
            self._handed.put(None)

    def enter(self, turn: Turn) -> None:
        """Take a place in the queue, or a thread at once. Raises Crowded when the queue is full; while it stands,
        whoever has waited the longest hears that instead."""
        kind = turn.kind
        if not self._waiting[kind] and self._has_thread_for(kind):
            self._hand_over(turn)
            return
        queue = self._waiting[kind]
        if len(queue) >= self._terms[kind].queue:
            if not self._stands(kind, monotonic()):
                self._turned_away(kind, "full")
                raise Crowded(retry_after_seconds=5)
            self._give_up(queue.popleft())
        queue.append(turn)

    def _stands(self, kind: Kind, now: float) -> bool:
        queue = self._waiting[kind]
        return kind > Kind.READ and bool(queue) and now - queue[0].since > STANDS_SECONDS

    def _has_thread_for(self, kind: Kind) -> bool:
        enough = self._running[kind] < self._terms[kind].threads
        return bool(self._free and enough and (self._others or kind <= Kind.READ))

    def _hand_over(self, turn: Turn, waited: float = 0.0) -> None:
        if turn.kind is Kind.READ and (self._shortest is None or waited < self._shortest):
            self._shortest = waited
        self._longest = max(self._longest, waited)
        self._free -= 1
        self._others -= turn.kind > Kind.READ
        self._running[turn.kind] += 1
        self._trickle.passed(turn.kind, monotonic())
        self._handed.put(turn)

    def _serve(self) -> None:
        """The life of a thread."""
        while (turn := self._handed.get()) is not None:
            try:
                turn.work()
            except BaseException:
                log.exception("a request could not be answered")
            self._done.append(turn)
            if not self._told:
                self._told = True
                with contextlib.suppress(
                    RuntimeError
                ):  # the loop has ended, and nobody waits for this any more
                    self._loop.call_soon_threadsafe(self._collect)

    def _collect(self) -> None:
        self._told = False  # before the look: who is done from now on says so again
        while self._done:
            turn = self._done.popleft()
            self._free += 1
            self._others += turn.kind > Kind.READ
            self._running[turn.kind] -= 1
            if not turn.ended.done():
                turn.ended.set_result(None)
        self._next()

    def _next(self) -> None:
        """Free threads take the most important who wait; a kind that had none for a while goes first with one."""
        now = monotonic()
        for kind in self._waiting:
            if self._stands(kind, now) and self._trickle.is_due(kind, now):
                self._serve_some(kind, now, most=1)
        for kind in self._waiting:
            self._serve_some(kind, now)

    def _serve_some(self, kind: Kind, now: float, most: int | None = None) -> None:
        queue, served = self._waiting[kind], 0
        while queue and served != most and self._has_thread_for(kind) and not self._pauses(kind, now):
            turn = queue.pop() if self._stands(kind, now) else queue.popleft()
            waited = now - turn.since
            if waited > self._terms[kind].patience_seconds:
                self._give_up(turn)
            elif not turn.ended.done():
                self._hand_over(turn, waited)
                served += 1
                if kind is Kind.UPLOAD:
                    self._uploads_from = now + UPLOAD_PAUSE_SECONDS
                    self._loop.call_later(UPLOAD_PAUSE_SECONDS, self._next)

    def _pauses(self, kind: Kind, now: float) -> bool:
        """A crowd's photos, taken in as fast as they come, would wait for their developing instead."""
        return kind is Kind.UPLOAD and now < self._uploads_from

    def _give_up(self, turn: Turn) -> None:
        self._turned_away(turn.kind, "late")
        if not turn.ended.done():
            turn.ended.set_exception(Crowded(retry_after_seconds=5))

    def _turned_away(self, kind: Kind, why: str) -> None:
        metrics.count("turned_away_total", kind=kind.name.lower(), why=why)

    def _look(self, due: float) -> None:
        """Twice a second: who has waited for too long, and how long everybody waits."""
        now = monotonic()
        for kind, queue in self._waiting.items():
            while queue and now - queue[0].since > self._terms[kind].patience_seconds:
                self._give_up(queue.popleft())
        self._measure(now, late=self._loop.time() - due)
        self._loop.call_later(pressure.LOOK_SECONDS, self._look, self._loop.time() + pressure.LOOK_SECONDS)

    def _measure(self, now: float, late: float) -> None:
        """`late`: how long this look itself had to wait for the interpreter, like everybody who arrives."""
        readers = self._waiting[Kind.READ]
        shortest = (
            self._shortest if self._shortest is not None else now - readers[0].since if readers else 0.0
        )
        self._lateness.append(late)
        before, level = self._pressure.level, self._pressure.look(max(shortest, min(self._lateness)), now)
        if level != before:
            load.set_level(level)
            log.warning("requests wait for %.2f s: load level %d, %s", shortest, level, level.name)
        self._lately.append((max(self._longest, late), level))
        metrics.worst("door_wait_seconds", max(self._lately)[0])
        metrics.worst("load_level_lately", float(max(level for _, level in self._lately)))
        metrics.share("door_waiting", sum(map(len, self._waiting.values())))
        metrics.share("door_threads_busy", len(self._threads) - self._free)
        self._shortest, self._longest = None, 0.0
