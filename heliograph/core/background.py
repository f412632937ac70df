"""Stepping back: what nobody waits for at this moment lets everybody else go first, until it is late.

`nice` is not enough. Where the kernel makes a group of each session (autogroup, as Debian's and Ubuntu's do unless a
control group shares the processor out), a niceness counts within its session only: a decoder with niceness 19 in a
session of its own gets as much as the web process, and a feed waits for it. So whoever leads a session says it for its
group. And unlike a process a group may come forward again without privileges.
"""

from __future__ import annotations

import os
from pathlib import Path

#: A tenth of the weight of those who answer.
NICENESS = 10

_GROUP = Path("/proc/self/autogroup")  # of Linux


class Place:
    """Where our group stands: behind those who answer people; beside them while its work is late, since what was
    promised would otherwise come later and later while all cores are full."""

    def __init__(self) -> None:
        self._niceness = 0

    def take(self, *, late: bool) -> None:
        """Stand there from now on. Cheap when nothing changes; what could not be said is said the next time."""
        wanted = 0 if late else NICENESS
        if wanted != self._niceness and step_group(wanted):
            self._niceness = wanted


def bring_forward(pid: int) -> bool:
    """Put the group of another process of ours beside those who answer; whether it was done: try again if not."""
    try:
        Path(f"/proc/{pid}/autogroup").write_text("0")
    except OSError:
        return False
    return True


def step_group(niceness: int) -> bool:
    """Whether it was done. Not when somebody else leads our session (a terminal, perhaps), where there are no groups,
    nor twice within a tenth of a second on one machine: the kernel refuses."""
    if os.getsid(0) != os.getpid():
        return False
    try:
        _GROUP.write_text(str(niceness))
    except OSError:
        return False
    return True
