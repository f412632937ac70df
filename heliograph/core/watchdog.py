"""Writes down where a request or a job is stuck, while it is stuck: the stack of its thread, once, in the log.

    about = watchdog.begin("request", describe)
    …
    watchdog.end(about)

One thread a process, started by the first `begin` after a fork, looks twice a second at what is under way. What has
been at it for longer than the knob of its kind says (`slow_request_ms`, `slow_job_ms`) is told once; more than MOST of
them a minute are only counted (`slow_total`). The work itself pays two writes into a dict (docs/benchmarks.md).

The same beat serves whoever measures something now and then: `every_beat(tell)`.

Source: "What Powers Instagram", 2011: dogslow, which prints the stack of any request that takes over 1.5 s.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal, TypeAlias

from heliograph.core import environment, metrics, redaction

log = logging.getLogger(__name__)

Kind: TypeAlias = Literal["request", "job"]

MOST = 10  # stacks a minute and process; one that hangs with everything else tells as much as a hundred
_BEAT_SECONDS = 0.5
_FRAMES = 30  # the innermost of a stack; what is left out is the server's and Django's


class UnderWay:
    """One piece of work. `describe` is called when it turns out to be slow, from another thread."""

    __slots__ = ("describe", "kind", "since", "thread")

    def __init__(self, kind: Kind, describe: Callable[[], str]) -> None:
        self.kind = kind
        self.describe = describe
        self.thread = threading.get_ident()
        self.since: float | None = time.monotonic()  # None: told already, or nobody's fault


_under_way: dict[int, UnderWay] = {}  # by thread; written by each thread for itself
_tellers: list[Callable[[], None]] = []
_thread: threading.Thread | None = None
_lock = threading.Lock()


def begin(kind: Kind, describe: Callable[[], str]) -> UnderWay | None:
    """This thread begins; returns what it was at until then, for `end`."""
    if _thread is None:
        _start()
    work = UnderWay(kind, describe)
    before = _under_way.get(work.thread)
    _under_way[work.thread] = work
    return before


def end(before: UnderWay | None) -> None:
    """This thread has done it, and goes on with what it was at before."""
    if before is None:
        _under_way.pop(threading.get_ident(), None)
    else:
        _under_way[before.thread] = before


@contextmanager
def waiting() -> Iterator[None]:
    """While a slow line sends us a photo nobody is stuck; the clock begins anew afterwards."""
    work = _under_way.get(threading.get_ident())
    if work is None or work.since is None:
        yield
        return
    work.since = None
    try:
        yield
    finally:
        work.since = time.monotonic()


def every_beat(tell: Callable[[], None]) -> None:
    """Call this twice a second from now on, in a thread of its own. What it raises is logged; it must be quick."""
    if tell not in _tellers:
        _tellers.append(tell)
    if _thread is None:
        _start()


def _start() -> None:
    global _thread
    with _lock:
        if _thread is None:
            _thread = threading.Thread(target=_watch, name="watchdog", daemon=True)
            _thread.start()


def _forget_parent() -> None:
    """After a fork: the parent's thread is not here, nor is what it was at."""
    global _thread, _lock
    _thread, _lock = None, threading.Lock()
    _under_way.clear()


os.register_at_fork(after_in_child=_forget_parent)


def _watch() -> None:
    told: list[float] = []  # when, of the last minute
    while True:
        time.sleep(_pause())
        try:
            _look(told)
        except Exception:
            log.exception("the watchdog stumbled")
        for tell in _tellers[:]:
            try:
                tell()
            except Exception:
                log.exception("%s failed", tell.__qualname__)


def _pause() -> float:
    shortest = min((limit for limit in _limits().values() if limit), default=_BEAT_SECONDS)
    return min(_BEAT_SECONDS, max(0.02, shortest / 3))


def _limits() -> dict[Kind, float]:
    env = environment.get()
    return {"request": env.slow_request_ms / 1000, "job": env.slow_job_ms / 1000}


def _look(told: list[float]) -> None:
    limits, now = _limits(), time.monotonic()
    for work in list(_under_way.values()):
        since, limit = work.since, limits[work.kind]
        if since is None or not limit or now - since < limit:
            continue
        work.since = None
        metrics.count("slow_total", kind=work.kind)
        told[:] = [at for at in told if at > now - 60]
        if len(told) < MOST:
            told.append(now)
            _tell(work, now - since)


def _tell(work: UnderWay, seconds: float) -> None:
    frame = sys._current_frames().get(work.thread)
    if frame is None or _under_way.get(work.thread) is not work:  # it has just ended
        return
    stack = "".join(traceback.format_list(traceback.extract_stack(frame)[-_FRAMES:]))
    words = redaction.clean(
        f"{work.describe()} has been at it for {seconds:.1f} s, and is here now:\n{stack}"
    )
    log.warning("%s %s", work.kind, words.rstrip())
