"""Connections as nobody's browser would make them, and the web process at their other end."""

from __future__ import annotations

import http.client
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

CLONE = Path(__file__).resolve().parents[3]
SECONDS = 20.0  # longer than any wait has to be

FORM = "Content-Type: application/x-www-form-urlencoded\r\n"
JSON = "Accept: application/json\r\n"


@dataclass(frozen=True)
class Answer:
    """What came back on a connection, until it ended or was complete."""

    status: int
    headers: Mapping[str, str]
    body: str
    _ends: Callable[[], bool] = lambda: True

    @property
    def ended(self) -> bool:
        """Whether the other side closes the connection; waited for as long as anything."""
        return self._ends()


class Wire:
    """One connection, byte by byte."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=SECONDS)

    def send(self, head: str, body: bytes = b"") -> Wire:
        """A request's first line and headers (Host is added), and some of its body."""
        first, _, rest = head.partition("\r\n")
        self._socket.sendall(f"{first}\r\nHost: localhost\r\n{rest}\r\n".encode() + body)
        return self

    def more(self, data: bytes) -> Wire:
        self._socket.sendall(data)
        return self

    def hang_up(self) -> Wire:
        """Nothing more comes; answers are still read."""
        self._socket.shutdown(socket.SHUT_WR)
        return self

    def answer(self) -> Answer:
        reply = http.client.HTTPResponse(self._socket)
        reply.begin()
        body = reply.read().decode(errors="replace")
        headers = {name.lower(): said for name, said in reply.getheaders()}
        return Answer(reply.status, headers, body, self._ends)

    def raw(self, most: int) -> bytes:
        """What has come, as it is; at most so many bytes."""
        return self._socket.recv(most)

    def _ends(self) -> bool:
        try:
            return not self._socket.recv(1)
        except TimeoutError:
            return False
        except ConnectionError:
            return True

    def close(self) -> None:
        self._socket.close()


class Site:
    """Granian with the door, in a process of its own."""

    def __init__(
        self, variables: Mapping[str, str], application: str = "heliograph.config.rsgi:application"
    ) -> None:
        self._variables = variables
        self._application = application
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "granian", "--interface", "rsgi", "--host", "127.0.0.1"]
        command += [
            "--port",
            str(self.port),
            "--workers",
            "1",
            "--http",
            "1",
            "--no-ws",
            "--log-level",
            "error",
        ]
        command += ["--http1-header-read-timeout", "1500", self._application]
        self.process = subprocess.Popen(command, cwd=CLONE, env=dict(self._variables))
        deadline = time.monotonic() + 30
        while not self._answers():
            assert self.process.poll() is None, "the web process has ended"
            assert time.monotonic() < deadline, "the web process does not answer"
            time.sleep(0.1)

    def _answers(self) -> bool:
        try:
            return self.get("/livez").status == 200
        except OSError:
            return False

    def wire(self) -> Wire:
        return Wire(self.port)

    def get(self, path: str, headers: str = "") -> Answer:
        return self.ask(f"GET {path} HTTP/1.1\r\nConnection: close\r\n{headers}")

    def post(self, path: str, body: bytes, headers: str = FORM) -> Answer:
        return self.ask(
            f"POST {path} HTTP/1.1\r\nConnection: close\r\nContent-Length: {len(body)}\r\n{headers}", body
        )

    def ask(self, head: str, body: bytes = b"") -> Answer:
        wire = self.wire()
        try:
            return wire.send(head, body).answer()
        finally:
            wire.close()

    def stop(self) -> int:
        """End it as the supervisor does; its exit code."""
        assert self.process is not None
        self.process.terminate()
        try:
            return self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
