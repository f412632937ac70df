"""Which part of a photo is shown, and how it lies: a crop, a few degrees, quarter turns.

    1. The photo stands upright (EXIF), then turns clockwise by `turn` (0, 90, 180, 270): it is W x H now.
    2. The crop is a rectangle of the finished photo. Its centre is (x W, y H); it is width W wide and height H high.
    3. The picture is turned clockwise by `straighten` degrees behind that rectangle, about the rectangle's centre.

All four corners lie in the picture, so nothing black is ever shown. What a browser rounded may stick out by one
pixel; then the rectangle shrinks about its centre.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from heliograph.media.errors import BadCrop
from heliograph.media.formats.header import MIN_SIDE

#: Width divided by height that a posted photo may have; without a crop it is cropped around its centre.
NARROWEST, WIDEST = 4 / 5, 1.91
MOST_DEGREES = 20.0
TURNS = (0, 90, 180, 270)

_SHAPE_SLACK = 0.01  # of the ratio: sides are whole pixels somewhere on the way
_EDGE_SLACK = 1.0  # pixels that a corner may stick out


class Crop(NamedTuple):
    """A rectangle of the finished photo, in parts of the turned photo's width and height."""

    x: float
    y: float
    width: float
    height: float


class Cut(NamedTuple):
    """The same in pixels: centre and sides."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Frame:
    """How a photo is cut. Without a crop: as much of its middle as has an allowed shape."""

    crop: Crop | None = None
    straighten: float = 0.0
    turn: int = 0


WHOLE = Frame()


def of(crop: Iterable[float | None], straighten: float = 0.0, turn: int = 0) -> Frame:
    """A frame from the numbers of a form, not yet held against a photo. Raises BadCrop for a part of a crop."""
    parts = [part for part in crop if part is not None]
    if len(parts) not in (0, 4):
        raise BadCrop(fields={"crop": "needs crop_x, crop_y, crop_w and crop_h"})
    return Frame(Crop(*parts) if parts else None, round(straighten, 1), turn)


def clamped(width: int, height: int, *, square: bool = False) -> tuple[int, int]:
    """The largest part of a picture that has an allowed shape."""
    narrowest, widest = (1.0, 1.0) if square else (NARROWEST, WIDEST)
    return min(width, round(height * widest)), min(height, round(width / narrowest))


def turned(frame: Frame, width: int, height: int) -> tuple[int, int]:
    """How large an upright photo is once it has had its quarter turns."""
    return (height, width) if frame.turn % 180 else (width, height)


def check(frame: Frame, width: int, height: int) -> None:
    """Raise BadCrop unless the frame fits an upright photo of this size."""
    if not -MOST_DEGREES <= frame.straighten <= MOST_DEGREES:
        raise BadCrop(fields={"straighten": "must be between -20 and 20 degrees"})
    if frame.turn not in TURNS:
        raise BadCrop(fields={"turn": "must be 0, 90, 180 or 270"})
    across, down = turned(frame, width, height)
    if frame.crop is not None:
        _check_crop(frame.crop, frame.straighten, across, down)
    cut = cut_of(frame, across, down)
    if min(round(cut.width), round(cut.height)) < MIN_SIDE:
        raise BadCrop(fields={"crop": f"must be at least {MIN_SIDE} pixels wide and high"})


def _check_crop(crop: Crop, straighten: float, across: int, down: int) -> None:
    if not all(math.isfinite(part) for part in crop) or min(crop.width, crop.height) <= 0:
        raise BadCrop(fields={"crop": "must be a rectangle"})
    cut = _pixels(crop, across, down)
    shape = cut.width / cut.height
    if not NARROWEST * (1 - _SHAPE_SLACK) <= shape <= WIDEST * (1 + _SHAPE_SLACK):
        raise BadCrop(fields={"crop": "must be between 4:5 and 1.91:1"})
    reach_x, reach_y = _reach(cut, straighten)
    room_x, room_y = _room(cut, across, down)
    if max(reach_x - room_x, reach_y - room_y) > _EDGE_SLACK:
        raise BadCrop(fields={"crop": "must lie within the photo"})


def cut_of(frame: Frame, across: int, down: int) -> Cut:
    """The rectangle to be cut out of a turned photo of this size, shrunk about its centre until it fits."""
    if frame.crop is None:
        cut = Cut(across / 2, down / 2, *map(float, clamped(across, down)))
    else:
        cut = _pixels(frame.crop, across, down)
    reach_x, reach_y = _reach(cut, frame.straighten)
    room_x, room_y = _room(cut, across, down)
    fits = max(0.0, min(1.0, room_x / reach_x, room_y / reach_y))
    return cut._replace(width=max(1.0, cut.width * fits), height=max(1.0, cut.height * fits))


def shown(frame: Frame, width: int, height: int) -> tuple[int, int]:
    """How large the cut-out of an upright photo is, in whole pixels."""
    cut = cut_of(frame, *turned(frame, width, height))
    return max(1, round(cut.width)), max(1, round(cut.height))


def box(cut: Cut, straighten: float) -> tuple[float, float, float, float]:
    """Left, top, right, bottom of the smallest upright rectangle around a straightened one."""
    reach_x, reach_y = _reach(cut, straighten)
    return cut.x - reach_x, cut.y - reach_y, cut.x + reach_x, cut.y + reach_y


def _pixels(crop: Crop, across: int, down: int) -> Cut:
    return Cut(crop.x * across, crop.y * down, crop.width * across, crop.height * down)


def _reach(cut: Cut, straighten: float) -> tuple[float, float]:
    """How far a turned rectangle reaches from its centre, to the sides and up and down."""
    angle = math.radians(abs(straighten))
    sine, cosine = math.sin(angle), math.cos(angle)
    return (cut.width * cosine + cut.height * sine) / 2, (cut.width * sine + cut.height * cosine) / 2


def _room(cut: Cut, across: int, down: int) -> tuple[float, float]:
    return min(cut.x, across - cut.x), min(cut.y, down - cut.y)
