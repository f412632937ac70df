"""A time limit for work that is a kindness, not a duty: the request's own attempt at mirroring.

Set for a thread, it shortens the wait for a connection and, inside each transaction, the time a statement
and a lock may take.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

_local = threading.local()


@contextmanager
def on(milliseconds: int) -> Iterator[None]:
    """Everything this thread does on shards inside the block is to be quick."""
    _local.ends = time.monotonic() + milliseconds / 1000
    try:
        yield
    finally:
        _local.ends = None


def active() -> bool:
    return getattr(_local, "ends", None) is not None


def over() -> bool:
    """Whether the time is used up."""
    return active() and _left() <= 0


def seconds() -> float | None:
    """How long to wait for a connection; None: as long as usual."""
    return max(0.005, _left()) if active() else None


def statement() -> bytes:
    """SQL that puts what is left of the limit on the transaction it is sent in."""
    milliseconds = max(5, int(_left() * 1000))
    return b"SET LOCAL statement_timeout = %d; SET LOCAL lock_timeout = %d" % (milliseconds, milliseconds)


def _left() -> float:
    ends: float = _local.ends
    return ends - time.monotonic()
