"""Ctrl-C before the supervisor can hear it: held back over the start of its program, and heard then. Standard library.

Python's own way with Ctrl-C is a traceback, from whatever module is just being imported.
"""

from __future__ import annotations

import signal

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def hold() -> None:
    """Keep them until `let_through`, also by the program that this process becomes."""
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)


def let_through() -> None:
    """From now on they come; one that was kept comes now."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)
