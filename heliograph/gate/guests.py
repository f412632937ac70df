"""Pages for people whom nobody knows, as they were a few seconds ago: only while the level says so (core/load.py).

When everybody comes at once, most of them come to the same few pages for the first time. One request makes the page,
the others wait for it or get the copy, and no thread is needed. A copy is never older than access lasts that was taken
away: five seconds, as everywhere. Who brings a cookie or a token is no guest here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from time import monotonic

from heliograph.core import load, metrics
from heliograph.core.load import Level
from heliograph.gate import wsgi
from heliograph.gate.wsgi import Headers

KEEP_SECONDS = 4.0
_MOST = 200  # pages
_LARGEST = 256 * 1024  # bytes
_NEVER = ("/v1", "/m/", "/static/", "/livez", "/readyz")
_TELLING = (
    "cookie", "authorization", "if-none-match", "if-modified-since", "range", "content-length", "transfer-encoding",
)  # fmt: skip
_ASKED = ("accept-language", "accept-encoding", "accept")


@dataclass
class Page:
    """An answer that is kept, or on its way to be."""

    status: int = 0
    headers: Headers = field(default_factory=list)
    body: bytes = b""
    at: float = 0.0
    proto: wsgi.Answering | None = None  # of who asked first, for what cannot be kept

    def response_bytes(self, status: int, headers: Headers, body: bytes) -> None:
        self.status, self.headers, self.body, self.at = status, headers, body, monotonic()

    def response_empty(self, status: int, headers: Headers) -> None:
        self.response_bytes(status, headers, b"")

    def response_file(self, status: int, headers: Headers, file: str) -> None:
        assert self.proto is not None  # noqa: S101
        self.proto.response_file(status, headers, file)

    def response_stream(self, status: int, headers: Headers) -> wsgi.Transport:
        assert self.proto is not None  # noqa: S101
        return self.proto.response_stream(status, headers)

    def can_be_kept(self) -> bool:
        said = {name.lower(): value for name, value in self.headers}
        html = said.get("content-type", "").startswith("text/html")
        return self.status == 200 and html and "set-cookie" not in said and len(self.body) <= _LARGEST

    def give(self, proto: wsgi.Answering) -> None:
        if self.status:
            proto.response_bytes(self.status, self.headers, self.body)


Key = tuple[str, ...]


class Guests:
    """The pages of one process. To be used by its event loop alone."""

    def __init__(self) -> None:
        self._pages: dict[Key, Page] = {}
        self._making: dict[Key, asyncio.Event] = {}

    def serves(self, scope: wsgi.Scope) -> bool:
        """Whether this is a guest's look at a page, at a time when a copy will do."""
        if load.level() < Level.KEPT or scope.method != "GET" or scope.path.startswith(_NEVER):
            return False
        return not any(name in scope.headers for name in _TELLING)

    async def answer(
        self, scope: wsgi.Scope, proto: wsgi.Answering, make: Callable[[wsgi.Answering], Awaitable[None]]
    ) -> None:
        """Answer with a copy, or have `make` make one; its errors are the caller's."""
        key = (scope.path, scope.query_string, *(scope.headers.get(name, "") for name in _ASKED))
        making = self._making.get(key)
        if making is not None:
            await making.wait()
        kept = self._pages.get(key)
        if kept is not None and monotonic() - kept.at < KEEP_SECONDS:
            metrics.count("left_out_total", what="guest pages")
            kept.give(proto)
            return
        await self._make(key, proto, make)

    async def _make(
        self, key: Key, proto: wsgi.Answering, make: Callable[[wsgi.Answering], Awaitable[None]]
    ) -> None:
        page, done = Page(proto=proto), asyncio.Event()
        first = self._making.setdefault(key, done) is done
        try:
            await make(page)
            if page.can_be_kept():
                self._keep(key, page)
        finally:
            if first:
                del self._making[key]
            done.set()
        page.give(proto)

    def _keep(self, key: Key, page: Page) -> None:
        page.proto = None
        if len(self._pages) >= _MOST:
            now = monotonic()
            self._pages = {k: p for k, p in self._pages.items() if now - p.at < KEEP_SECONDS}
        if len(self._pages) < _MOST:
            self._pages[key] = page
