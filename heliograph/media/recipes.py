"""What is asked of the cage, and what comes back: plain data on both sides of its wall."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from heliograph.media import frames
from heliograph.media.frames import WHOLE, Crop, Frame

#: Widths of the renditions in pixels. The first is a square; none is ever enlarged.
SIZES = (150, 320, 640, 1080)
SQUARE = 150
_KEPT = ("strength", "frame")
MASTER_WIDTH = 2160  # pixels; a master is from 1,440 wide to this, if the photo is


@dataclass(frozen=True)
class Recipe:
    """How a photo is to be made. `square` crops to a square first (pictures of people)."""

    filter: str = ""
    strength: int = 100  # of the filter; 0 is none
    frame: Frame = WHOLE
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


def largest(width: int, height: int, frame: Frame = WHOLE) -> tuple[int, int]:
    """How large the largest rendition of such a photo will be, to a pixel or two."""
    return dimensions(*frames.shown(frame, width, height), max(SIZES))


def fitted(width: int, height: int, longest: int) -> tuple[int, int]:
    """How large a picture is whose longer side is at most `longest`."""
    part = min(1.0, longest / max(width, height))
    return max(1, round(width * part)), max(1, round(height * part))


def dimensions(width: int, height: int, size: int) -> tuple[int, int]:
    """How large a rendition is; width and height are those of a larger one, or of the photo's row."""
    if size == SQUARE:
        side = min(size, width, height)
        return side, side
    return min(size, width), height if width <= size else max(1, round(height * size / width))


def kept(recipe: Recipe) -> dict[str, Any]:
    """What a photo's row keeps of a recipe, beside the filter: what differs from a plain one."""
    plain = packed(Recipe())
    return {name: value for name, value in packed(recipe).items() if name in _KEPT and value != plain[name]}


def packed(recipe: Recipe) -> dict[str, Any]:
    """A recipe as plain data, for a message or a row."""
    values = asdict(recipe)
    crop = recipe.frame.crop
    values["frame"]["crop"] = None if crop is None else list(crop)
    return values


def unpacked(data: Mapping[str, Any]) -> Recipe:
    """The recipe that was `packed`; what is missing is as in a plain one."""
    values = dict(data)
    if "sizes" in values:
        values["sizes"] = tuple(values["sizes"])
    if "frame" in values:
        frame = values["frame"]
        crop = frame.get("crop")
        values["frame"] = Frame(**frame | {"crop": crop if crop is None else Crop(*crop)})
    return Recipe(**values)
