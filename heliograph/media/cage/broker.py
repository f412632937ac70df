"""The broker: one thread, one loop, no photo ever touched.

Why one thread: a child dies with the *thread* that started it, and there is nothing to lock.
"""

from __future__ import annotations

import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from heliograph.media.cage import wire
from heliograph.media.errors import Busy, Unprocessable

_ROOT = str(Path(__file__).resolve().parents[3])
_BOOT = (
    "import sys; sys.path.insert(0, {root!r}); "
    "from heliograph.media.cage.child import main; main({fd}, {parent}, modern={modern})"
)
_URGENT = {"probe", "previews", "preview"}  # somebody is looking at the screen


@dataclass(frozen=True)
class Limits:
    children: int = field(default_factory=lambda: os.cpu_count() or 1)
    start_seconds: float = (
        60.0  # until a child is warm; a busy machine may need many for what takes half a one
    )
    photo_seconds: float = 15.0  # wall clock, from then on; then the child is killed
    idle_seconds: float = 60.0
    wait_seconds: float = 10.0  # in the queue; then the client is told that we are busy
    queue: int = 64
    photos_per_child: int = 200
    modern: bool = False  # HEIC and AVIF, too
    resident_bytes: int = 600 * 1024 * 1024  # a child that has grown so large is replaced
    stop_seconds: float = 5.0  # for what is being decoded when we are told to stop


@dataclass(eq=False)
class _Client:
    sock: socket.socket
    reader: wire.Reader


@dataclass(eq=False)
class _Job:
    client: _Client
    frame: bytes
    fds: list[int]
    until: float

    def close(self) -> None:
        for fd in self.fds:
            os.close(fd)
        self.fds = []


@dataclass(eq=False)
class _Child:
    process: subprocess.Popen[bytes]
    sock: socket.socket
    reader: wire.Reader
    since: float  # when it was started, became ready or idle, or got its job
    ready: bool = False  # warm, and behind its walls
    job: _Job | None = None
    photos: int = 0
    too_slow: bool = False


