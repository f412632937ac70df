"""The whole local stack as people run it, its processes by name, and the ways to hurt it."""

from __future__ import annotations

import http.client
import json
import math
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
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypeVar

from heliograph.embedded import places
from tests.faults.load import DEEDS

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

    def __init__(self, launcher: Sequence[str] = ()) -> None:
        """`launcher`: what starts it instead of bin/up, as an ordinary user."""
        self.folder = places.temporary("hg-faults-")
        self.data = self.folder / "data"
        self.port = two_free_ports()
        self.log = (self.folder / "log").open("w+")
        self.process: subprocess.Popen[bytes] | None = None
        self.launcher = launcher

    def start(self) -> float:
        """Start it; how many seconds it took until it said that it is ready."""
        at = self.log.seek(0, os.SEEK_END)
        began = time.monotonic()
        self.begin()
        # As root, the first start of new code makes a copy of it.
        until(lambda: self._is_ready(at), "the stack is ready", seconds=90 if os.geteuid() else 300)
        return time.monotonic() - began

    def begin(self) -> None:
        """Start it, and wait for nothing."""
        self.process = self.another(self.port, self.log)

    def another(self, port: int, output: IO[Any] | int) -> subprocess.Popen[bytes]:
        """A supervisor for this data directory."""
        # Root may not run it; bin/up then copies the code to where the service account reaches it.
        first = self.launcher or (
            [str(CLONE / "bin" / "up")]
            if os.geteuid() == 0
            else [sys.executable, "-m", "heliograph.embedded.up"]
        )
        variables = {name: value for name, value in os.environ.items() if not name.startswith("HELIOGRAPH_")}
        return subprocess.Popen(
            [*first, "--port", str(port), "--data", str(self.data), "--shards", "4"],
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=CLONE,
            env={**variables, **_KNOBS},
        )

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
        """The process of a part; `web worker`, `other web worker` and `cage child` are children of parts,
        and `hashing` is a web worker's."""
        assert self.process is not None
        if name == "supervisor":
            return self.process.pid
        if name == "web worker":
            return _first(children(self.pid("web")))
        if name == "other web worker":
            return _first(children(self.pid("web"))[1:])
        if name == "hashing":
            return _first(pid for web in children(self.pid("web")) for pid in children(web))
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

    def kill(self, name: str, number: int = signal.SIGKILL) -> bool:
        """kill -9, or another signal; False when there is no such process at this moment."""
        pid = self.pid(name)
        if pid is None:
            return False
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return False
        return True

    def kill_everything(self, chance: random.Random) -> None:
        """SIGKILL for every process at once, as far as that can be had, until nobody is left."""
        assert self.process is not None
        everybody = self.pids()
        chance.shuffle(everybody)
        for pid in everybody:
            _signal(pid, signal.SIGKILL)
        # Who was forked meanwhile has lost its parent and is found by what it runs on.
        until(lambda: not self._left(), "everything has ended", seconds=10)
        self.process.wait()

    def _left(self) -> list[int]:
        needle = str(self.data)
        left = [pid for pid in all_pids() if needle in command_of(pid) or needle in environment_of(pid)]
        for pid in left:
            _signal(pid, signal.SIGKILL)
        return left

    @contextmanager
    def stopped(self, *names: str) -> Iterator[None]:
        """SIGSTOP for parts and all they have started (but for the supervisor: for it alone), then SIGCONT."""
        held: list[int] = []
        for name in names:
            pid = until(lambda name=name: self.pid(name), f"there is a {name}", seconds=30)  # type: ignore[misc]
            held += [pid] if name == "supervisor" else family(pid)
        for pid in held:
            _signal(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in held:
                _signal(pid, signal.SIGCONT)

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

    def ask(self, path: str, *, seconds: float = 15, token: str = "") -> Answered:
        """GET from outside; what came back and how long it took. Status 0: nothing came back in time."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers=headers)
        began = time.monotonic()
        try:
            with urllib.request.urlopen(request, timeout=seconds) as answer:
                status, body = int(answer.status), answer.read()
        except urllib.error.HTTPError as error:
            status, body = error.code, error.read()
        except (OSError, urllib.error.URLError, http.client.HTTPException):
            status, body = 0, b""
        return Answered(status, body.decode(errors="replace"), time.monotonic() - began)

    def lose_the_last_second_of_valkey(self) -> None:
        """It is killed, and what it wrote down in its last second is gone: what a power cut does to it."""
        folder = self.data / "valkey" / "appendonlydir"
        (file,) = folder.glob("*.incr.aof")
        size = file.stat().st_size
        time.sleep(1)
        with self.stopped("valkey"):
            os.truncate(file, size)
            self.kill("valkey")

    def empty_valkey_and_kill_it(self) -> None:
        """It comes back without its data: its files go first, for it is started again at once."""
        shutil.rmtree(self.data / "valkey" / "appendonlydir")
        self.kill("valkey")


def as_user(stack: Stack) -> list[str]:
    """How an ordinary user runs the Python that this network runs on."""
    if os.geteuid() != 0:
        return [sys.executable]
    Stack.start(stack)  # by bin/up, which makes what an ordinary user can run
    assert stack.process is not None
    python = command_of(stack.process.pid).split()[0]
    status = Path(f"/proc/{stack.process.pid}").stat()
    stack.stop()
    return ["setpriv", f"--reuid={status.st_uid}", f"--regid={status.st_gid}", "--clear-groups", python]


@dataclass(frozen=True)
class Answered:
    """What came back from a look from outside."""

    status: int
    body: str
    seconds: float


class Load:
    """The people, in a process of their own, and their ledger."""

    def __init__(self, stack: Stack, seed: int) -> None:
        self.path = stack.folder / f"ledger-{seed}"
        command = [sys.executable, "-m", "tests.faults.load", str(stack.port), str(self.path), str(seed)]
        self.process = subprocess.Popen(command, cwd=CLONE)
        self._lines: list[dict[str, Any]] = []
        self._offset = 0

    def lines(self) -> list[dict[str, Any]]:
        """The ledger as it is now."""
        if self.path.exists():
            with self.path.open("rb") as file:
                file.seek(self._offset)
                whole = file.read().rpartition(b"\n")[0]
            if whole:
                self._offset += len(whole) + 1
                self._lines += [json.loads(line) for line in whole.split(b"\n")]
        return self._lines

    def done(self, *, since: float = 0, before: float = math.inf, begun: float = 0) -> Counter[str]:
        """How many promises of each kind were made between two moments, asked for after a third."""
        found: Counter[str] = Counter()
        for line in reversed(self.lines()):
            if line["at"] < since:
                break
            if line["line"] == "done" and line["at"] < before and line["began"] >= begun:
                found[line["deed"]] += 1
        return found

    def wait_for(self, deed: str, count: int) -> None:
        until(lambda: self.done()[deed] >= count, f"{count} times {deed}", seconds=60)

    def wait_for_more(self) -> None:
        """Until one more promise was made."""
        now = time.monotonic()
        until(lambda: self.done(since=now), "somebody gets something done", seconds=60)

    def wait_for_all(self, since: float, seconds: float) -> dict[str, float]:
        """Until each deed that was begun after a moment was promised; how many seconds after it the first was."""
        until(lambda: self._firsts(since).keys() >= set(DEEDS), "every deed succeeds again", seconds=seconds)
        return {deed: at - since for deed, at in self._firsts(since).items()}

    def _firsts(self, since: float) -> dict[str, float]:
        found: dict[str, float] = {}
        for line in reversed(self.lines()):
            if line["at"] < since:
                break
            if line["line"] == "done" and line["began"] >= since:
                found[line["deed"]] = line["at"]
        return found

    def rest(self) -> None:
        """They finish what they are at; back when all do nothing."""
        self.process.send_signal(signal.SIGUSR1)
        until(lambda: self._told("rest"), "the people rest", seconds=60)

    def go_on(self) -> None:
        self.process.send_signal(signal.SIGUSR2)
        until(lambda: not self._told("rest"), "the people are at work", seconds=10)

    def _told(self, word: str) -> bool:
        said = next(
            (line["line"] for line in reversed(self.lines()) if line["line"] in ("rest", "work")), "work"
        )
        return bool(said == word)

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


def family(pid: int) -> list[int]:
    """A process and all that descend from it."""
    found = [pid]
    for one in found:
        found += children(one)
    return found


def all_pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").glob("[0-9]*")]


def command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""


def environment_of(pid: int) -> str:
    """Empty for a process of somebody else."""
    try:
        return Path(f"/proc/{pid}/environ").read_text(errors="replace")
    except OSError:
        return ""


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


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


def two_free_ports() -> int:
    """Below those that the kernel gives to whoever connects: a network that is down for a moment finds them free."""
    while True:
        port = random.SystemRandom().randrange(15_000, 32_000, 2)
        try:
            for one in (port, port + 1):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", one))
            return port
        except OSError:
            continue
