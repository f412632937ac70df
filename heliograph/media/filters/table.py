"""A filter's data compiled, and laid on pixels.

`exact` is the definition in floating point; `apply` is what photos get: the table of 33^3 colours in
8 bits, at most 2/255 away from it (tests/parts/media/test_filters.py), five times as fast.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from heliograph.media import filters

SIDE = 33  # colours on each edge of the table
FULL = 100  # the strength at which a filter is what its file says
_MIXED = 64  # tables of a filter at some strength that are kept, 430 KB each
_LIGHTNESS = np.array([0.2126, 0.7152, 0.0722])  # of red, green and blue (BT.709)

Floats = npt.NDArray[np.float64]
Pixels = npt.NDArray[np.uint8]


def apply(name: str, pixels: Pixels, strength: int = FULL) -> Pixels:
    """The filtered picture, of the same size; `strength` from 0 (as it was) to 100. Raises UnknownFilter."""
    if not name:
        return pixels
    return np.asarray(Image.fromarray(pixels).filter(_lut(name, strength)))


def exact(name: str, colours: Floats) -> Floats:
    """Colours from 0 to 1 (last axis: red, green, blue) through all that a filter says."""
    look = filters.definition(name)
    out = _curved(colours, look.get("curves", {}))
    if "matrix" in look:
        out = np.clip(out @ np.array(look["matrix"]).T, 0, 1)
    if "saturation" in look:
        grey = (out @ _LIGHTNESS)[..., None]
        out = np.clip(grey + (out - grey) * look["saturation"], 0, 1)
    return _curved(out, look.get("tones", {}))


@cache
def table(name: str) -> Pixels:
    """The compiled filter: [blue, green, red] -> three bytes. 108 KB; 2 ms, once per process."""
    compiled: Pixels = np.round(exact(name, _grid()) * 255).astype(np.uint8)
    return compiled


def rgba(name: str) -> bytes:
    """The same for browsers: four bytes a colour, red fastest, then green, then blue; 143,748 in all."""
    compiled = table(name)
    return np.concatenate([compiled, np.full_like(compiled[..., :1], 255)], axis=-1).tobytes()


@lru_cache(_MIXED)
def _lut(name: str, strength: int) -> ImageFilter.Color3DLUT:
    """The table mixed with one that changes nothing: exactly the photo mixed with the filtered photo."""
    part = strength / FULL
    mixed = (table(name) / 255 * part + _grid() * (1 - part)).astype(np.float32)
    return ImageFilter.Color3DLUT(SIDE, mixed.ravel(), channels=3)


def _grid() -> Floats:
    """The colours of a table that changes nothing: [blue, green, red] -> red, green, blue."""
    steps = np.linspace(0, 1, SIDE)
    blue, green, red = np.meshgrid(steps, steps, steps, indexing="ij")
    return np.stack([red, green, blue], axis=-1)


def _curved(colours: Floats, curves: Mapping[str, Sequence[Sequence[float]]]) -> Floats:
    out = colours.copy()
    for channel, points in curves.items():
        for number in range(3) if channel == "rgb" else ["rgb".index(channel)]:
            out[..., number] = np.clip(_smooth(points, out[..., number]), 0, 1)
    return out


def _smooth(points: Sequence[Sequence[float]], values: Floats) -> Floats:
    """A cubic through the points that never overshoots between them (Fritsch and Carlson, 1980)."""
    x, y = np.array(points, dtype=float).T
    step, slope = np.diff(x), np.diff(y) / np.diff(x)
    tangent = np.concatenate([slope[:1], (slope[:-1] + slope[1:]) / 2, slope[-1:]])
    flat = slope == 0
    tangent[:-1][flat] = 0
    tangent[1:][flat] = 0
    with np.errstate(divide="ignore", invalid="ignore"):
        a, b = np.nan_to_num(tangent[:-1] / slope), np.nan_to_num(tangent[1:] / slope)
        steep = np.hypot(a, b) > 3
        scale = np.where(steep, 3 / np.hypot(a, b), 1)
    for number in np.flatnonzero(steep):
        tangent[number] = scale[number] * a[number] * slope[number]
        tangent[number + 1] = scale[number] * b[number] * slope[number]
    part = np.clip(np.searchsorted(x, values, side="right") - 1, 0, len(step) - 1)
    t = (values - x[part]) / step[part]
    t2, t3 = t * t, t * t * t
    curve: Floats = (
        (2 * t3 - 3 * t2 + 1) * y[part]
        + (t3 - 2 * t2 + t) * step[part] * tangent[part]
        + (-2 * t3 + 3 * t2) * y[part + 1]
        + (t3 - t2) * step[part] * tangent[part + 1]
    )
    return curve
