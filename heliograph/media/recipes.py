"""What is asked of the cage, and what comes back: plain data on both sides of its wall."""

from __future__ import annotations

from dataclasses import dataclass, field

#: Widths of the renditions in pixels. The first is a square; none is ever enlarged.
SIZES = (150, 320, 640, 1080)
SQUARE = 150
MASTER_WIDTH = 2160  # pixels; a master is from 1,440 wide to this, if the photo is

#: Width divided by height that a posted photo may have; others are cropped around their centre.
NARROWEST, WIDEST = 4 / 5, 1.91


@dataclass(frozen=True)
class Recipe:
    """How a photo is to be made. `square` crops to a square first (pictures of people)."""

    filter: str = ""
    square: bool = False
    sizes: tuple[int, ...] = SIZES
    master: bool = True


@dataclass(frozen=True)
class Picture:
    """One finished JPEG."""

    data: bytes
    width: int
    height: int


@dataclass(frozen=True)
class Rendered:
    """All pictures of one photo."""

    renditions: dict[int, Picture]
    placeholder: str
    master: Picture | None = None
    previews: dict[str, Picture] = field(default_factory=dict)

    @property
    def largest(self) -> Picture:
        return self.renditions[max(self.renditions)]


def cropped(width: int, height: int, *, square: bool = False) -> tuple[int, int]:
    """The largest part of a picture that has an allowed shape."""
    narrowest, widest = (1.0, 1.0) if square else (NARROWEST, WIDEST)
    return min(width, round(height * widest)), min(height, round(width / narrowest))


def largest(width: int, height: int) -> tuple[int, int]:
    """How large the largest rendition of such a photo will be, to a pixel or two."""
    return dimensions(*cropped(width, height), max(SIZES))


def dimensions(width: int, height: int, size: int) -> tuple[int, int]:
    """How large a rendition is; width and height are those of a larger one, or of the photo's row."""
    if size == SQUARE:
        side = min(size, width, height)
        return side, side
    return min(size, width), height if width <= size else max(1, round(height * size / width))
