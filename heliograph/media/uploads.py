"""Taking in a body: in pieces, at a decent speed, a few at a time, onto the disk.

Behind the front door (gate/) a body is complete before anybody gets here, and these limits are never met. Any other
WSGI server hands a body over as it arrives, without a limit of its own: there a deadline for the whole, a least average
speed, and fewer uploads at once than there are threads keep bad connections from taking all of them. A sender who
falls silent holds a thread all the same: a read that waits cannot be interrupted from here.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from heliograph.core import environment, metrics, watchdog
from heliograph.core.disk import make_folder, sync_folder
from heliograph.media.errors import Busy, Interrupted, NoFile, NoRoom, TooLarge, TooSlow

_PIECE = 16 * 1024  # bytes; the server gives a read all of it, however long that takes
_GRACE_SECONDS = 5.0  # before the speed is looked at
_NAME = re.compile(r"(\d{1,19})-[0-9a-f]{32}")


class UploadSource(Protocol):
    """A body that is arriving: `length` is what the sender declared, None if nothing."""

    @property
    def length(self) -> int | None: ...

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes; none at the end."""


@dataclass(frozen=True)
class Received:
    """A body that lies under incoming/, safe from power cuts."""

    name: str
    size_bytes: int
    sha256: bytes

    @property
    def path(self) -> Path:
        return path_of(self.name)


_slots: dict[int, threading.BoundedSemaphore] = {}
_slots_lock = threading.Lock()


def receive(owner_id: int, source: UploadSource) -> Received:
    """Read a whole body into a file of its own. Raises NoFile, TooLarge, TooSlow, Interrupted, Busy, NoRoom.

    Nothing is left behind when it fails.
    """
    limit = environment.get().upload_max_bytes
    if source.length is not None and source.length > limit:
        raise TooLarge(cause=f"{source.length} bytes declared")
    require_room(source.length or 0)
    with slot(), metrics.time("upload_seconds"):
        name = f"{owner_id}-{secrets.token_hex(16)}"
        path = path_of(name)
        make_folder(path.parent)
        try:
            size, digest = _written(source, path, limit)
            sync_folder(path.parent)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
    return Received(name, size, digest)


def path_of(name: str) -> Path:
    return environment.get().incoming / name


def forget(name: str) -> None:
    """Remove a file of incoming/; nothing happens if it is gone."""
    if _NAME.fullmatch(name):
        path_of(name).unlink(missing_ok=True)


def lying_about(older_than_seconds: float) -> Iterator[tuple[str, int]]:
    """Names of files that were left alone for so long, with their owners' ids. For the sweep."""
    folder = environment.get().incoming
    oldest = time.time() - older_than_seconds
    for path in folder.iterdir() if folder.is_dir() else ():
        shape = _NAME.fullmatch(path.name)
        with contextlib.suppress(FileNotFoundError):
            if shape and path.stat().st_mtime < oldest:
                yield path.name, int(shape[1])


def require_room(size_bytes: int) -> None:
    """Raise NoRoom when the disk would be left with less than `upload_free_bytes`."""
    folder = environment.get().incoming
    make_folder(folder)
    if shutil.disk_usage(folder).free - size_bytes < environment.get().upload_free_bytes:
        metrics.count("uploads_without_room_total")
        raise NoRoom(retry_after_seconds=60)


@contextlib.contextmanager
def slot() -> Iterator[None]:
    most = environment.get().uploads_at_once
    with _slots_lock:
        slots = _slots.setdefault(most, threading.BoundedSemaphore(most))
    if not slots.acquire(blocking=False):
        metrics.count("uploads_refused_total")
        raise Busy(retry_after_seconds=5)
    try:
        yield
    finally:
        slots.release()


def pieces(source: UploadSource, limit: int) -> Iterator[bytes]:
    """What arrives, in pieces. Raises TooLarge beyond `limit` bytes, TooSlow, Interrupted."""
    size, pace = 0, _Pace()
    for piece in _pieces(source):
        size += len(piece)
        if size > limit:
            raise TooLarge(cause="more than was declared")
        pace.look(size)
        yield piece


def _written(source: UploadSource, path: Path, limit: int) -> tuple[int, bytes]:
    digest, size = hashlib.sha256(), 0
    with path.open("xb") as file:
        os.fchmod(file.fileno(), 0o600)
        for piece in pieces(source, limit):
            size += len(piece)
            digest.update(piece)
            file.write(piece)
        if size == 0:
            raise NoFile()
        if source.length is not None and size < source.length:
            raise Interrupted(cause=f"{size} of {source.length} bytes")
        file.flush()
        os.fsync(file.fileno())
    return size, digest.digest()


def _pieces(source: UploadSource) -> Iterator[bytes]:
    try:
        while piece := _next(source):
            yield piece
    except (OSError, EOFError, ValueError) as error:  # how servers tell that the other side has gone
        raise Interrupted(cause=error) from error


def _next(source: UploadSource) -> bytes:
    with watchdog.waiting():  # for a slow line, which has an end of its own (_Pace)
        return source.read(_PIECE)


class _Pace:
    """Whether bytes come fast enough."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._deadline = environment.get().upload_deadline_seconds
        self._rate = environment.get().upload_minimum_rate

    def look(self, size: int) -> None:
        took = time.monotonic() - self._began
        if took > self._deadline or (took > _GRACE_SECONDS and size / took < self._rate):
            metrics.count("uploads_too_slow_total")
            raise TooSlow(cause=f"{size} bytes in {took:.0f} s")
