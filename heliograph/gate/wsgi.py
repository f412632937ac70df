"""One request through a WSGI application (PEP 3333), in a thread: what it gets, and what goes back.

An answer whose length is known goes back in one piece, a file as its path, anything else piece by piece; no thread
waits for whoever reads it.
"""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, BinaryIO, Protocol

from heliograph.gate.bodies import Body

log = logging.getLogger(__name__)

Environ = dict[str, Any]
Headers = list[tuple[str, str]]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

#: What RSGI says for the versions of HTTP.
_VERSIONS = {"1": "HTTP/1.0", "1.1": "HTTP/1.1", "2": "HTTP/2"}
#: What the application hears of a body beside it: its length is what has arrived, however it was sent.
_ABOUT_BODIES = frozenset({"content-length", "transfer-encoding", "expect"})
_SMALL_FILE = 64 * 1024  # bytes; read at once: cheaper than to have it opened again


class Scope(Protocol):
    """What Granian tells of a request (RSGI 1.5)."""

    http_version: str
    server: str
    client: str
    scheme: str
    method: str
    path: str
    query_string: str
    authority: str | None
    headers: Any


class Transport(Protocol):
    def send_bytes(self, data: bytes) -> Any: ...


class Answering(Protocol):
    """What Granian takes as an answer: from any thread, once, never waiting."""

    def response_empty(self, status: int, headers: Headers) -> None: ...
    def response_bytes(self, status: int, headers: Headers, body: bytes) -> None: ...
    def response_file(self, status: int, headers: Headers, file: str) -> None: ...
    def response_stream(self, status: int, headers: Headers) -> Transport: ...


def environ(scope: Scope, body: Body | None) -> Environ:
    """What the application is told."""
    host, _, port = scope.server.rpartition(":")
    told: Environ = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": host,
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": _VERSIONS.get(scope.http_version, "HTTP/1.1"),
        "SERVER_SOFTWARE": "heliograph",
        "REMOTE_ADDR": peer(scope),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": body.file if body is not None else io.BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "wsgi.file_wrapper": File,
    }
    if body is not None:
        told["CONTENT_LENGTH"] = str(body.size)
    for name, value in scope.headers.items():
        _tell_header(told, name, value)
    if _KEY in scope.headers and "HTTP_IDEMPOTENCY_KEY" not in told:
        told["HTTP_IDEMPOTENCY_KEY"] = (
            "\0"  # no ASCII, which Granian keeps to itself: to be refused, not passed over
        )
    if scope.authority:  # an absolute address, or HTTP/2: what it names goes before a header
        told["HTTP_HOST"] = scope.authority
    return told


_KEY = "idempotency-key"


def _tell_header(told: Environ, name: str, value: str) -> None:
    if name in _ABOUT_BODIES or "_" in name:  # X_Forwarded_For is not to pass for X-Forwarded-For
        return
    key = name.upper().replace("-", "_")
    key = key if key == "CONTENT_TYPE" else f"HTTP_{key}"
    if key in told:
        value = f"{told[key]}{'; ' if key == 'HTTP_COOKIE' else ','}{value}"
    told[key] = value


def peer(scope: Scope) -> str:
    """The address of the other side of the connection; empty for a Unix socket."""
    return scope.client.rpartition(":")[0].strip("[]")


class File:
    """`wsgi.file_wrapper`: a file that goes back as it is."""

    def __init__(self, file: BinaryIO, size: int = 8192) -> None:
        self.file = file
        self._size = size

    def __iter__(self) -> File:
        return self

    def __next__(self) -> bytes:
        data = self.file.read(self._size)
        if not data:
            raise StopIteration
        return data

    def close(self) -> None:
        self.file.close()


class _Start:
    """`start_response`."""

    def __init__(self) -> None:
        self.status = 500
        self.headers: Headers = []

    def __call__(
        self,
        status: str,
        headers: Headers,
        exc_info: tuple[type[BaseException], BaseException, TracebackType] | None = None,
    ) -> Callable[[bytes], object]:
        self.status, self.headers = int(status[:3]), headers
        return _no_writing


def _no_writing(data: bytes) -> object:
    raise NotImplementedError("write() of old WSGI applications is not known here")


def perform(application: Application, told: Environ, proto: Answering) -> None:
    """Ask the application and hand back its answer. 500, and a line in the log, when it raises."""
    try:
        _perform(application, told, proto)
    except Exception:
        log.exception("%s %s failed", told["REQUEST_METHOD"], told["PATH_INFO"])
        proto.response_empty(500, [("content-length", "0")])  # nothing happens if it has begun to answer


def _perform(application: Application, told: Environ, proto: Answering) -> None:
    start = _Start()
    answer = application(told, start)
    try:
        path = _path_of(answer)
        if path is not None:
            proto.response_file(start.status, start.headers, path)
        elif _has_length(start.headers):
            proto.response_bytes(start.status, start.headers, b"".join(answer))
        else:
            _stream(start, answer, proto)
    finally:
        close = getattr(answer, "close", None)
        if close is not None:
            close()


def _path_of(answer: Iterable[bytes]) -> str | None:
    """The path of a whole file that is large: only the server opens it again."""
    file = answer.file if isinstance(answer, File) else None
    name = getattr(file, "name", None)
    if file is None or not isinstance(file, io.BufferedReader) or not isinstance(name, str) or file.tell():
        return None
    file.seek(0, io.SEEK_END)
    size = file.tell()
    file.seek(0)
    return name if size > _SMALL_FILE else None


def _has_length(headers: Headers) -> bool:
    return any(name.lower() == "content-length" for name, _ in headers)


def _stream(start: _Start, answer: Iterable[bytes], proto: Answering) -> None:
    """Of unknown length: nobody knows whether it ends, so nothing is gathered here."""
    transport = proto.response_stream(start.status, start.headers)
    for piece in answer:
        if piece:
            transport.send_bytes(piece)
