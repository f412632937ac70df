"""WebP: RIFF chunks by length."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from heliograph.media.errors import Animated, Damaged
from heliograph.media.formats import exif
from heliograph.media.formats.header import MAX_EXIF, MAX_ICC, Data, Header, limit, rgb_profile

_MAX_CHUNKS = 1024
_ANIMATION = 0x02


def is_webp(start: bytes) -> bool:
    return start[:4] == b"RIFF" and start[8:12] == b"WEBP"


def read(data: Data) -> Header:
    """Walk all chunks. Raises Damaged, Animated and the limits' errors."""
    end = 8 + int.from_bytes(data[4:8], "little")
    canvas: tuple[int, int] | None = None
    size: tuple[int, int] | None = None
    turn, icc = 1, None
    for name, start, stop in _chunks(data, end):
        if name in {b"ANIM", b"ANMF"}:
            raise Animated()
        if name == b"VP8X":
            canvas = _canvas(data[start:stop])
        elif name in {b"VP8 ", b"VP8L"}:
            if size is not None:
                raise Damaged(cause="a second picture")
            size = _lossy(data[start:stop][:10]) if name == b"VP8 " else _lossless(data[start:stop][:5])
        elif name == b"EXIF" and stop - start <= MAX_EXIF:
            turn = exif.orientation(data[start:stop].removeprefix(b"Exif\0\0"))
        elif name == b"ICCP" and stop - start <= MAX_ICC:
            icc = rgb_profile(data[start:stop])
    if size is None or (canvas or size) != size:
        raise Damaged(cause=f"canvas {canvas}, picture {size}")
    limit(*size)
    return Header("webp", *size, turn, icc, end)


def _chunks(data: Data, end: int) -> Iterator[tuple[bytes, int, int]]:
    if end > len(data) or end < 20:
        raise Damaged(cause="the container is longer than the file")
    at = 12
    for _ in range(_MAX_CHUNKS):
        if at == end:
            return
        if at + 8 > end:
            raise Damaged(cause=f"no chunk at byte {at}")
        name, length = struct.unpack_from("<4sI", data, at)
        stop = at + 8 + length
        if stop > end:
            raise Damaged(cause=f"the chunk at byte {at} leaves the file")
        yield name, at + 8, stop
        at = min(stop + length % 2, end)
    raise Damaged(cause="too many chunks")


def _canvas(body: bytes) -> tuple[int, int]:
    if len(body) < 10:
        raise Damaged(cause="short canvas chunk")
    if body[0] & _ANIMATION:
        raise Animated()
    width, height = int.from_bytes(body[4:7], "little") + 1, int.from_bytes(body[7:10], "little") + 1
    limit(width, height)
    return width, height


def _lossy(body: bytes) -> tuple[int, int]:
    if len(body) < 10 or body[0] & 1 or body[3:6] != b"\x9d\x01\x2a":
        raise Damaged(cause="no key frame")
    width, height = struct.unpack_from("<HH", body, 6)
    return width & 0x3FFF, height & 0x3FFF


def _lossless(body: bytes) -> tuple[int, int]:
    if len(body) < 5 or body[0] != 0x2F:
        raise Damaged(cause="no lossless picture")
    bits = int.from_bytes(body[1:5], "little")
    return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
