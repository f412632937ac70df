"""PNG: chunks by length, every checksum, and a copy with nothing but the picture.

Text and colour chunks can unfold to hundreds of megabytes; decoders refuse the whole photo for them.
`picture` leaves them out, so that a photo is not refused for what nobody reads.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from heliograph.media.errors import Animated, Damaged
from heliograph.media.formats import exif
from heliograph.media.formats.header import MAX_EXIF, MAX_ICC, Data, Header, limit, rgb_profile

MAGIC = b"\x89PNG\r\n\x1a\n"
_MAX_CHUNKS = 65_536  # 25 MB in the usual pieces of 8 KB are 3,200
_DEPTHS = {0: {1, 2, 4, 8, 16}, 2: {8, 16}, 3: {1, 2, 4, 8}, 4: {8, 16}, 6: {8, 16}}
_CRITICAL = {b"IHDR", b"PLTE", b"IDAT", b"IEND"}
_PICTURE = _CRITICAL | {b"tRNS"}


def read(data: Data) -> Header:
    """Walk all chunks. Raises Damaged, Animated and the limits' errors."""
    size: tuple[int, int] | None = None
    turn, icc, end, pixels = 1, None, 0, False
    for name, start, stop in _chunks(data):
        if (size is None) != (name == b"IHDR"):
            raise Damaged(cause="the header chunk is missing or repeated")
        if name == b"IHDR":
            size = _dimensions(data[start:stop])
        elif name == b"acTL":
            raise Animated()
        elif name == b"IDAT":
            pixels = True
        elif name == b"eXIf" and stop - start <= MAX_EXIF:
            turn = exif.orientation(data[start:stop])
        elif name == b"iCCP":
            icc = _profile(data[start:stop])
        elif name[0] & 0x20 == 0 and name not in _CRITICAL:
            raise Damaged(cause=f"unknown critical chunk {name!r}")
        end = stop + 4
    if size is None or not pixels:
        raise Damaged(cause="no picture inside")
    return Header("png", *size, turn, icc, end)


def picture(data: Data) -> bytes:
    """The same picture without any other chunk."""
    parts = [MAGIC]
    parts += [data[start - 8 : stop + 4] for name, start, stop in _chunks(data) if name in _PICTURE]
    return b"".join(parts)


def _chunks(data: Data) -> Iterator[tuple[bytes, int, int]]:
    """Name, start and end of the body of each chunk up to IEND, checksums verified."""
    at = len(MAGIC)
    for _ in range(_MAX_CHUNKS):
        if at + 12 > len(data):
            raise Damaged(cause="no end chunk")
        length, name = struct.unpack_from(">I4s", data, at)
        stop = at + 8 + length
        if stop + 4 > len(data) or not name.isalpha():
            raise Damaged(cause=f"the chunk at byte {at} leaves the file")
        # A slice, not a memoryview: a view left behind by an error keeps a mapped file from closing.
        if zlib.crc32(data[at + 4 : stop]) != int.from_bytes(data[stop : stop + 4], "big"):
            raise Damaged(cause=f"checksum of the chunk at byte {at}")
        yield name, at + 8, stop
        if name == b"IEND":
            return
        at = stop + 4
    raise Damaged(cause="too many chunks")


def _dimensions(body: bytes) -> tuple[int, int]:
    if len(body) != 13:
        raise Damaged(cause="length of the header chunk")
    width, height, depth, colour, compression, filtering, interlace = struct.unpack(">IIBBBBB", body)
    if depth not in _DEPTHS.get(colour, ()) or compression or filtering or interlace > 1:
        raise Damaged(cause="impossible header chunk")
    limit(width, height)
    return width, height


def _profile(body: bytes) -> bytes | None:
    """The colour profile, unfolded to MAX_ICC at most; None when it is not usable."""
    name, _, packed = body[:81].partition(b"\0")
    start = len(name) + 2
    if len(name) > 79 or packed[:1] != b"\0":
        return None
    unfold = zlib.decompressobj()
    try:
        profile = unfold.decompress(body[start:], MAX_ICC + 1)
    except zlib.error:
        return None
    return rgb_profile(profile)
