"""Uploads that survive a lost connection: a body in chunks, each of them kept whole or not at all.

    incoming/parts/{owner}/{session}/about.json    the length that was promised; once it is done, the upload's id
                                     0000524288    the chunk that begins at this byte

A chunk is written beside its name, synced, and linked to its name; then the folder is synced; then it is
acknowledged. So whatever kills this process or this machine, what was acknowledged is there, and nothing that
is there is half. Of two chunks for the same place the first wins. There is no row to keep in step: the offset is
the end of the chunks without a gap.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from heliograph.core import environment, metrics
from heliograph.core.disk import make_folder, sync_folder
from heliograph.media import uploads
from heliograph.media.errors import Interrupted, NoFile, TooLarge, TooSmallChunk, UploadGone, WrongOffset
from heliograph.media.uploads import UploadSource
from heliograph.sharding.idempotency import KeyReused

CHUNK = 512 * 1024  # bytes; what we ask for, and the most that is taken
_LEAST = 32 * 1024  # bytes of a chunk that is not the last: bounds how many files a session has
OPEN_SESSIONS = 5  # of one person; another one forgets the one that was quiet for the longest
KEEP_SECONDS = 24 * 3600  # after the last chunk

_TOKEN = re.compile(r"[0-9a-f]{32}")
_ABOUT = "about.json"


@dataclass(frozen=True)
class Session:
    """A body on its way. `upload_id` is set once all of it has become an upload."""

    owner_id: int
    token: str
    length: int
    offset: int
    upload_id: int | None = None

    @property
    def complete(self) -> bool:
        return self.offset == self.length


def start(owner_id: int, length: int, key: str | None = None) -> Session:
    """Begin, or find again what this key began. Raises NoFile, TooLarge, NoRoom, KeyReused."""
    if length < 1:
        raise NoFile()
    if length > environment.get().upload_max_bytes:
        raise TooLarge(cause=f"{length} bytes declared")
    token = _token(owner_id, key) if key else secrets.token_hex(16)
    with _locked(owner_id) as home:
        with contextlib.suppress(UploadGone):
            found = load(owner_id, token)
            if found.length != length:
                raise KeyReused()
            metrics.count("upload_sessions_total", how="resumed")
            return found
        uploads.require_room(length)
        _make_place(home, keep=OPEN_SESSIONS - 1)
        folder = home / token
        folder.mkdir()
        _put(folder, _ABOUT, orjson.dumps({"length": length}))
        sync_folder(home)
    metrics.count("upload_sessions_total", how="started")
    return Session(owner_id, token, length, 0)


def load(owner_id: int, token: str) -> Session:
    """One's own session as it lies there. Raises UploadGone."""
    folder = _folder(owner_id, token)
    try:
        about: dict[str, Any] = orjson.loads((folder / _ABOUT).read_bytes())
        offset = _offset(folder)
    except (FileNotFoundError, NotADirectoryError, orjson.JSONDecodeError) as error:
        raise UploadGone(cause=error) from None
    done = about.get("upload_id")
    return Session(owner_id, token, about["length"], about["length"] if done else offset, done)


def add(owner_id: int, token: str, offset: int, source: UploadSource) -> Session:
    """Take the chunk that begins at `offset`. Once this returns it survives a power cut.

    Raises UploadGone, WrongOffset, TooLarge, TooSmallChunk, Interrupted, TooSlow, Busy; then nothing of it is kept.
    """
    session = load(owner_id, token)
    if offset != session.offset or session.upload_id is not None:
        raise WrongOffset(session.offset, cause=f"{offset} instead of {session.offset}")
    data = _arrived(session, source)
    try:
        new = _put(_folder(owner_id, token), f"{offset:010d}", data, replace=False)
    except FileNotFoundError as error:  # swept meanwhile
        raise UploadGone(cause=error) from None
    now = load(owner_id, token)
    if not new:
        raise WrongOffset(now.offset, cause="somebody was first")
    metrics.count("upload_parts_total")
    return now


def _arrived(session: Session, source: UploadSource) -> bytes:
    left = session.length - session.offset
    most = min(CHUNK, left)
    if source.length is not None and source.length > most:
        raise TooLarge(cause=f"a chunk of {source.length} bytes, {left} are left")
    with uploads.slot():
        data = b"".join(uploads.pieces(source, most))
    if source.length is not None and len(data) < source.length:
        raise Interrupted(cause=f"{len(data)} of {source.length} bytes")
    if len(data) < min(_LEAST, left):
        raise TooSmallChunk(cause=f"{len(data)} bytes")
    return data


