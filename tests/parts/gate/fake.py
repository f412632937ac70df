"""A door in this process, before an application of the test's own: requests without a network."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from heliograph.gate.application import Gate
from heliograph.gate.wsgi import Application, Headers


class Said(dict[str, str]):
    """Headers, each once."""


@dataclass
class Asked:
    """A request, as Granian tells of it."""

    path: str = "/"
    method: str = "GET"
    headers: Said = field(default_factory=Said)
    query_string: str = ""
    http_version: str = "1.1"
    server: str = "127.0.0.1:8000"
    client: str = "192.0.2.7:4711"
    scheme: str = "http"
    authority: str | None = None


@dataclass
class Heard:
    """Granian's side of it: the body in pieces, and the answer."""

    pieces: list[bytes] = field(default_factory=list)
    status: int = 0
    headers: Headers = field(default_factory=list)
    body: bytes = b""
    file: str = ""
    streamed: list[bytes] = field(default_factory=list)

    def __aiter__(self) -> Heard:
        return self

    async def __anext__(self) -> bytes:
        await asyncio.sleep(0)  # others have their turn, as on a network
        if not self.pieces:
            raise StopAsyncIteration
        return self.pieces.pop(0)

    def response_bytes(self, status: int, headers: Headers, body: bytes) -> None:
        self.status, self.headers, self.body = status, list(headers), body

    def response_empty(self, status: int, headers: Headers) -> None:
        if not self.status:
            self.response_bytes(status, headers, b"")

    def response_file(self, status: int, headers: Headers, file: str) -> None:
        self.response_bytes(status, headers, b"")
        self.file = file

    def response_stream(self, status: int, headers: Headers) -> Any:
        self.response_bytes(status, headers, b"")
        return self

    def send_bytes(self, data: bytes) -> None:
        self.streamed.append(data)

    def header(self, name: str) -> str:
        return dict(self.headers).get(name, "")


Ask = Callable[..., Awaitable[Heard]]


def at(application: Application, story: Callable[[Ask], Awaitable[None]]) -> None:
    """Open a door and let the story ask: `await ask("/", method=…, headers=…, body=[pieces])`."""

    async def run() -> None:
        gate = Gate(application)
        gate._loop = asyncio.get_running_loop()
        gate._refusals.make()
        gate._desk.open(gate._loop)

        async def ask(path: str = "/", *, body: list[bytes] | None = None, **asked: Any) -> Heard:
            asked["headers"] = Said(asked.get("headers", {}))
            heard = Heard([*body, b""] if body is not None else [])
            await asyncio.wait_for(gate.__rsgi__(Asked(path, **asked), heard), 10)
            return heard

        try:
            await story(ask)
        finally:
            gate._desk.close()

    asyncio.run(run())
