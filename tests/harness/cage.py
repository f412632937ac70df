"""A real cage for tests: a broker process of our own, and ways to hurt it.

The fixture `cage` gives one that lives as long as the session; `Cage(folder, …)` one with other limits.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from heliograph.core import environment
from heliograph.core.errors import Unavailable
from heliograph.media import cage_client

_ROOT = Path(__file__).resolve().parents[2]


class Cage:
    """A broker on a socket in `folder`; options as its command line takes them."""

    def __init__(self, folder: Path, **options: float) -> None:
        self.path = folder / "cage.sock"
        self.options = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._said = tempfile.TemporaryFile()  # noqa: SIM115
        self.process = subprocess.Popen(
            self.command(), cwd=_ROOT, start_new_session=True, stderr=self._said.fileno()
        )

    def command(self) -> list[str]:
        return [sys.executable, "-m", "heliograph.media.cage", f"--socket={self.path}", *self.options]

    def log(self) -> str:
        """What the broker and its children have said so far."""
        return os.pread(self._said.fileno(), 1 << 20, 0).decode()

    def use(self) -> None:
        """Let this process's clients ask this cage, once it answers."""
        os.environ["HELIOGRAPH_CAGE"] = str(self.path)
        environment.use(None)
        wait_until(self._answers, "the cage answers")

    def _answers(self) -> bool:
        try:
            cage_client.hello()
        except Unavailable:
            return False
        return True

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def children(self) -> list[int]:
        """The process ids of its decoders."""
        return children_of(self.pid)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(how)
        status = self.process.wait(10)
        if not self._said.closed:
            sys.stderr.write(self.log())
            self._said.close()
        return status


def children_of(pid: int) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid and fields[0] != "Z":
            found.append(int(path.parent.name))
    return sorted(found)


def wait_until(holds: Callable[[], bool], what: str, seconds: float = 10) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, f"in {seconds} s it did not happen that {what}"
        time.sleep(0.02)


@pytest.fixture(scope="session")
def _session_cage() -> Iterator[Cage]:
    with tempfile.TemporaryDirectory(prefix="hg-cage-") as folder:
        cage = Cage(Path(folder))
        cage.start()
        yield cage
        cage.stop()


@pytest.fixture
def cage(_session_cage: Cage) -> Cage:
    """A running cage, which this process's environment names; also later, when what waits is drained."""
    assert _session_cage.process is not None and _session_cage.process.poll() is None
    _session_cage.use()
    return _session_cage
