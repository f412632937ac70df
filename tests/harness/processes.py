"""What the kernel says of a process."""

from __future__ import annotations

from pathlib import Path


def alive(pid: str | int) -> bool:
    """Whether it runs, or could. Not when it ended and nobody asked how: whoever inherits orphans may be slow to
    ask, or never do so (a PID 1 that is no init)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
