"""What a seed makes of a photo: flips, cuts, lies about lengths, splices; and checksums put right again, so that a
change gets past the walkers and to the decoders."""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Callable, Sequence

_EDGES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
#: What structure hangs on, in all formats that are read here.
_MARKS = (
    b"\xff\xc0", b"\xff\xc2", b"\xff\xc4", b"\xff\xda", b"\xff\xdb", b"\xff\xdd", b"\xff\xe1", b"\xff\xe2",
    b"IHDR", b"PLTE", b"IDAT", b"tRNS", b"iCCP", b"eXIf", b"VP8 ", b"VP8L", b"VP8X", b"ICCP", b"EXIF", b"RIFF",
    b"ftyp", b"meta", b"pitm", b"iloc", b"iinf", b"iprp", b"ipco", b"ipma", b"ispe", b"irot", b"clap", b"colr",
    b"mdat", b"hvcC", b"av1C", b"II*\0", b"MM\0*", b"acsp", b"desc",
)  # fmt: skip

Change = Callable[[random.Random, bytearray, bytes], None]


def mutate(rng: random.Random, photo: bytes, other: bytes) -> bytes:
    """The photo after one to four changes; `other` is what splices are taken from."""
    out = bytearray(photo)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 4))):
        if out:
            rng.choice(CHANGES)(rng, out, other)
    if rng.random() < 0.8:
        _put_right(out)
    return bytes(out)


def _somewhere(rng: random.Random, out: bytearray) -> int:
    """Mostly behind a mark, or among the first bytes: there the structure is."""
    if rng.random() < 0.7:
        found = [at for mark in rng.sample(_MARKS, 12) if (at := out.find(mark, rng.randrange(2) * 64)) >= 0]
        if found:
            return min(rng.choice(found) + rng.randrange(24), len(out) - 1)
    return rng.randrange(min(len(out), 1024) if rng.random() < 0.5 else len(out))


def _flip_bits(rng: random.Random, out: bytearray, other: bytes) -> None:
    for _ in range(rng.choice((1, 1, 2, 8, 64))):
        out[_somewhere(rng, out)] ^= 1 << rng.randrange(8)


def _set_bytes(rng: random.Random, out: bytearray, other: bytes) -> None:
    at = _somewhere(rng, out)
    for place in range(at, min(at + rng.choice((1, 2, 4, 16)), len(out))):
        out[place] = rng.choice((0, 0xFF, rng.randrange(256)))


def _lie(rng: random.Random, out: bytearray, other: bytes) -> None:
    """A length, a size or a number of something, of two or four bytes and either order."""
    shape = rng.choice((">H", ">I", "<I", "<H"))
    size = struct.calcsize(shape)
    value = rng.choice((*_EDGES, rng.randrange(1 << 31), len(out))) & ((1 << 8 * size) - 1)
    at = max(0, _somewhere(rng, out) - rng.choice((0, 4, 8)))
    out[at : at + size] = struct.pack(shape, value)


def _cut(rng: random.Random, out: bytearray, other: bytes) -> None:
    del out[rng.choice((_somewhere(rng, out), len(out) // 2, len(out) - 1, rng.randrange(len(out)))) :]


def _take_out(rng: random.Random, out: bytearray, other: bytes) -> None:
    at = _somewhere(rng, out)
    del out[at : at + rng.choice((1, 2, 4, 100, 4096))]


def _repeat(rng: random.Random, out: bytearray, other: bytes) -> None:
    at = _somewhere(rng, out)
    piece = bytes(out[at : at + rng.choice((1, 8, 64, 1024))])
    out[at:at] = piece * rng.choice((1, 2, 50))


def _splice(rng: random.Random, out: bytearray, other: bytes) -> None:
    """A piece of another photo in the middle, or its end instead of the own one."""
    if not other:
        return
    start, at = rng.randrange(len(other)), _somewhere(rng, out)
    if rng.random() < 0.5:
        out[at:] = other[start:]
    else:
        piece = other[start : start + rng.choice((4, 64, 4096))]
        out[at : at + len(piece)] = piece


def _behind(rng: random.Random, out: bytearray, other: bytes) -> None:
    out += other[: rng.choice((1, 100, 100_000))]


CHANGES: Sequence[Change] = (
    _flip_bits,
    _flip_bits,
    _set_bytes,
    _lie,
    _lie,
    _cut,
    _take_out,
    _repeat,
    _splice,
    _behind,
)


def _put_right(out: bytearray) -> None:
    """Checksums of PNG, and the length in the head of a WebP."""
    if out.startswith(b"RIFF") and len(out) >= 12:
        out[4:8] = struct.pack("<I", len(out) - 8)
    if not out.startswith(b"\x89PNG\r\n\x1a\n"):
        return
    at = 8
    while at + 12 <= len(out):
        stop = at + 8 + int.from_bytes(out[at : at + 4], "big")
        if stop + 4 > len(out):
            return
        out[stop : stop + 4] = struct.pack(">I", zlib.crc32(out[at + 4 : stop]))
        at = stop + 4
