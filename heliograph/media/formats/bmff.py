"""HEIC and AVIF: boxes by length, from the first byte to exactly the last.

Decoders of HEIC fill what is missing with grey and say nothing, so a file that was cut off must be found here.
Sizes come from the properties of the primary item, before anything is decoded; no item may be larger than the limits.
The decoders turn the picture by themselves: width and height are those that people see, the orientation is 1.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from heliograph.media.errors import Animated, Damaged, TooManyPixels, UnsupportedType
from heliograph.media.formats.header import MAX_PIXELS, Data, Header, limit, rgb_profile

KINDS = ("heic", "avif")
_MAX_BOXES = 4096
_HEIC = {b"heic", b"heix", b"heim", b"heis"}
_AVIF = {b"avif"}
_SEQUENCES = {b"hevc", b"hevx", b"avis", b"msf1"}

_Box = tuple[bytes, int, int]  # name, start and end of the body


def is_bmff(start: bytes) -> bool:
    return start[4:8] == b"ftyp"


def read(data: Data) -> Header:
    """Walk the boxes. Raises Damaged, Animated, UnsupportedType and the limits' errors."""
    boxes = list(_boxes(data, 0, len(data)))
    if not boxes or boxes[0][0] != b"ftyp":
        raise Damaged(cause="no file type")
    kind = _kind(data, boxes)
    metas = [box for box in boxes if box[0] == b"meta"]
    if len(metas) != 1 or not any(name == b"mdat" for name, _, _ in boxes):
        raise Damaged(cause="no picture inside")
    try:
        width, height, icc = _primary(data, metas[0])
    except (struct.error, IndexError) as error:
        raise Damaged(cause=error) from None
    limit(width, height)
    return Header(kind, width, height, 1, icc, len(data))


def _kind(data: Data, boxes: list[_Box]) -> str:
    _, start, end = boxes[0]
    body = data[start : min(end, start + 400)]
    brands = [body[at : at + 4] for at in (0, *range(8, len(body) - 3, 4))]
    if brands[0] in _SEQUENCES or any(name == b"moov" for name, _, _ in boxes):
        raise Animated()
    for kind, known in (("avif", _AVIF), ("heic", _HEIC)):
        if known.intersection(brands):
            return kind
    raise UnsupportedType(cause=f"brands {brands[:8]}")


def _boxes(data: Data, at: int, end: int) -> Iterator[_Box]:
    for _ in range(_MAX_BOXES):
        if at == end:
            return
        if at + 8 > end:
            raise Damaged(cause=f"no box at byte {at}")
        size, name = struct.unpack(">I4s", data[at : at + 8])
        body = at + 8
        if size == 1:
            size, body = int.from_bytes(data[at + 8 : at + 16], "big"), at + 16
        stop = end if size == 0 else at + size
        if not body <= stop <= end:
            raise Damaged(cause=f"the box at byte {at} leaves the file")
        if size == 0 and name != b"mdat":
            raise Damaged(cause=f"a box without a size at byte {at}")
        yield name, body, stop
        at = stop
    raise Damaged(cause="too many boxes")


def _primary(data: Data, meta: _Box) -> tuple[int, int, bytes | None]:
    """Width, height and profile of the picture that is shown, turned."""
    inside = {name: (start, end) for name, start, end in _boxes(data, meta[1] + 4, meta[2])}
    if not {b"pitm", b"iprp"} <= inside.keys():
        raise Damaged(cause="no primary item")
    start = inside[b"pitm"][0]
    item = int.from_bytes(data[start + 4 : start + (6 if data[start] == 0 else 8)], "big")
    properties = {name: (start, end) for name, start, end in _boxes(data, *inside[b"iprp"])}
    if not {b"ipco", b"ipma"} <= properties.keys():
        raise Damaged(cause="no properties")
    known = list(_boxes(data, *properties[b"ipco"]))
    for name, start, _ in known:
        if name == b"ispe":
            _bounded(*struct.unpack(">II", data[start + 4 : start + 12]))
    mine = [known[number - 1] for number in _associated(data, *properties[b"ipma"], item) if number]
    return _size_and_profile(data, mine)


def _bounded(width: int, height: int) -> None:
    """No item of the file may be larger than a photo may: decoders make room for all that they meet."""
    if width * height > MAX_PIXELS:
        raise TooManyPixels(cause=f"an item of {width} x {height}")


def _size_and_profile(data: Data, properties: list[_Box]) -> tuple[int, int, bytes | None]:
    width = height = 0
    icc, sideways = None, False
    for name, start, end in properties:
        if name == b"ispe":
            width, height = struct.unpack(">II", data[start + 4 : start + 12])
        elif name == b"irot":
            sideways ^= bool(data[start] & 1)
        elif name == b"clap":
            width, height = _aperture(data[start : start + 16])
        elif name == b"colr" and data[start : start + 4] in (b"prof", b"rICC"):
            icc = rgb_profile(data[start + 4 : end])
    if not width or not height:
        raise Damaged(cause="no size")
    return (height, width, icc) if sideways else (width, height, icc)


def _aperture(body: bytes) -> tuple[int, int]:
    """Codecs want even sides; what was added is cut off again."""
    width, per_width, height, per_height = struct.unpack(">IIII", body)
    if not per_width or not per_height:
        raise Damaged(cause="an impossible aperture")
    return width // per_width, height // per_height


def _associated(data: Data, start: int, end: int, item: int) -> list[int]:
    """The numbers of an item's properties, counted from 1."""
    body = data[start:end]
    version, wide = body[0], body[3] & 1
    (entries,) = struct.unpack_from(">I", body, 4)
    at = 8
    for _ in range(min(entries, _MAX_BOXES)):
        found = int.from_bytes(body[at : at + (2 if version == 0 else 4)], "big")
        at += 2 if version == 0 else 4
        count = body[at]
        at += 1
        size = 2 if wide else 1
        if found == item:
            mask = 0x7FFF if wide else 0x7F
            places = range(at, at + count * size, size)
            return [int.from_bytes(body[place : place + size], "big") & mask for place in places]
        at += count * size
    raise Damaged(cause="the primary item has no properties")
