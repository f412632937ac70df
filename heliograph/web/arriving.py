"""Photos on their way in through this door: a bare body (our script), or a file of a form (no scripts).

Behind the front door (gate/) all of it has arrived. Other servers have no time limit for a body: `media/uploads.py`
watches over what it reads itself; a form is read by Django before anybody else, so it is watched here. Files are taken
where a view asks for them by `watch` and nowhere else: settings.FILE_UPLOAD_HANDLERS names `NoFiles`.
"""

from __future__ import annotations

import time
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload, TemporaryFileUploadHandler
from django.http import HttpRequest

from heliograph.core import environment
from heliograph.media.errors import Interrupted, NoFile, TooLarge, TooSlow

_FIELDS_BYTES = 1024 * 1024  # what a form may hold beside its file
_GRACE_SECONDS = 5.0  # before the speed is looked at


class Body:
    """The body of a request as an upload's source."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        length = request.META.get("CONTENT_LENGTH", "")
        self.length: int | None = int(length) if length.isascii() and length.isdigit() else None

    def read(self, size: int, /) -> bytes:
        return self._request.read(size)


class FormFile:
    """A file of a form as an upload's source."""

    def __init__(self, file: UploadedFile[Any]) -> None:
        self._file = file
        self.length: int | None = file.size

    def read(self, size: int, /) -> bytes:
        piece: bytes = self._file.read(size)
        return piece


class Watched(TemporaryFileUploadHandler):
    """Spools a form's file to the disk, and ends what is too large or too slow."""

    chunk_size = 64 * 1024

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request)
        self._env = environment.get()
        self._began = time.monotonic()
        self._size = 0
        self.trouble: type[TooLarge | TooSlow] | None = None

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        self._size += len(raw_data)
        took = time.monotonic() - self._began
        if self._size > self._env.upload_max_bytes:
            self._end(TooLarge, hang_up=False)  # what still comes is little: `watch` knows the length
        if took > self._env.upload_deadline_seconds or (
            took > _GRACE_SECONDS and self._size / took < self._env.upload_minimum_rate
        ):
            self._end(TooSlow, hang_up=True)
        super().receive_data_chunk(raw_data, start)
        return None

    def _end(self, trouble: type[TooLarge | TooSlow], *, hang_up: bool) -> None:
        self.trouble = trouble
        raise StopUpload(connection_reset=hang_up)


class NoFiles(FileUploadHandler):
    """Reads no file, and nothing that follows one."""

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        raise StopUpload(connection_reset=True)

    def file_complete(self, file_size: int) -> None:
        return None


def watch(request: HttpRequest) -> None:
    """Watch over the files of this request's form; before anybody reads it. Raises TooLarge at once."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if (
        not (length.isascii() and length.isdigit())
        or int(length) > environment.get().upload_max_bytes + _FIELDS_BYTES
    ):
        raise TooLarge(cause=f"{length[:20]} bytes declared")
    request.upload_handlers = [Watched(request)]


def has_files(request: HttpRequest) -> bool:
    """Whether looking at a field of the form would read files."""
    return request.content_type == "multipart/form-data"


def file_of(request: HttpRequest, name: str) -> FormFile:
    """A form's file, whole. Raises NoFile, TooLarge, TooSlow, Interrupted."""
    try:
        file = request.FILES.get(name)
    except OSError as error:
        raise Interrupted(cause=error) from error
    for handler in request.upload_handlers:
        if isinstance(handler, Watched) and handler.trouble is not None:
            raise handler.trouble()
    if not isinstance(file, UploadedFile):
        raise NoFile()
    return FormFile(file)
