"""What a PostgreSQL server notes about itself (`postmaster.pid`), and what of it is still true after it was killed.

Line 1 is its process, line 2 its data directory, line 7 the key and the number of its shared memory, line 8 how far it
has come.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

_NOTE = "postmaster.pid"
_DYING_SECONDS = 10.0  # at most, that the last processes of a killed server are waited for
_SEGMENTS = Path(
    "/proc/sysvipc/shm"
)  # of Linux: key, number, permissions, size, two processes, how many use it …


def is_ready(data_dir: Path) -> bool:
    """Whether a server of this data directory accepts connections."""
    lines = _lines(data_dir)
    return len(lines) >= 8 and lines[7].strip() == "ready" and _is_server(int(lines[0]), data_dir)


def is_running(data_dir: Path) -> bool:
    """Whether a server process of this data directory is alive."""
    try:
        return _is_server(int(_lines(data_dir)[0]), data_dir)
    except (IndexError, ValueError):
        return False


def wait_for_the_last(data_dir: Path) -> None:
    """Of a server that was killed, some processes may be dying yet: while one of them holds its memory, PostgreSQL
    refuses to start."""
    deadline = time.monotonic() + _DYING_SECONDS
    while _memory_is_held(data_dir) and not is_running(data_dir) and time.monotonic() < deadline:
        time.sleep(0.05)


def forget_reused_number(data_dir: Path, *locks: Path) -> None:
    """Remove the note, and these locks of the same form, where they name a process that is no server.

    After a power cut the number may be another process's, even one of ours, or that of a process which is dead and
    not yet buried: PostgreSQL would take it for a server. A number that is nobody's is left to PostgreSQL, whose own
    checks are better.
    """
    for note in (data_dir / _NOTE, *locks):
        try:
            number, folder, *_ = note.read_text().splitlines()
            pid = int(number)
        except (OSError, ValueError):
            continue
        if folder == str(data_dir) and _alive(pid) and not _is_server(pid, data_dir):
            note.unlink(missing_ok=True)


def _lines(data_dir: Path) -> list[str]:
    try:
        return (data_dir / _NOTE).read_text().splitlines()
    except OSError:
        return []


def _memory_is_held(data_dir: Path) -> bool:
    """Whether a process uses the shared memory that the last server has noted. Linux tells; elsewhere False."""
    try:
        noted = [int(word) for word in _lines(data_dir)[6].split()]
        segments = [line.split() for line in _SEGMENTS.read_text().splitlines()[1:]]
    except (OSError, ValueError, IndexError):
        return False
    # After a restart of the machine the number alone may be another program's. The kernel tells keys with a sign.
    held = [[int(it[0]) % 2**32, int(it[1])] for it in segments if it[6] != "0"]
    return noted in held


def _is_server(pid: int, data_dir: Path) -> bool:
    """Whether this process is a server of this data directory, not another that got its number."""
    if not _alive(pid):
        return False
    try:
        return os.fsencode(data_dir) in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return not Path("/proc/self").exists()  # no /proc to ask; or it has just ended


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
