"""What a child gives up before it sees its first photo. Nothing of it can be undone.

    from its first moment   it dies with the broker; no privileges, no new ones; limits of memory, files, dumps;
                            Landlock, first layer: writing no file, no TCP, no signal to others; reading is left
    after warming up        Landlock, second layer: no file at all; then the list of system calls (`calls.py`)

Why Landlock twice: a layer does not hold for threads that are there already (before its version 8), and those that the
warm-up leaves behind should have one, too. Why both kinds: each is a wall of its own. A hole in the list of calls meets
Landlock, which knows what a call is about; on a kernel without Landlock the list alone lets no file be opened.

Time is the broker's wall (`limit_photo`, and its clock): what a child sets for itself, a child can change.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
from pathlib import Path

from heliograph.media.cage import calls, landlock

MEMORY_BYTES = 1536 * 1024 * 1024  # measured need: 415 MB for a JPEG of 48 MP
FILE_BYTES = 64 * 1024 * 1024  # of the pictures that one photo gives
OPEN_FILES = 64
CPU_SECONDS = 12  # of one photo

_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS, _PR_GET_SECCOMP = 1, 38, 21
_M_ARENA_MAX = -8
_CAPABILITIES_3 = 0x20080522
_READ_ANYTHING = 1 << 2  # CAP_DAC_READ_SEARCH
_NO_SECCOMP = "Photos are decoded without a filter of system calls: "
_NO_LANDLOCK = (
    "Photos are decoded without Landlock, the second of two walls: this kernel has none, or it is off."
)


def leave_with_parent(parent: int) -> None:
    """Die when the broker dies. The broker has one thread: the signal follows a thread, not a process."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        raise SystemExit(0)


def begin() -> None:
    """What can be given up before the warm-up, while there is only one thread."""
    with contextlib.suppress(*_ABSENT):
        calls.library()  # finding it runs a program
    _one_heap()
    limit()
    # Root's power to read is still needed: what is to be loaded may lie in somebody else's home.
    _keep_capabilities(_READ_ANYTHING)
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    with contextlib.suppress(OSError):
        landlock.shut(reading=True)


def close_in() -> list[str]:
    """Give up privileges and files for good; return what could not be given up, as sentences."""
    limit()
    _keep_capabilities(0)
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    return _lacks_seccomp() + _shut_files()


def only_needed_calls(*, threads: bool = False) -> int | None:
    """The last wall: from here on the list of system calls holds. `threads`: new ones may still be made.

    Returns the listener of the filter, for the broker: until it listens, whoever asks for more than the list waits.
    None where nobody can listen (before Linux 5.7 and libseccomp 2.5), or there is no filter at all.
    """
    if _lacks_seccomp():
        return None
    try:
        return calls.load(calls.program(watched=True, threads=threads), watched=True)
    except OSError:
        return calls.load(calls.program(watched=False, threads=threads), watched=False)


def limit() -> None:
    """Memory, files and core dumps."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_BYTES, FILE_BYTES))
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, OPEN_FILES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def limit_photo(child: int) -> float:
    """Processor time for the photo that this child gets now, beyond which the kernel ends it; its sum in seconds.

    Set by the broker: the child can neither raise nor refuse it. (It might ignore the signal: the broker looks, too.)
    """
    most = used_seconds(child) + 1 + CPU_SECONDS
    with contextlib.suppress(OSError, ValueError):  # it has died: whoever writes to it will notice
        _, hard = resource.prlimit(child, resource.RLIMIT_CPU)
        resource.prlimit(child, resource.RLIMIT_CPU, (int(most), hard))
    return most


def used_seconds(child: int) -> float:
    """Processor time that a process has used; 0 if it is gone."""
    try:
        fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def protection() -> list[str]:
    """What the cage lacks on this machine, as sentences for people; empty when it has all its walls."""
    return _lacks_seccomp() + ([] if landlock.version() else [_NO_LANDLOCK])


_ABSENT = (ImportError, OSError, RuntimeError, AttributeError)


def _lacks_seccomp() -> list[str]:
    try:
        calls.library()
    except _ABSENT as error:
        return [f"{_NO_SECCOMP}libseccomp is missing ({error})."]
    if _prctl(_PR_GET_SECCOMP) < 0:
        return [f"{_NO_SECCOMP}this kernel has no seccomp."]
    return []


def _shut_files() -> list[str]:
    try:
        return [] if landlock.shut() else [_NO_LANDLOCK]
    except OSError as error:
        return [f"{_NO_LANDLOCK} ({error})"]


def _one_heap() -> None:
    """No heap for each thread: before the C library makes such a one smaller, it looks into /proc how it may."""
    with contextlib.suppress(AttributeError):  # another C library, with other heaps
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)


class _Header(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


class _Set(ctypes.Structure):
    _fields_ = [
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inherited", ctypes.c_uint32),
    ]


def _keep_capabilities(keep: int) -> None:
    """Drop what root may do and others may not, but what is kept (of the first 32; none of the later ones)."""
    libc, header, sets = ctypes.CDLL(None), _Header(_CAPABILITIES_3, 0), (_Set * 2)()
    if libc.capget(ctypes.byref(header), ctypes.byref(sets)) == 0:
        kept = sets[0].permitted & keep
        sets[0], sets[1] = _Set(kept, kept, 0), _Set(0, 0, 0)
        libc.capset(ctypes.byref(header), ctypes.byref(sets))


def _prctl(option: int, value: int = 0) -> int:
    return int(ctypes.CDLL(None).prctl(option, value, 0, 0, 0))
