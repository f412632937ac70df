"""What this process leaves out while more is asked of it than it can do: a level, from everything to what matters most.

    if load.leaves_out(Level.SHORT, "long feeds"): wanted = min(wanted, 8)

The front door measures how long requests wait for a thread and sets the level (gate/pressure.py); behind another WSGI
server nobody does, and nothing is ever left out. Reading and signing in come last: they are only made cheaper.

Source: "What Powers Instagram", 2011, and the talks after it: know where to shed load, shorter feeds before errors.
"""

from __future__ import annotations

from enum import IntEnum

from heliograph.core import metrics


class Level(IntEnum):
    """Each leaves out what the ones before it do, and more."""

    ALL = 0
    SHORT = 1  # feeds are shorter
    PLAIN = 2  # without who likes it, and without numbers that would have to be asked for
    KEPT = 3  # guests get pages that are a few seconds old
    PUT_OFF = 4  # what can wait is told to come back


_level = Level.ALL


def level() -> Level:
    return _level


def set_level(now: Level) -> None:
    """For the door, and for tests."""
    global _level
    _level = now
    metrics.worst("load_level", float(now))


def leaves_out(from_level: Level, what: str) -> bool:
    """Whether to do without this now; counted by `what`, a word or two that never vary."""
    if _level < from_level:
        return False
    metrics.count("left_out_total", what=what)
    return True
