"""Workers without their first second: what a worker imports is imported once, and each is a fork of that.

`python -m tests.browser.workers` is the process they are forked from. It has opened no connection and started no
thread; for each line that it reads it makes a worker, which does what `heliograph worker` does, and says its number.
It ends when nobody can say anything more.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]


class Workers:
    """The process that they are forked from."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            cwd=_ROOT,
            env=dict(variables),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )

    def start(self) -> Worker:
        """One more worker."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(b"one more\n")
        self._process.stdin.flush()
        said = self._process.stdout.readline()
        assert said, "nobody makes workers any more"
        return Worker(int(said))

    def close(self) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()


class Worker:
    """One worker, as far as a `Popen` can be asked; it is somebody else's child."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._handle = os.pidfd_open(pid)

    def terminate(self) -> None:
        self._tell(signal.SIGTERM)

    def kill(self) -> None:
        self._tell(signal.SIGKILL)

    def wait(self, timeout: float | None = None) -> None:
        ended, _, _ = select.select([self._handle], [], [], timeout)
        if not ended:
            raise subprocess.TimeoutExpired(f"worker {self.pid}", timeout or 0)
        os.close(self._handle)

    def _tell(self, number: signal.Signals) -> None:
        try:
            signal.pidfd_send_signal(self._handle, number)
        except ProcessLookupError:
            pass


def _make() -> None:
    from heliograph.ops import command
    from heliograph.ops.commands import worker
    from heliograph.ops.ready import ready

    ready()
    import heliograph.flows.catalogue
    import heliograph.sharding.worker  # noqa: F401 - what `heliograph worker` would import now

    assert worker.command
    said = sys.stdout.buffer
    for _ in sys.stdin.buffer:
        pid = os.fork()
        if pid == 0:
            _become_a_worker(command)
        said.write(b"%d\n" % pid)
        said.flush()
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody here waits for them


def _become_a_worker(command: object) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    sys.argv = ["heliograph", "worker"]
    status = 1
    try:
        command.main()  # type: ignore[attr-defined]
    except SystemExit as end:
        status = int(end.code or 0)
    finally:
        os._exit(status)


if __name__ == "__main__":
    _make()
