"""The whole local stack as people run it, its processes by name, and the ways to hurt it."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from heliograph.embedded import places

CLONE = Path(__file__).resolve().parents[2]
T = TypeVar("T")

#: No limit is to hide a fault, and a sweep is to come while a test can wait for it.
_KNOBS = {
    "HELIOGRAPH_SIGN_UPS_PER_HOUR": "1000000",
    "HELIOGRAPH_POSTS_PER_HOUR": "1000000",
    "HELIOGRAPH_WRITES_PER_HOUR": "1000000",
    "HELIOGRAPH_API_PER_HOUR": "1000000",
    "HELIOGRAPH_JOB_SWEEP_SECONDS": "3",
    "HELIOGRAPH_JOB_STALLED_SECONDS": "12",
}
_COMMANDS = {
    "web": " granian ",
    "worker": " heliograph.ops.command worker",
    "cage": " heliograph.media.cage ",
    "valkey": "/valkey.conf",
    "postgres": "/postgres -D ",
    "metrics": " heliograph.ops.command metrics",
}


class Stack:
    """bin/up on a data directory of its own."""

    def __init__(self) -> None:
        self.folder = places.temporary("hg-faults-")
        self.data = self.folder / "data"
        self.port = _two_free_ports()
        self.log = (self.folder / "log").open("w+")
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> float:
        """Start it; how many seconds it took until it said that it is ready."""
        at = self.log.seek(0, os.SEEK_END)
        # Root may not run it; bin/up then copies the code to where the service account reaches it.
        first = (
            [str(CLONE / "bin" / "up")]
            if os.geteuid() == 0
            else [sys.executable, "-m", "heliograph.embedded.up"]
        )
        began = time.monotonic()
        variables = {name: value for name, value in os.environ.items() if not name.startswith("HELIOGRAPH_")}
        self.process = subprocess.Popen(
            [*first, "--port", str(self.port), "--data", str(self.data), "--shards", "4"],
            stdout=self.log,
            stderr=subprocess.STDOUT,
            cwd=CLONE,
            env={**variables, **_KNOBS},
        )
        until(lambda: self._is_ready(at), "the stack is ready", seconds=90)
        return time.monotonic() - began

    def _is_ready(self, at: int) -> bool:
        if self.process is None or self.process.poll() is not None:
            raise AssertionError(f"the stack has ended:\n{self.said()[at:]}")
        return "heliograph is ready at" in self.said()[at:]

    def said(self) -> str:
        return Path(self.log.name).read_text(errors="replace")

    def stop(self, number: int = signal.SIGINT) -> float:
        """Stop it as a person does; how many seconds it took."""
        assert self.process is not None
        began = time.monotonic()
        self.process.send_signal(number)
        assert self.process.wait(15) == 0, self.said()[-3000:]
        return time.monotonic() - began

    def remove(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.close()
        if not os.environ.get("HELIOGRAPH_TEST_KEEP"):
            shutil.rmtree(self.folder, ignore_errors=True)

    def pid(self, name: str) -> int | None:
        """The process of a part; `web worker` and `cage child` are children of parts."""
        assert self.process is not None
        if name == "web worker":
            return _first(children(self.pid("web")))
        if name == "cage child":
            return _first(children(self.pid("cage")))
        return _first(pid for pid in children(self.process.pid) if _COMMANDS[name] in command_of(pid))

    def pids(self) -> list[int]:
        """Everybody."""
        assert self.process is not None
        found = [self.process.pid]
        for pid in found:
            found += children(pid)
        return found

    def kill(self, name: str) -> bool:
        """kill -9; False when there is no such process at this moment."""
        pid = self.pid(name)
        if pid is None:
            return False
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return False
        return True

    def ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=5) as answer:
                return bool(json.load(answer)["ok"])
        except (OSError, urllib.error.URLError, ValueError):
            return False

    def wait_until_ready(self) -> None:
        """Ready, and still ready after a while: who served a moment ago may be about to end with its group."""

        def still_ready() -> bool:
            if not self.ready():
                return False
            time.sleep(0.5)
            return self.ready()

        until(still_ready, "everything answers again", seconds=40)

    def heliograph(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The `heliograph` command, speaking to this network."""
        assert self.process is not None
        python = command_of(self.process.pid).split()[0]  # as root: one that the service account can run
        command = [python, "-m", "heliograph.ops.command", "--data", str(self.data), *arguments]
        return subprocess.run(command, capture_output=True, text=True, cwd="/", check=False)

    def valkey(self, *words: str) -> str:
        """One command to its Valkey."""
        from heliograph.embedded.valkey import Valkey

        answer = Valkey(self.data / "valkey", run_dir=self.data / "run").ask(*words)
        return answer or ""

    def empty_valkey_and_kill_it(self) -> None:
        """It comes back without its data: its files go first, for it is started again at once."""
        shutil.rmtree(self.data / "valkey" / "appendonlydir")
        self.kill("valkey")


class Load:
    """The people, in a process of their own, and their ledger."""

    def __init__(self, stack: Stack, seed: int) -> None:
        self.path = stack.folder / f"ledger-{seed}"
        command = [sys.executable, "-m", "tests.faults.load", str(stack.port), str(self.path), str(seed)]
        self.process = subprocess.Popen(command, cwd=CLONE)

    def lines(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.path.read_text().splitlines()] if self.path.exists() else []

    def wait_for(self, deed: str, count: int) -> None:
        until(lambda: self._done(deed) >= count, f"{count} times {deed}", seconds=60)

    def wait_for_more(self) -> None:
        """Until one more promise was made."""
        before = self._done()
        until(lambda: self._done() > before, "somebody gets something done", seconds=60)

    def _done(self, deed: str = "") -> int:
        return sum(line["line"] == "done" and (not deed or line["deed"] == deed) for line in self.lines())

    def stop(self) -> None:
        assert self.process.poll() is None, "the people have gone"
        self.process.terminate()
        assert self.process.wait(40) == 0


def pause(chance: random.Random, least: float, most: float) -> None:
    """Wait for a random moment: what is interrupted is to be another thing every time."""
    time.sleep(chance.uniform(least, most))


def until(ask: Callable[[], T], what: str, *, seconds: float) -> T:
    deadline = time.monotonic() + seconds
    while True:
        answer = ask()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"not in {seconds} s: {what}"
        time.sleep(0.05)


def children(parent: int | None) -> list[int]:
    """The living children of a process."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if parent is not None and int(fields[1]) == parent and fields[0] != "Z":
            found.append(int(stat.parent.name))
    return sorted(found)


def command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""


def socket_inodes(pid: int) -> set[str]:
    """The sockets that a process holds."""
    found = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        try:
            inode = re.fullmatch(r"socket:\[(\d+)\]", os.readlink(link))
        except OSError:
            continue
        if inode:
            found.add(inode[1])
    return found


def _first(pids: object) -> int | None:
    return next(iter(pids), None)  # type: ignore[call-overload]


def _two_free_ports() -> int:
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port: int = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + 1))
                return port
            except (OSError, OverflowError):
                continue
