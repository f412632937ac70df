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

from heliograph.core import background
from heliograph.media.cage import walls, wire
from heliograph.media.cage.watch import Watch
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
    threads: int = 32  # a child that has made more is ended
    refusals: int = 20  # system calls that a child may ask for in vain; then it is ended
    late_seconds: float = 2.0  # from when a photo came; then all of them no longer step back
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
    alone: bool = False  # whoever decodes this photo decodes no other

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
    cpu_seconds: float = 0.0  # that it may have used by the end of its job
    guilty: str = ""  # why it is we who end it, if the photo is to blame
    watch: Watch | None = None
    refused: list[str] = field(default_factory=list)  # what it asked the kernel for in vain


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
        self._alarms = 0
        self._place = background.Place()

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
        asked = wire.unpack(frame)
        op, alone = asked["op"], bool(asked.get("alone"))
        job = _Job(client, frame, fds, time.monotonic() + self._limits.wait_seconds, alone)
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
            "alarms": self._alarms,
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
            queue = self._urgent or self._patient
            child = self._free(alone=queue[0].alone)
            if child is None:
                return
            job = queue.popleft()
            child.job, child.photos = job, child.photos + 1
            if child.ready:
                self._give_time(child)
            try:
                wire.send(child.sock, job.frame, job.fds)
            except OSError:
                child.process.kill()  # the sweep finds it, and tells the client
            job.close()

    def _free(self, *, alone: bool) -> _Child | None:
        """A child that has nothing to do, or a new one; one that has seen no photo for a photo that wants it so."""
        idle = [child for child in self._children if child.job is None]
        fresh = [child for child in idle if child.photos == 0]
        if fresh or (idle and not alone):
            return (fresh or idle)[0] if alone else idle[0]
        if idle and len(self._children) >= self._limits.children:
            self._end(idle[0])
        return self._start() if len(self._children) < self._limits.children else None

    def _give_time(self, child: _Child) -> None:
        child.since, child.cpu_seconds = time.monotonic(), walls.limit_photo(child.process.pid)

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
        child = _Child(process, ours, wire.Reader(ours, takes_fds=True), time.monotonic())
        self._children.append(child)
        self._selector.register(ours, selectors.EVENT_READ, lambda: self._answer(child))
        return child

    def _answer(self, child: _Child) -> None:
        """Hand a child's answer on. Nothing in it is believed here: the client checks it."""
        try:
            read = child.reader.read()
            last = read is not None and bool(wire.unpack(read[0]).get(wire.LAST))
        except (EOFError, OSError, wire.Garbled) as error:
            self._end(child, "it answered nonsense" if isinstance(error, wire.Garbled) else "")
            return
        if read is None:
            return
        if not child.ready:
            self._get_ready(child, read[1])
        elif child.job is None:  # nobody has asked it anything
            self._alarm(child, "spoke without having been asked")
            self._end(child)
        else:
            client, alone = child.job.client, child.job.alone
            child.job, child.since = None, time.monotonic()
            self._tell(client, read[0])
            if last or alone or self._has_done_enough(child):
                self._end(child)

    def _get_ready(self, child: _Child, fds: list[int]) -> None:
        """Its first word; with it comes the listener of its filter, and no descriptor ever after."""
        child.ready = True
        self._give_time(child)  # what it used to get warm is not the photo's
        child.reader.take_no_more_fds()
        if fds:
            child.watch = Watch(fds[0])
            self._selector.register(child.watch, selectors.EVENT_READ, lambda: self._refuse(child))

    def _refuse(self, child: _Child) -> None:
        """It asked the kernel for what it may not have. It may go on with this photo, and gets no other."""
        name = child.watch.refuse() if child.watch else None
        if name is None:
            return
        child.refused.append(name)
        if name not in child.refused[:-1]:
            self._alarm(child, f"asked for {name}, and was refused")
        if len(child.refused) > self._limits.refusals:
            self._end(child, "it asked for too much")

    def _alarm(self, child: _Child, what: str) -> None:
        self._alarms += 1
        told = f"cage: ALARM: a decoder (process {child.process.pid}, photo {child.photos}) {what}. No decoder does."
        print(told, file=sys.stderr, flush=True)

    def _has_done_enough(self, child: _Child) -> bool:
        return bool(
            child.photos >= self._limits.photos_per_child
            or child.refused
            or _resident(child) > self._limits.resident_bytes
        )

    def _sweep(self) -> None:
        now = time.monotonic()
        for child in list(self._children):
            if child.process.poll() is not None:
                self._end(child)
            elif not child.ready:
                if now - child.since > self._limits.start_seconds:
                    self._end(child)
            elif self._is_too_slow(child, now):
                self._end(child, "it took too long")
            elif _threads(child) > self._limits.threads:
                self._alarm(child, "made thread after thread")
                self._end(child, "it made too many threads")
            elif child.job is None and now - child.since > self._limits.idle_seconds:
                self._end(child)
        for queue in (self._urgent, self._patient):
            while queue and queue[0].until < now:
                job = queue.popleft()
                job.close()
                self._tell(job.client, {"error": Busy.code, "why": "waited too long"})
        self._place.take(late=self._waits_since(now) < now - self._limits.late_seconds)

    def _waits_since(self, now: float) -> float:
        """When the photo came, or began to be worked on, that has waited the longest; now, if none waits."""
        begun = [child.since for child in self._children if child.job is not None]
        came = [
            queue[0].until - self._limits.wait_seconds for queue in (self._urgent, self._patient) if queue
        ]
        return min([now, *begun, *came])

    def _is_too_slow(self, child: _Child, now: float) -> bool:
        """By the clock; or it works on although the kernel has told it to stop, or there is nothing to do."""
        if child.job is not None and now - child.since > self._limits.photo_seconds:
            return True
        return walls.used_seconds(child.process.pid) > child.cpu_seconds + 1

    def _end(self, child: _Child, guilty: str = "") -> None:
        """The child is gone, or goes now; its client learns why."""
        if child not in self._children:
            return
        child.guilty = guilty
        self._children.remove(child)
        self._selector.unregister(child.sock)
        silent = not guilty and self._last_words(child)  # whoever is guilty is not heard any more
        child.reader.close()
        if child.watch is not None:
            self._selector.unregister(child.watch)
            child.watch.close()
            child.watch = None
        status = _status(child, patience_seconds=1.0 if silent else 0.0)
        if status == -signal.SIGSYS:
            self._alarm(child, "made a hostile system call, and the kernel ended it")
        if child.job is not None:
            self._tell(child.job.client, _reason(child, status))

    def _last_words(self, child: _Child) -> bool:
        """Hand on an answer that may lie in the socket; whether the child has closed its end."""
        child.sock.setblocking(False)
        try:
            read = child.reader.read()
            if read is not None and not child.ready:
                self._get_ready(child, read[1])
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
    if child.guilty or status == -signal.SIGXCPU:
        return {"error": Unprocessable.code, "why": child.guilty or "it took too long"}
    if status is None:
        return {"error": wire.KILLED, "why": "the cage is stopping"}
    if status == -signal.SIGKILL:
        return {"error": wire.KILLED, "why": "the decoder was killed"}
    return {"error": Unprocessable.code, "why": f"the decoder ended with {status}"}


def _threads(child: _Child) -> int:
    try:
        return sum(1 for _ in Path(f"/proc/{child.process.pid}/task").iterdir())
    except OSError:
        return 0


def _resident(child: _Child) -> int:
    try:
        pages = Path(f"/proc/{child.process.pid}/statm").read_text().split()[1]
    except (OSError, IndexError):
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
