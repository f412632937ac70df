"""Making answers smaller: what a client understands, and gzip at the price of a few microseconds.

zlib-ng at level 2 packs a home page of 59 KB into 6.1 KB in 37 us; zlib at its fastest takes 130 us for 6.2 KB,
brotli at its fastest 33 us for 6.5 KB.
"""

from __future__ import annotations

import secrets
import struct
from functools import lru_cache

from zlib_ng import zlib_ng

_LEVEL = 2
_RAW = -15  # deflate without a frame: the frame is made here
_MOST_PADDING = 100  # bytes
_HEAD = b"\x1f\x8b\x08\x08\0\0\0\0\0\xff"  # gzip, deflate, a file name follows, no time, unknown system


@lru_cache(maxsize=256)
def taken(accept_encoding: str) -> frozenset[str]:
    """The codings that a client takes, of gzip and br: those it names, or all by `*`, unless with q=0."""
    said: dict[str, bool] = {}
    for part in accept_encoding.lower().split(","):
        coding, *parameters = (word.strip() for word in part.split(";"))
        said[coding] = not any(_refuses(parameter) for parameter in parameters)
    return frozenset(coding for coding in ("gzip", "br") if said.get(coding, said.get("*", False)))


def _refuses(parameter: str) -> bool:
    name, _, value = parameter.partition("=")
    try:
        return name.strip() == "q" and float(value) == 0
    except ValueError:
        return False


def gzip(body: bytes, *, padded: bool = False) -> bytes:
    """The body in gzip's format. `padded`: with a file name of random length.

    Whoever sees only lengths, and can have a text of theirs put beside a secret, learns from how much shorter the
    answer gets when the text is like the secret (BREACH). The noise makes them ask much more often.
    """
    packer = zlib_ng.compressobj(_LEVEL, zlib_ng.DEFLATED, _RAW)
    name = b"x" * secrets.randbelow(_MOST_PADDING) if padded else b""
    packed = packer.compress(body) + packer.flush()
    return b"".join(
        (_HEAD, name, b"\0", packed, struct.pack("<LL", zlib_ng.crc32(body), len(body) & 0xFFFFFFFF))
    )
