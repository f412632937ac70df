"""Filters: data, compiled once; a golden picture of each.

`python -m tests.parts.media.test_filters` writes the golden pictures anew, after a change that was meant.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from heliograph.media import filters
from heliograph.media.errors import UnknownFilter
from heliograph.media.filters import table

GOLDEN = Path(__file__).parent / "golden"
NAMES = [name for name in filters.names() if name]
FOLDER = Path(filters.__file__).parent


def chart() -> npt.NDArray[np.uint8]:
    """Ramps of grey, of the six pure hues and of skin, with room for a vignette: 192 x 128."""
    ramp = np.linspace(0, 255, 192)
    hues = [(1, 1, 1), (1, 0, 0), (1, 1, 0), (0, 1, 0), (0, 1, 1), (0, 0, 1), (1, 0, 1), (1, 0.78, 0.65)]
    rows = [np.repeat((ramp[:, None] * np.array(hue))[None], 16, axis=0) for hue in hues]
    return np.concatenate(rows).round().astype(np.uint8)


def exactly(name: str, pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """The definition, in floating point, vignette and all."""
    wanted = table.exact(name, pixels / 255) * 255
    vignette = filters.definition(name).get("vignette")
    if vignette:
        wanted = wanted * table.vignette_mask(*pixels.shape[:2], **vignette)[:, :, None]
    return wanted


@pytest.mark.parametrize("name", NAMES)
def test_a_filter_looks_as_it_always_did(name: str) -> None:
    golden = np.asarray(Image.open(GOLDEN / f"{name}.png").convert("RGB")).astype(int)
    assert np.abs(table.apply(name, chart()).astype(int) - golden).max() <= 2


@pytest.mark.parametrize("name", NAMES)
def test_the_table_keeps_to_the_definition(name: str) -> None:
    """Within 2/255 of the definition, rounded."""
    noise = np.random.default_rng(3).integers(0, 256, (300, 400, 3), dtype=np.uint8)
    for pixels in (chart(), noise):
        far = np.abs(table.apply(name, pixels) - np.round(exactly(name, pixels)))
        assert far.max() <= 2
        assert far.mean() < 0.4


def test_no_filter_leaves_a_photo_as_it_is() -> None:
    pixels = chart()
    assert table.apply("", pixels) is pixels


def test_a_graphite_photo_is_grey() -> None:
    shown = table.apply("graphite", chart()).astype(int)
    assert np.abs(shown - shown[:, :, :1]).max() <= 1


@pytest.mark.parametrize("name", ["sepia", "../amber", "Amber", "amber.json", "\0"])
def test_an_unknown_filter_is_refused(name: str) -> None:
    with pytest.raises(UnknownFilter):
        table.apply(name, chart())


def test_every_file_is_a_filter_and_every_filter_a_file() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.json")) == sorted(NAMES)
    assert filters.title("") == "Normal"
    for name in NAMES:
        look = json.loads((FOLDER / f"{name}.json").read_text())
        assert look.keys() <= {"title", "curves", "matrix", "overlay", "vignette"}
        assert filters.title(name)


def test_curves_go_through_their_points_and_never_back() -> None:
    points = [[0, 0.03], [0.25, 0.24], [0.5, 0.54], [0.75, 0.8], [1, 0.98]]
    x = np.linspace(0, 1, 1001)
    curve = table._smooth(points, x)
    assert np.allclose(table._smooth(points, np.array([p[0] for p in points])), [p[1] for p in points])
    assert (np.diff(curve) >= -1e-9).all()
    flat = table._smooth([[0, 0], [0.4, 0.5], [0.6, 0.5], [1, 1]], x)
    assert flat.max() <= 1 and (np.diff(flat) >= -1e-9).all()


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for each in NAMES:
        made = np.clip(np.round(exactly(each, chart())), 0, 255).astype(np.uint8)
        Image.fromarray(made).save(GOLDEN / f"{each}.png", optimize=True)
