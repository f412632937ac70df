"""Where finished pictures lie. A small interface, and local files behind it.

    renditions/{ab}/{token}/{size}.jpg      what is served
    masters/{ab}/{token}.jpg                what is worked from; apart, so that nothing serves it by mistake

`ab` are two random characters of the token: 256 folders, evenly filled. Keys are what an S3 bucket
would call its objects, so that one can stand behind the same interface.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

from heliograph.core import environment
from heliograph.core.disk import make_folder, sync_folder
from heliograph.core.errors import NotFound

_KEY = re.compile(r"(renditions|masters)(/[a-z0-9]{1,64}){1,3}\.jpg")


class NoPicture(NotFound):
    """There is no picture at this address."""

    code = "no_picture"


class Storage(Protocol):
    """What every store of pictures can do. All of it may be repeated."""

    def put(self, key: str, data: bytes) -> None:
        """Keep it, whole or not at all; once this returns it survives a power cut."""

    def open(self, key: str) -> BinaryIO:
        """The picture, to be read. Raises NoPicture."""

    def delete(self, key: str) -> None:
        """Forget it; nothing happens if it is not there."""

    def exists(self, key: str) -> bool: ...

    def list(self, prefix: str) -> Iterator[str]:
        """The keys that begin so, in no order; for audits."""


def rendition(token: str, size: int) -> str:
    return f"renditions/{token[1:3]}/{token}/{size}.jpg"


def master(token: str) -> str:
    return f"masters/{token[1:3]}/{token}.jpg"


def get() -> Storage:
    """The storage of this process's environment."""
    return Files(environment.get().media)


class Files:
    """A folder of this machine."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, key: str, data: bytes) -> None:
        path = self._path(key)
        make_folder(path.parent)
        part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        try:
            with part.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)

    def open(self, key: str) -> BinaryIO:
        try:
            return self._path(key).open("rb")
        except FileNotFoundError as error:
            raise NoPicture(cause=error) from None

    def delete(self, key: str) -> None:
        path = self._path(key)
        path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # not empty, or gone already
            path.parent.rmdir()

    def exists(self, key: str) -> bool:
        return self._path(key).is_file()

    def list(self, prefix: str) -> Iterator[str]:
        top = self._root / prefix.partition("/")[0]
        for path in top.rglob("[!.]*.jpg"):
            key = path.relative_to(self._root).as_posix()
            if key.startswith(prefix):
                yield key

    def _path(self, key: str) -> Path:
        if not _KEY.fullmatch(key):
            raise NoPicture(cause=f"key {key!r}")
        return self._root / key