class Broker:
    """Runs until SIGTERM or SIGINT; then finishes what is being decoded and ends."""

    def __init__(self, listener: socket.socket, limits: Limits | None = None) -> None:
        self._listener = listener
        self._limits = limits or Limits()
        self._selector = selectors.DefaultSelector()
        self._children: list[_Child] = []
        self._urgent: deque[_Job] = deque()
        self._patient: deque[_Job] = deque()
        self._stop_at: float | None = None

    def run(self) -> None:
        self._listener.setblocking(False)
        self._selector.register(self._listener, selectors.EVENT_READ, self._accept)
        self._watch_signals()
        while not self._finished():
            for key, _ in self._selector.select(self._patience()):
                key.data()
            self._sweep()
            self._assign()
        for child in list(self._children):
            self._end(child)

    # Signals arrive as bytes on a socket, so that they wake the loop.

    def _watch_signals(self) -> None:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        theirs.setblocking(False)
        signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stop())
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self._selector.register(ours, selectors.EVENT_READ, lambda: ours.recv(4096))
        self._wakeup = theirs

    def _stop(self) -> None:
        self._stop_at = self._stop_at or time.monotonic() + self._limits.stop_seconds

    def _finished(self) -> bool:
        if self._stop_at is None:
            return False
        return time.monotonic() > self._stop_at or not any(child.job for child in self._children)

    def _patience(self) -> float:
        """Seconds until something must be done even if nobody says anything."""
        return 0.2 if any(child.job for child in self._children) or self._urgent or self._patient else 1.0

    # Clients

    def _accept(self) -> None:
        try:
            sock, _ = self._listener.accept()
        except OSError:
            return
        sock.settimeout(1.0)
        client = _Client(sock, wire.Reader(sock, takes_fds=True))
        self._selector.register(sock, selectors.EVENT_READ, lambda: self._hear(client))

    def _hear(self, client: _Client) -> None:
        try:
            read = client.reader.read()
            if read is not None:
                self._take(client, *read)
        except (EOFError, OSError, wire.Garbled, KeyError):
            self._forget(client)

    def _take(self, client: _Client, frame: bytes, fds: list[int]) -> None:
        job = _Job(client, frame, fds, time.monotonic() + self._limits.wait_seconds)
        op = wire.unpack(frame)["op"]
        if op == "hello":
            job.close()
            self._tell(client, self._state())
        elif self._stop_at is not None or len(self._urgent) + len(self._patient) >= self._limits.queue:
            job.close()
            self._tell(client, {"error": Busy.code, "why": "the queue is full, or the cage is stopping"})
        else:
            (self._urgent if op in _URGENT else self._patient).append(job)

    def _state(self) -> wire.Message:
        return {
            "children": len(self._children),
            "busy": sum(child.job is not None for child in self._children),
            "queue": len(self._urgent) + len(self._patient),
        }

    def _tell(self, client: _Client, message: wire.Message | bytes) -> None:
        frame = message if isinstance(message, bytes) else wire.pack(message)
        try:
            wire.send(client.sock, frame)
        except (OSError, ValueError):
            self._forget(client)

    def _forget(self, client: _Client) -> None:
        """The client has gone. What it waited for is dropped, but what is being decoded goes on."""
        if client.sock.fileno() < 0:
            return
        self._selector.unregister(client.sock)
        client.reader.close()
        for queue in (self._urgent, self._patient):
            for job in [job for job in queue if job.client is client]:
                queue.remove(job)
                job.close()

    # Children

    def _assign(self) -> None:
        while self._urgent or self._patient:
            child = next((child for child in self._children if child.job is None), None)
            if child is None and len(self._children) < self._limits.children:
                child = self._start()
            if child is None:
                return
            job = (self._urgent or self._patient).popleft()
            child.job, child.photos = job, child.photos + 1
            if child.ready:
                child.since = time.monotonic()
            try:
                wire.send(child.sock, job.frame, job.fds)
            except OSError:
                child.process.kill()  # the sweep finds it, and tells the client
            job.close()

    def _start(self) -> _Child:
        ours, theirs = socket.socketpair()
        with theirs:
            boot = _BOOT.format(
                root=_ROOT, fd=theirs.fileno(), parent=os.getpid(), modern=self._limits.modern
            )
            process = subprocess.Popen(
                [sys.executable, "-I", "-c", boot],
                env={},
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
            )
        ours.settimeout(1.0)
        child = _Child(process, ours, wire.Reader(ours), time.monotonic())
        self._children.append(child)
        self._selector.register(ours, selectors.EVENT_READ, lambda: self._answer(child))
        return child

    def _answer(self, child: _Child) -> None:
        """Hand a child's answer on. Nothing in it is believed here: the client checks it."""
        try:
            read = child.reader.read()
        except (EOFError, OSError, wire.Garbled):
            self._end(child)
            return
        if read is None:
            return
        if not child.ready:
            child.ready, child.since = True, time.monotonic()
            return
        if child.job is None:
            return
        client, child.job, child.since = child.job.client, None, time.monotonic()
        self._tell(client, read[0])
        if child.photos >= self._limits.photos_per_child or _resident(child) > self._limits.resident_bytes:
            self._end(child)

    def _sweep(self) -> None:
        now = time.monotonic()
        for child in list(self._children):
            if child.process.poll() is not None:
                self._end(child)
            elif not child.ready:
                if now - child.since > self._limits.start_seconds:
                    self._end(child)
            elif child.job is not None and now - child.since > self._limits.photo_seconds:
                child.too_slow = True
                self._end(child)
            elif child.job is None and now - child.since > self._limits.idle_seconds:
                self._end(child)
        for queue in (self._urgent, self._patient):
            while queue and queue[0].until < now:
                job = queue.popleft()
                job.close()
                self._tell(job.client, {"error": Busy.code, "why": "waited too long"})

    def _end(self, child: _Child) -> None:
        """The child is gone, or goes now; its client learns why."""
        if child not in self._children:
            return
        self._children.remove(child)
        self._selector.unregister(child.sock)
        silent = self._last_words(child)
        child.reader.close()
        status = _status(child, patience_seconds=1.0 if silent else 0.0)
        if child.job is not None:
            self._tell(child.job.client, _reason(child, status))

    def _last_words(self, child: _Child) -> bool:
        """Hand on an answer that may lie in the socket; whether the child has closed its end."""
        child.sock.setblocking(False)
        try:
            read = child.reader.read()
            if read is not None and not child.ready:
                child.ready = True
                read = child.reader.read()
        except BlockingIOError:
            return False
        except (EOFError, OSError, wire.Garbled):
            return True
        if read is not None and child.job is not None:
            self._tell(child.job.client, read[0])
            child.job = None
        return False


def _status(child: _Child, *, patience_seconds: float) -> int | None:
    """How the child ended by itself; None when it is we who end it, now.

    A dying process closes its sockets a moment before it can be waited for: hence the patience.
    """
    try:
        return child.process.wait(patience_seconds)
    except subprocess.TimeoutExpired:
        child.process.kill()
        child.process.wait()
        return None


def _reason(child: _Child, status: int | None) -> dict[str, Any]:
    if not child.ready:  # it has not looked at the photo yet
        return {"error": wire.KILLED, "why": f"the decoder never got warm ({status})"}
    if child.too_slow or status == -signal.SIGXCPU:
        return {"error": Unprocessable.code, "why": "it took too long"}
    if status is None:
        return {"error": wire.KILLED, "why": "the cage is stopping"}
    if status == -signal.SIGKILL:
        return {"error": wire.KILLED, "why": "the decoder was killed"}
    return {"error": Unprocessable.code, "why": f"the decoder ended with {status}"}


def _resident(child: _Child) -> int:
    try:
        pages = Path(f"/proc/{child.process.pid}/statm").read_text().split()[1]
    except (OSError, IndexError):
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
