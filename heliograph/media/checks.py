"""The request's look at an upload: is this a photo that we take?

By its first bytes, never by its name or by the type that the sender declared. What passes here may
still turn out to be broken inside: pixels are decoded in the cage alone.
"""

from __future__ import annotations

import mmap

from heliograph.core import environment
from heliograph.media.errors import NoFile, TooLarge, UnsupportedType
from heliograph.media.formats import bmff, jpeg, png, webp
from heliograph.media.formats.header import Data, Header

MAX_BYTES = 25 * 1024 * 1024
_TYPES = ("image/jpeg", "image/png", "image/webp")
_MODERN_TYPES = ("image/heic", "image/heif", "image/avif")


def check(data: Data, *, max_bytes: int = MAX_BYTES, modern: bool = False) -> Header:
    """The photo's header, or the reason why it is refused, as a leaf of `media.errors`.

    `modern`: HEIC and AVIF are taken, too.
    """
    if len(data) == 0:
        raise NoFile()
    if len(data) > max_bytes:
        raise TooLarge(cause=f"{len(data)} bytes")
    start = data[:16]
    if start.startswith(jpeg.MAGIC):
        return jpeg.read(data)
    if start.startswith(png.MAGIC):
        return png.read(data)
    if webp.is_webp(start):
        return webp.read(data)
    if modern and bmff.is_bmff(start):
        return bmff.read(data)
    raise refusal(modern, cause=f"begins with {start!r}")


def refusal(modern: bool, *, cause: object = None) -> UnsupportedType:
    """What is said to somebody who sends something else."""
    if modern:
        return UnsupportedType("Use a JPEG, PNG, WebP, HEIC or AVIF photo.", cause=cause)
    return UnsupportedType(cause=cause)


def accepted() -> tuple[str, ...]:
    """The types that a chooser of files is told. An iPhone that reads only these sends JPEG instead of HEIC."""
    return _TYPES + (_MODERN_TYPES if environment.get().accept_heic else ())


def require(kind: str) -> None:
    """Raise UnsupportedType for an upload of a kind that is not taken any more."""
    if kind in bmff.KINDS and not environment.get().accept_heic:
        raise UnsupportedType(cause=kind)


def check_file(fd: int, *, max_bytes: int = MAX_BYTES) -> Header:
    """The same for an open file, which is mapped and not read into memory; of the kinds that are taken here."""
    try:
        mapped = mmap.mmap(fd, 0, access=mmap.ACCESS_READ)
    except ValueError as error:  # an empty file cannot be mapped
        raise NoFile(cause=error) from None
    with mapped:
        return check(mapped, max_bytes=max_bytes, modern=environment.get().accept_heic)
