"""A server of the tests that hangs: all its processes stand still; whoever asks hears nothing, no refusal either."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from heliograph.embedded.postgres import Postgres
from tests.faults.stack import children, command_of


@contextmanager
def frozen(server: Postgres) -> Iterator[None]:
    """Stopped for as long as the block lasts."""
    assert server.process is not None
    pids = [pid for pid in _family(server.process.pid) if "postgres" in command_of(pid)]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def _family(pid: int) -> Iterator[int]:
    yield pid
    for child in children(pid):
        yield from _family(child)