@contextlib.contextmanager
def whole(session: Session) -> Iterator[Whole]:
    """The body of a complete session, to be read once. Raises UploadGone."""
    folder = _folder(session.owner_id, session.token)
    source = Whole(session.length, [folder / name for name in _chunks(folder)])
    try:
        yield source
    finally:
        source.close()


class Whole:
    """Chunks, one behind the other, as an upload's source."""

    def __init__(self, length: int, paths: list[Path]) -> None:
        self.length: int | None = length
        self._paths = paths[::-1]
        self._file: BinaryIO | None = None

    def read(self, size: int, /) -> bytes:
        while True:
            piece = self._file.read(size) if self._file else b""
            if piece or not self._paths:
                return piece
            self.close()
            try:
                self._file = self._paths.pop().open("rb")
            except FileNotFoundError as error:
                raise UploadGone(cause=error) from None

    def close(self) -> None:
        if self._file:
            self._file.close()


def finish(session: Session, upload_id: int) -> None:
    """Remember what became of the body, and let go of its bytes. May be repeated."""
    folder = _folder(session.owner_id, session.token)
    with contextlib.suppress(FileNotFoundError):
        _put(folder, _ABOUT, orjson.dumps({"length": session.length, "upload_id": upload_id}))
        for name in _chunks(folder):
            (folder / name).unlink(missing_ok=True)
        metrics.count("upload_sessions_total", how="finished")


def forget(session: Session) -> None:
    """Remove a session; nothing happens if it is gone."""
    shutil.rmtree(_folder(session.owner_id, session.token), ignore_errors=True)


def sweep() -> int:
    """Remove sessions that were left alone for KEEP_SECONDS; how many."""
    oldest, swept = time.time() - KEEP_SECONDS, 0
    homes = list(_root().iterdir()) if _root().is_dir() else []
    for home in homes:
        for folder in _sessions(home):
            if _touched(folder) < oldest:
                shutil.rmtree(folder, ignore_errors=True)
                swept += 1
    metrics.count("upload_sessions_total", swept, how="swept")
    return swept


def _root() -> Path:
    return environment.get().incoming / "parts"


def _folder(owner_id: int, token: str) -> Path:
    if not _TOKEN.fullmatch(token):
        raise UploadGone(cause="not a session")
    return _root() / str(owner_id) / token


def _token(owner_id: int, key: str) -> str:
    """The same for the same key: whoever lost the answer finds the session again."""
    text = f"parts:{environment.get().secret_key}:{owner_id}:{key}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


@contextlib.contextmanager
def _locked(owner_id: int) -> Iterator[Path]:
    """The folder of a person's sessions, which one process at a time adds to."""
    home = _root() / str(owner_id)
    make_folder(home)
    with (home / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield home


def _make_place(home: Path, *, keep: int) -> None:
    oldest_first = sorted(_sessions(home), key=_touched)
    for folder in oldest_first[: max(0, len(oldest_first) - keep)]:
        shutil.rmtree(folder, ignore_errors=True)
        metrics.count("upload_sessions_total", how="given_up")


def _sessions(home: Path) -> list[Path]:
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        return [path for path in home.iterdir() if _TOKEN.fullmatch(path.name)]
    return []


def _touched(folder: Path) -> float:
    try:
        return folder.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _chunks(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.isdigit())


def _offset(folder: Path) -> int:
    """The end of the chunks that follow each other without a gap."""
    end = 0
    for name in _chunks(folder):
        if int(name) != end:
            break
        end += (folder / name).stat().st_size
    return end


def _put(folder: Path, name: str, data: bytes, *, replace: bool = True) -> bool:
    """Write a file of a session so that it is there whole, and stays. False: it was there, and may not be replaced."""
    part = folder / f".{name}.{secrets.token_hex(4)}"
    with part.open("xb") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    try:
        if replace:
            part.replace(folder / name)
        else:
            os.link(part, folder / name)
    except FileExistsError:
        return False
    finally:
        part.unlink(missing_ok=True)
    sync_folder(folder)
    return True
