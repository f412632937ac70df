"""Many requests at once over kept connections, from one thread: epoll, bytes, no client library.

It shares two cores with what it measures, so a request costs it as little as Python allows, and it says how much
that was (bench/launch/watch.py counts it like any other process).

Open loop: every request has a moment at which it is due, and its time counts from that moment, not from when a
connection was free for it. A server that falls behind is asked just as often as one that does not.
"""

from __future__ import annotations

import heapq
import itertools
import select
import socket
from collections import deque
from collections.abc import Callable
from time import monotonic

#: status, headers and body as they came, the request. Status 0: no answer (given up, or the connection ended).
Answered = Callable[[int, bytes, bytes, "Request"], None]

GAVE_UP = 10.0  # seconds; then a phone shows its own sentence
_ROOM = 256 * 1024
_READ, _WRITE = select.EPOLLIN, select.EPOLLIN | select.EPOLLOUT


class Request:
    """One request: what it is called in the report, its bytes, when it was due, who hears of the answer."""

    __slots__ = ("about", "again", "answered", "due", "kind", "parts")

    def __init__(
        self, kind: int, parts: tuple[bytes, ...], due: float, answered: Answered, about: object = None
    ) -> None:
        self.kind = kind
        self.parts = parts
        self.due = due
        self.answered = answered
        self.about = about
        self.again = False


class _Line:
    """One connection, and what is under way on it."""

    __slots__ = ("begun", "got", "left", "need", "request", "sock", "used")

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.request: Request | None = None
        self.got = b""
        self.need = 0
        self.left = b""
        self.begun = 0.0
        self.used = 0


