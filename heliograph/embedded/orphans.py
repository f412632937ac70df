"""No process outlives the local stack: not a grandchild that left its group, not the rest of a killed run.

On Linux we become the subreaper, so whoever loses its parent becomes our child; and the processes of a run are
noted with their start times, so that the next run recognises (and ends) them and nobody else.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36
_PATIENCE_SECONDS = 1.0
_OURS = Path(f"/proc/self/task/{os.getpid()}/children")


def become_their_parent() -> None:
    """Adopt, from now on, every descendant whose parent ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def end_adopted(known: Mapping[str, int]) -> None:
    """End whoever became our child because its parent ended; our own (`known`) are asked after elsewhere.

    PostgreSQL's processes lead sessions of their own, so the end of a group does not reach them; and while one
    of a killed server's is alive, a new server may not start.
    """
    for pid in _children():
        if pid not in known.values():
            _kill(pid)
            _forget_if_ended(pid)


def end_all_of_ours() -> None:
    """End every child that is left, and theirs as they become ours."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while (left := _children()) and time.monotonic() < deadline:
        for pid in left:
            _kill(pid)
        time.sleep(0.02)
        for pid in left:
            _forget_if_ended(pid)


def record(file: Path, pids: Mapping[str, int]) -> None:
    """Note the leaders of our groups."""
    told = {name: [pid, _start_time(pid)] for name, pid in pids.items()}
    fresh = file.with_name(file.name + ".new")
    fresh.write_text(json.dumps(told))
    fresh.replace(file)


def end_recorded(file: Path) -> list[str]:
    """End the groups that an earlier run noted, if they are still those; return their names."""
    try:
        told = json.loads(file.read_text())
    except (OSError, ValueError):
        return []
    file.unlink(missing_ok=True)
    left = {name: pid for name, (pid, began) in told.items() if began and _start_time(pid) == began}
    # A database is asked to stop and given a moment: that is quicker than its recovery.
    for name, pid in left.items():
        _signal_group(pid, signal.SIGINT if name == "postgres" else signal.SIGTERM)
    deadline = time.monotonic() + 3 * _PATIENCE_SECONDS
    while any(_start_time(pid) for pid in left.values()) and time.monotonic() < deadline:
        time.sleep(0.05)
    for pid in left.values():
        _signal_group(pid, signal.SIGKILL)
    return sorted(left)


def _children() -> list[int]:
    """Our children, also the adopted ones; empty where there is no /proc."""
    try:  # one small file, where the kernel has it: this is asked ten times a second
        return [int(pid) for pid in _OURS.read_text().split()]
    except OSError:
        pass
    mine = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        fields = _stat(entry)
        if fields and int(fields[1]) == os.getpid():
            mine.append(int(entry.parent.name))
    return mine


def _start_time(pid: int) -> int:
    """When a process began, in the kernel's ticks; 0 when there is no such process, or a zombie only."""
    fields = _stat(Path(f"/proc/{pid}/stat"))
    return int(fields[19]) if fields and fields[0] != "Z" else 0


def _stat(file: Path) -> list[str]:
    """The fields of /proc/N/stat from the third (the state) on."""
    try:
        return file.read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def _signal_group(pid: int, number: int) -> None:
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):
        pass


def _forget_if_ended(pid: int) -> None:
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        pass
