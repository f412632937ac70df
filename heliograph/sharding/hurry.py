"""A time limit for work that is a kindness, not a duty: the request's own attempt at mirroring.

Set for a thread, it shortens the wait for a connection and, inside each transaction, the time a statement
and a lock may take.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

_local = threading.local()


@contextmanager
def on(milliseconds: int) -> Iterator[None]:
    """Everything this thread does on shards inside the block is to be quick."""
    _local.milliseconds = milliseconds
    try:
        yield
    finally:
        _local.milliseconds = None


def active() -> bool:
    return getattr(_local, "milliseconds", None) is not None


def seconds() -> float | None:
    """How long to wait for a connection; None: as long as usual."""
    milliseconds: int | None = getattr(_local, "milliseconds", None)
    return None if milliseconds is None else milliseconds / 1000


def statement() -> bytes:
    """SQL that puts the limit on the transaction it is sent in."""
    return b"SET LOCAL statement_timeout = %d; SET LOCAL lock_timeout = %d" % (
        _local.milliseconds,
        _local.milliseconds,
    )
