"""JPEG: segments by length up to the end of the first image, and the number of scans.

The scans are counted because decoders pay for each of them: a file of 236 KB with 300 repeated scans
kept two decoders busy for 7 to 12 s. Normal files have 1 to 10. A marker cannot occur inside entropy
data (FF is stuffed there), and header segments are skipped by length, so random EXIF is never miscounted
(a count over the whole file found 174 "scans" in a harmless one).

An MPO is a JPEG followed by more of them: the walk ends with the first image.
"""

from __future__ import annotations

import re
import struct

from heliograph.core.errors import Invalid
from heliograph.media.errors import Damaged, UnsupportedType
from heliograph.media.formats import exif
from heliograph.media.formats.header import MAX_ICC, Data, Header, limit, rgb_profile

MAGIC = b"\xff\xd8\xff"
MAX_SCANS = 100
_MAX_SEGMENTS = 4096  # 25 MB of 64 KB segments are 400

_SOI, _EOI, _SOS, _APP1, _APP2 = 0xD8, 0xD9, 0xDA, 0xE1, 0xE2
_FRAMES = {0xC0, 0xC1, 0xC2}  # baseline, extended, progressive
_OTHER_FRAMES = set(range(0xC3, 0xD0)) - {0xC4, 0xC8, 0xCC}  # lossless, arithmetic, hierarchical
_STANDALONE = {0x01, *range(0xD0, 0xD8)}
#: The next real marker in entropy data: not a stuffed FF, not a restart, not padding.
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")


def read(data: Data) -> Header:
    """Walk the first image of the file. Raises Damaged, UnsupportedType and the limits' errors."""
    return _walked(data, _Walk())


def _walked(data: Data, walk: _Walk) -> Header:
    at, scans = 2, 0
    for _ in range(_MAX_SEGMENTS):
        marker, at = _marker(data, at)
        if marker == _EOI:
            return walk.header(at, scans)
        if marker in _STANDALONE:
            continue
        body, end = _segment(data, at)
        if marker == _SOS:
            scans += 1
            if walk.size is None or scans > MAX_SCANS:
                raise Damaged(cause=f"{scans} scans" if walk.size else "a scan before the frame")
            found = _MARKER.search(data, end)
            if found is None:
                raise Damaged(cause="no end of image")
            end = found.start()
        else:
            walk.take(marker, data, body, end)
        at = end
    raise Damaged(cause="too many segments")


class _Walk:
    """What was met on the way."""

    def __init__(self, *, any_size: bool = False) -> None:
        self._any_size = any_size
        self.size: tuple[int, int] | None = None
        self.orientation: int | None = None
        self.icc: dict[int, bytes] = {}
        self.icc_bytes = 0

    def take(self, marker: int, data: Data, body: int, end: int) -> None:
        if marker in _FRAMES:
            self._frame(data[body:end])
        elif marker in _OTHER_FRAMES:
            raise UnsupportedType(cause=f"JPEG process {marker:02x}")
        elif marker == _SOI:
            raise Damaged(cause="an image inside the image")
        elif marker == _APP1 and self.orientation is None and data[body : body + 6] == b"Exif\0\0":
            self.orientation = exif.orientation(data[body + 6 : end])
        elif marker == _APP2 and end - body > 14 and data[body : body + 12] == b"ICC_PROFILE\0":
            self.icc_bytes += end - body - 14
            if self.icc_bytes <= MAX_ICC:
                self.icc[data[body + 12]] = data[body + 14 : end]

    def _frame(self, body: bytes) -> None:
        if self.size is not None or len(body) < 6:
            raise Damaged(cause="a second frame" if self.size else "a short frame")
        precision, height, width, components = struct.unpack_from(">BHHB", body)
        if precision != 8 or components not in {1, 3, 4}:
            raise UnsupportedType(cause=f"{precision} bits, {components} components")
        if not width or not height or len(body) < 6 + 3 * components:
            raise Damaged(cause=f"{width} x {height}")
        if not self._any_size:
            limit(width, height)
        self.size = (width, height)

    def header(self, end: int, scans: int) -> Header:
        if self.size is None or not scans:
            raise Damaged(cause="no picture inside")
        profile = b"".join(part for _, part in sorted(self.icc.items()))
        icc = rgb_profile(profile) if self.icc_bytes <= MAX_ICC else None
        return Header("jpeg", *self.size, self.orientation or 1, icc, end)


def _marker(data: Data, at: int) -> tuple[int, int]:
    """The marker at `at`, and the place behind it; any number of FF may stand before it."""
    while data[at : at + 2] == b"\xff\xff":
        at += 1
    pair = data[at : at + 2]
    if len(pair) < 2 or pair[0] != 0xFF or pair[1] == 0:
        raise Damaged(cause=f"no marker at byte {at}")
    return pair[1], at + 2


def _segment(data: Data, at: int) -> tuple[int, int]:
    """Start and end of the body of the segment whose length stands at `at`."""
    length = int.from_bytes(data[at : at + 2], "big")
    if length < 2 or at + length > len(data):
        raise Damaged(cause=f"the segment at byte {at} leaves the file")
    return at + 2, at + length


def is_plain(data: bytes, width: int, height: int) -> bool:
    """Whether this is one whole JPEG of that size and nothing else: no metadata, nothing behind it.

    Of any size: of a small photo that was straightened, less is left than a photo must have.
    """
    try:
        header = _walked(data, _Walk(any_size=True))
        at = 2
        while True:
            marker, at = _marker(data, at)
            if marker == _SOS:
                break
            _, at = _segment(data, at)
            if 0xE1 <= marker <= 0xEF or marker == 0xFE:
                return False
    except Invalid:
        return False
    return (header.width, header.height, header.end) == (width, height, len(data))
