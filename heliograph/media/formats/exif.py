"""The orientation out of an EXIF block. Nothing else of EXIF is ever read."""

from __future__ import annotations

import struct

from heliograph.media.formats.header import MAX_EXIF

_ORIENTATION = 0x0112
_SHORT = 3
_MAX_ENTRIES = 512  # real first directories have about 12


def orientation(tiff: bytes) -> int:
    """The orientation, 1 to 8, of a TIFF block (EXIF without its "Exif" prefix); 1 when in doubt."""
    tiff = tiff[:MAX_EXIF]
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None:
        return 1
    try:
        (start,) = struct.unpack_from(order + "I", tiff, 4)
        (entries,) = struct.unpack_from(order + "H", tiff, start)
        for number in range(min(entries, _MAX_ENTRIES)):
            tag, kind, count, value = struct.unpack_from(order + "HHIH", tiff, start + 2 + 12 * number)
            if tag == _ORIENTATION:
                return value if kind == _SHORT and count == 1 and 1 <= value <= 8 else 1
    except struct.error:
        return 1
    return 1
