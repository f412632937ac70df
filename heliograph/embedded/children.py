"""Starting a process that cannot outlive us, as the user it is meant for.

Every child leads a session of its own (so that its whole group can be ended, and the terminal's Ctrl-C
reaches only us), and the kernel signals it when we die, however we die (Linux; elsewhere the group kill
must do).
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from heliograph.embedded.account import Account

_PR_SET_PDEATHSIG = 1
_libc: Any = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def _dies_with(parent: int, when_we_die: int) -> Callable[[], None]:
    def arrange() -> None:
        # After setuid, which would forget it; and we may already be gone.
        if _libc is not None:
            _libc.prctl(_PR_SET_PDEATHSIG, when_we_die)
            if os.getppid() != parent:
                os._exit(1)

    return arrange


def start(
    command: Sequence[str | Path],
    *,
    account: Account | None = None,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    output: int | IO[Any] | None = None,
    when_we_die: int = signal.SIGTERM,
) -> subprocess.Popen[bytes]:
    """Start a command, its output (both streams) going to `output`. Call it from a thread that lives on."""
    switch: dict[str, Any] = {}
    if account is not None and os.geteuid() == 0 and account.uid != 0:
        switch = {"user": account.uid, "group": account.gid, "extra_groups": []}
    return subprocess.Popen(
        [os.fspath(part) for part in command],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT if output is not None else None,
        env=dict(environment) if environment is not None else None,
        cwd=folder,
        start_new_session=True,
        preexec_fn=_dies_with(os.getpid(), when_we_die),
        **switch,
    )


def signal_group(process: subprocess.Popen[bytes], number: int) -> None:
    """Signal a child and everything in its group; a group that is gone is fine."""
    try:
        os.killpg(process.pid, number)
    except (ProcessLookupError, PermissionError):
        pass
