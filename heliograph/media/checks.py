"""The request's look at an upload: is this a photo that we take?

By its first bytes, never by its name or by the type that the sender declared. What passes here may
still turn out to be broken inside: pixels are decoded in the cage alone.
"""

from __future__ import annotations

import mmap

from heliograph.media.errors import NoFile, TooLarge, UnsupportedType
from heliograph.media.formats import jpeg, png, webp
from heliograph.media.formats.header import Data, Header

MAX_BYTES = 25 * 1024 * 1024


def check(data: Data, *, max_bytes: int = MAX_BYTES) -> Header:
    """The photo's header, or the reason why it is refused, as a leaf of `media.errors`."""
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
    raise UnsupportedType(cause=f"begins with {start!r}")


def check_file(fd: int, *, max_bytes: int = MAX_BYTES) -> Header:
    """The same for an open file, which is mapped and not read into memory."""
    try:
        mapped = mmap.mmap(fd, 0, access=mmap.ACCESS_READ)
    except ValueError as error:  # an empty file cannot be mapped
        raise NoFile(cause=error) from None
    with mapped:
        return check(mapped, max_bytes=max_bytes)
