"""What a photo says about itself before anybody has decoded it."""

from __future__ import annotations

import mmap
from dataclasses import dataclass

from heliograph.media.errors import TooManyPixels, TooSmall

#: Bytes of a photo: in memory, or mapped from its file.
Data = bytes | mmap.mmap

MAX_PIXELS = 50_000_000
MAX_SIDE = 16_384  # pixels
MIN_SIDE = 150  # pixels: the smallest rendition, which is never enlarged
MAX_ICC = 2 * 1024 * 1024  # bytes; a larger profile is ignored, the photo counts as sRGB
MAX_EXIF = 256 * 1024  # bytes of EXIF in which the orientation is looked for


@dataclass(frozen=True)
class Header:
    """The photo as stored: `width` and `height` are before turning by `orientation` (EXIF, 1 to 8)."""

    kind: str
    width: int
    height: int
    orientation: int = 1
    icc: bytes | None = None  # only a profile for RGB pixels
    end: int = 0  # the photo proper ends here; what follows is not ours (MPO, trailers)

    @property
    def turned(self) -> tuple[int, int]:
        """Width and height as people see them."""
        return (self.height, self.width) if self.orientation >= 5 else (self.width, self.height)


def limit(width: int, height: int) -> None:
    """Refuse sizes outside the limits; the numbers come from headers, before any decoding."""
    if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
        raise TooManyPixels(cause=f"{width} x {height}")
    if min(width, height) < MIN_SIDE:
        raise TooSmall(cause=f"{width} x {height}")


def rgb_profile(profile: bytes) -> bytes | None:
    """The profile if it fits pixels decoded to RGB; a CMYK or grey one would be wrong on them."""
    if 132 <= len(profile) <= MAX_ICC and profile[16:20] == b"RGB ":
        return profile
    return None
