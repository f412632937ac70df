"""Where style sheets, scripts and pictures of the pages are found: under one address per release.

/static/<digest>/… with a digest over all files. A release is a new address, so browsers may keep every file for
ever, and relative imports between modules work as they are.

With HELIOGRAPH_STATIC, the web server's first start of a release copies the files to <folder>/<digest>/ with smaller
ones beside them (.br, .gz), once; the files of the release before stay, for pages that are still open.
"""

from __future__ import annotations

import gzip
import hashlib
import logging
import os
import shutil
import tempfile
from functools import cache
from importlib import resources
from pathlib import Path

_log = logging.getLogger(__name__)

_TEXT = {".css", ".js", ".svg", ".json", ".bin", ".webmanifest"}
_SMALL = 64 * 1024  # bytes up to which brotli's slowest level is not felt
_WORTH_IT = 0.95  # of the bytes
_SAME_TIME = 1767225600  # of all files, so that every machine of a fleet names a file's version alike
_KEPT = 2  # releases


def folder() -> Path:
    """The folder of the web door's static files."""
    return Path(str(resources.files("heliograph"))) / "web" / "static"


@cache
def digest() -> str:
    """The name of this release's files."""
    found = hashlib.sha256()
    for file in _files(folder()):
        found.update(f"{file.relative_to(folder())}\0".encode())
        found.update(file.read_bytes())
    return found.hexdigest()[:12]


def address() -> str:
    """The address of this release's files."""
    return f"/static/{digest()}/"


def root(built: str) -> str | None:
    """The folder with the built files of this release and the one before; None: they are not built."""
    return built if built and Path(built, digest()).is_dir() else None


def build(target: str) -> None:
    """Make the files of this release ready in `target`, if they are not. May run twice at the same time."""
    if not target or root(target):
        return
    try:
        _build(Path(target))
    except OSError as error:
        _log.warning("files are sent as they are, not compressed: %s", error)


def _build(target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    making = Path(tempfile.mkdtemp(prefix=".making-", dir=target))
    try:
        for file in _files(folder()):
            made = making / file.relative_to(folder())
            made.parent.mkdir(parents=True, exist_ok=True)
            _write(made, file.read_bytes())
        # A proxy may read them whoever we run as, and whatever its umask.
        for path in (making, *making.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
        try:
            making.rename(target / digest())
        except OSError:
            if not root(str(target)):  # else another process was first
                raise
    finally:
        shutil.rmtree(making, ignore_errors=True)
    _forget_old(target)


def _write(made: Path, content: bytes) -> None:
    variants = {"": content}
    if made.suffix in _TEXT:
        variants |= {".br": _brotli(content), ".gz": gzip.compress(content, 9, mtime=0)}
    for suffix, packed in variants.items():
        if suffix and len(packed) > len(content) * _WORTH_IT:
            continue
        path = made.with_name(made.name + suffix)
        path.write_bytes(packed)
        os.utime(path, (_SAME_TIME, _SAME_TIME))


def _brotli(content: bytes) -> bytes:
    import brotli  # here: only the first start of a release needs it

    packed: bytes = brotli.compress(content, quality=11 if len(content) < _SMALL else 9)
    return packed


def _forget_old(target: Path) -> None:
    releases = [path for path in target.iterdir() if path.is_dir() and not path.name.startswith(".")]
    others = [path for path in releases if path.name != digest()]
    for path in sorted(others, key=lambda path: path.stat().st_ctime, reverse=True)[_KEPT - 1 :]:
        shutil.rmtree(path, ignore_errors=True)


def _files(where: Path) -> list[Path]:
    return sorted(path for path in where.rglob("*") if path.is_file())