class Engine:
    """Sends what is due and tells of the answers, until `run` is over. Not to be used from two threads."""

    def __init__(self, port: int, most: int) -> None:
        self._address = ("127.0.0.1", port)
        self._most = most
        self._epoll = select.epoll()
        self._lines: dict[int, _Line] = {}
        self._idle: list[_Line] = []
        self._waiting: deque[Request] = deque()
        self._later: list[tuple[float, int, Callable[[float], None]]] = []
        self._count = itertools.count()
        self._room = bytearray(_ROOM)
        self._view = memoryview(self._room)
        self._next_look = 0.0
        self.stopped = False
        self.reconnects = 0

    @property
    def outstanding(self) -> int:
        """Requests that are due and not answered."""
        return len(self._lines) - len(self._idle) + len(self._waiting)

    def at(self, moment: float, act: Callable[[float], None]) -> None:
        """Call `act(moment)` when it is time."""
        heapq.heappush(self._later, (moment, next(self._count), act))

    def ask(self, request: Request) -> None:
        """Send a request on a free connection, or as soon as one is."""
        if self._idle:
            self._send(self._idle.pop(), request)
        elif len(self._lines) < self._most:
            line = self._connect()
            if line is None:
                request.answered(0, b"", b"", request)
            else:
                self._send(line, request)
        else:
            self._waiting.append(request)

    def run(self, until: float) -> None:
        """Work until this moment of the monotonic clock, or until somebody sets `stopped`."""
        later, poll, lines = self._later, self._epoll.poll, self._lines
        while not self.stopped:
            now = monotonic()
            while later and later[0][0] <= now:
                due, _, act = heapq.heappop(later)
                act(due)
            if now >= until:
                return
            wake = min(until, later[0][0]) if later else until
            for number, events in poll(max(0.0, min(wake - now, 0.5))):
                line = lines.get(number)
                if line is None:
                    continue
                if events & select.EPOLLOUT:
                    self._send_rest(line)
                if events & ~select.EPOLLOUT:
                    self._receive(line)
            if now >= self._next_look:
                self._next_look = now + 0.5
                self._give_up(now)

    def settle(self, seconds: float) -> None:
        """Wait for what is under way, at most so long."""
        until = monotonic() + seconds
        while self.outstanding and monotonic() < until and not self.stopped:
            self.run(min(until, monotonic() + 0.1))

    def drop_later(self) -> None:
        """Forget everything that was to happen later."""
        self._later.clear()

    def close(self) -> None:
        for line in list(self._lines.values()):
            line.sock.close()
        self._lines.clear()
        self._epoll.close()

    def _connect(self) -> _Line | None:
        sock = socket.socket()
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            sock.connect(self._address)
        except OSError:
            sock.close()
            return None
        sock.setblocking(False)
        line = self._lines[sock.fileno()] = _Line(sock)
        self._epoll.register(sock, _READ)
        return line

    def _send(self, line: _Line, request: Request) -> None:
        line.request = request
        line.got = b""
        line.need = 0
        line.begun = monotonic()
        line.used += 1
        parts = request.parts
        try:
            sent = line.sock.send(parts[0]) if len(parts) == 1 else line.sock.sendmsg(parts)
        except BlockingIOError:
            sent = 0
        except OSError:
            self._ended(line)
            return
        size = len(parts[0]) if len(parts) == 1 else sum(map(len, parts))
        if sent < size:
            line.left = b"".join(parts)[sent:]
            self._epoll.modify(line.sock, _WRITE)

    def _send_rest(self, line: _Line) -> None:
        if not line.left:
            return
        try:
            line.left = line.left[line.sock.send(line.left) :]
        except BlockingIOError:
            return
        except OSError:
            self._ended(line)
            return
        if not line.left:
            self._epoll.modify(line.sock, _READ)

    def _receive(self, line: _Line) -> None:
        try:
            size = line.sock.recv_into(self._room)
        except BlockingIOError:
            return
        except OSError:
            size = 0
        if not size:
            self._ended(line)
            return
        got = line.got = line.got + self._view[:size].tobytes() if line.got else self._view[:size].tobytes()
        if not line.need:
            end = got.find(b"\r\n\r\n")
            if end < 0:
                return
            line.need = end + 4 + _length(got, end)
        if len(got) >= line.need:
            self._answered(line, got)

    def _answered(self, line: _Line, got: bytes) -> None:
        request = line.request
        if request is None:  # nobody asked
            self._close(line)
            return
        head, _, body = got.partition(b"\r\n\r\n")
        line.request = None
        if line.left or b"onnection: close" in head:  # answered before everything was sent, or the last one
            self._close(line)
            if self._waiting:
                self.ask(self._waiting.popleft())
        elif self._waiting:
            self._send(line, self._waiting.popleft())
        else:
            self._idle.append(line)
        request.answered(int(got[9:12]), head, body, request)

    def _ended(self, line: _Line) -> None:
        """The other side has closed. A kept connection may have been closed just when we used it: once more, then."""
        request = line.request
        fresh = line.used == 1
        untouched = not line.got
        self._close(line)
        if request is None:
            return
        if untouched and not fresh and not request.again:
            request.again = True
            self.reconnects += 1
            self.ask(request)
        else:
            request.answered(0, b"", b"", request)

    def _close(self, line: _Line) -> None:
        if self._lines.pop(line.sock.fileno(), None) is None:
            return
        line.request = None
        if line in self._idle:
            self._idle.remove(line)
        self._epoll.unregister(line.sock)
        line.sock.close()

    def _give_up(self, now: float) -> None:
        for line in list(self._lines.values()):
            request = line.request
            if request is not None and now - request.due > GAVE_UP:
                self._close(line)
                request.answered(0, b"", b"", request)
        while self._waiting and now - self._waiting[0].due > GAVE_UP:
            request = self._waiting.popleft()
            request.answered(0, b"", b"", request)
        while self._waiting and len(self._lines) < self._most:
            line = self._connect()
            if line is None:
                return
            self._send(line, self._waiting.popleft())


def _length(got: bytes, end: int) -> int:
    """How many bytes of body follow; answers of ours always say so."""
    at = got.find(b"ontent-length: ", 0, end)
    if at < 0:
        at = got.find(b"ontent-Length: ", 0, end)
    if at < 0:
        return 0
    return int(got[at + 15 : got.find(b"\r\n", at)])
