"""What a request carries: its query, and a body that is a form, a multipart form or a JSON object.

Files of a multipart form are spooled to an unnamed temporary file beside the other uploads, in small pieces, against
a deadline and a minimum rate (for servers that have none: behind gate/ all has arrived); nothing of them is ever in
memory as a whole and nothing is left behind.
"""

from __future__ import annotations

import contextlib
import errno
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any, cast
from urllib.parse import parse_qsl

import orjson
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest, UnreadablePostError
from django.http.multipartparser import MultiPartParser, MultiPartParserError

from heliograph.api.errors import BadBody, BodyTooLarge, LengthMissing, UnknownContentType
from heliograph.api.parameters import Upload
from heliograph.core import environment
from heliograph.media.errors import Busy, Interrupted, NoRoom, TooLarge, TooSlow

LARGEST_BODY = 1024 * 1024  # bytes, files apart
MOST_FIELDS = 200
_PIECE = 64 * 1024
_GRACE_SECONDS = 10  # before the minimum rate counts


@dataclass
class Arrived:
    """The parameters of a body: texts of a form, JSON values, files. `close` lets go of the files."""

    values: dict[str, Any]
    close: Callable[[], None] = lambda: None


def query_of(headers: Mapping[str, Any]) -> dict[str, str]:
    """The query's parameters; of one that comes twice, the last."""
    text = headers.get("QUERY_STRING", "")
    return _pairs(text) if text else {}


def body_of(request: HttpRequest, *, files: frozenset[str]) -> Arrived:
    """Read the body; of files only those named in `files` are kept."""
    length = _length(request)
    if not length:
        return Arrived({})
    kind = request.META.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return _multipart(request, length, files)
    if length > LARGEST_BODY:
        raise BodyTooLarge()
    match kind:
        case "application/json":
            return Arrived(_object(_whole(request, length)))
        case "application/x-www-form-urlencoded" | "":
            # Old clients post forms without saying so.
            return Arrived(dict(_form(_whole(request, length))))
    raise UnknownContentType(cause=kind[:80])


def _length(request: HttpRequest) -> int:
    text = request.META.get("CONTENT_LENGTH") or "0"
    if "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower() and text == "0":
        raise LengthMissing()
    if not (text.isascii() and text.isdigit()) or len(text) > 15:
        raise BadBody()
    return int(text)


def _whole(request: HttpRequest, length: int) -> bytes:
    source = Guarded(request, length)
    pieces = []
    while piece := source.read(_PIECE):
        pieces.append(piece)
    body = b"".join(pieces)
    if len(body) < length:
        raise BadBody()
    return body


def _form(body: bytes) -> dict[str, str]:
    try:
        return _pairs(body.decode())
    except UnicodeDecodeError as error:
        raise BadBody(cause=error) from error


def _pairs(text: str) -> dict[str, str]:
    try:
        return dict(parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS))
    except ValueError as error:  # too many, or not UTF-8
        raise BadBody(cause=error) from error


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = orjson.loads(body)  # refuses NaN, lone surrogates, and nesting beyond 1,024
    except orjson.JSONDecodeError as error:
        raise BadBody("This is not JSON.", cause=error) from error
    if not isinstance(value, dict):
        raise BadBody("Send a JSON object.")
    return value


def _multipart(request: HttpRequest, length: int, files: frozenset[str]) -> Arrived:
    largest = environment.get().upload_max_bytes if files else 0
    if length > largest + LARGEST_BODY:
        raise TooLarge() if files else BodyTooLarge()
    source = Guarded(request, length)
    spool = _Spool(request, files, largest)
    try:
        with _slot():
            return Arrived(_parsed(request, source, spool), spool.close)
    except BaseException:
        spool.close()
        raise


def _parsed(request: HttpRequest, source: Guarded, spool: _Spool) -> dict[str, Any]:
    try:
        fields, kept = MultiPartParser(request.META, cast(Any, source), [spool], "utf-8").parse()
    except RequestDataTooBig as error:
        raise BodyTooLarge() from error
    except (MultiPartParserError, SuspiciousOperation, UnicodeError) as error:
        raise (Interrupted if source.broken else BadBody)(cause=error) from error
    if source.broken:
        raise Interrupted()  # inside a part, which the parser takes for the end of a file
    arrived: dict[str, Any] = {name: fields[name] for name in fields}
    for name in kept:
        arrived[name] = _upload(cast("UploadedFile[Any]", kept[name]))
    return arrived


@contextlib.contextmanager
def _slot() -> Iterator[None]:
    """Fewer forms with files at once than there are threads: bad connections cannot take all of them."""
    most = environment.get().uploads_at_once
    with _slots_lock:
        slots = _slots.setdefault(most, threading.BoundedSemaphore(most))
    if not slots.acquire(blocking=False):
        raise Busy()
    try:
        yield
    finally:
        slots.release()


_slots: dict[int, threading.BoundedSemaphore] = {}
_slots_lock = threading.Lock()


def _upload(file: UploadedFile[Any]) -> Upload:
    spooled: Any = file.file
    spooled.seek(0)
    return Upload(spooled, file.size or 0)


class Guarded:
    """A body read against the clock: TooSlow beyond the deadline, or below the minimum rate."""

    def __init__(self, source: HttpRequest, length: int) -> None:
        env = environment.get()
        self.left = length
        self.broken = False  # the connection ended before the body did
        self._source = source
        self._length = length
        self._started = time.monotonic()
        self._deadline = env.upload_deadline_seconds
        self._rate = env.upload_minimum_rate

    def read(self, size: int = _PIECE) -> bytes:
        """At most `size` bytes, in one piece; empty at the end."""
        try:
            data: bytes = self._source.read(min(size, self.left))
        except UnreadablePostError as error:
            raise Interrupted(cause=error) from error
        self.left -= len(data)
        self.broken = not data and self.left > 0
        took = time.monotonic() - self._started
        if took > self._deadline:
            raise TooSlow()
        if took > _GRACE_SECONDS and (self._length - self.left) / took < self._rate:
            raise TooSlow()
        return data


class _Spool(FileUploadHandler):
    """Writes a file to an unnamed temporary file, and stops where it becomes too large."""

    chunk_size = _PIECE

    def __init__(self, request: HttpRequest, names: frozenset[str], largest: int) -> None:
        super().__init__(request)
        self._names = names
        self._largest = largest
        self._written = 0
        self._files: list[IO[bytes]] = []

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        if self.field_name not in self._names:
            raise SkipFile()
        self._written = 0
        incoming = environment.get().incoming
        incoming.mkdir(parents=True, exist_ok=True)
        # Without a name, so nothing is left when this process dies; closed after the flow has read it.
        self._files.append(tempfile.TemporaryFile(dir=incoming))  # noqa: SIM115

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self._written += len(raw_data)
        if self._written > self._largest:
            raise TooLarge()
        try:
            self._files[-1].write(raw_data)
            self._files[-1].flush()
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise NoRoom(retry_after_seconds=60, cause=error) from error
            raise

    def close(self) -> None:
        """Let go of everything."""
        for file in self._files:
            with contextlib.suppress(OSError):  # what could not be written is tried again, in vain
                file.close()

    def file_complete(self, file_size: int) -> UploadedFile[Any] | None:
        return UploadedFile(file=self._files[-1], name=self.field_name or "", size=file_size)
