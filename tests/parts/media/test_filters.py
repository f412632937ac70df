"""Filters: data, compiled once; a golden picture of each; the same tables for browsers.

`python -m tests.parts.media.test_filters` writes the golden pictures and the browsers' tables anew, after a change
that was meant.
"""

from __future__ import annotations

import colorsys
import itertools
import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from heliograph.config import static
from heliograph.media import filters
from heliograph.media.errors import UnknownFilter
from heliograph.media.filters import table

GOLDEN = Path(__file__).parent / "golden"
NAMES = [name for name in filters.names() if name]
GREY = {"graphite", "walnut"}
FOLDER = Path(filters.__file__).parent
LUTS = static.folder() / "luts"
SKIN = [(255, 224, 200), (234, 192, 165), (224, 172, 138), (198, 134, 100), (141, 85, 54), (92, 56, 38)]


def chart() -> npt.NDArray[np.uint8]:
    """Ramps of grey, of the six pure hues and of skin: 192 x 128."""
    ramp = np.linspace(0, 255, 192)
    hues = [(1, 1, 1), (1, 0, 0), (1, 1, 0), (0, 1, 0), (0, 1, 1), (0, 0, 1), (1, 0, 1), (1, 0.78, 0.65)]
    rows = [np.repeat((ramp[:, None] * np.array(hue))[None], 16, axis=0) for hue in hues]
    return np.concatenate(rows).round().astype(np.uint8)


@pytest.mark.parametrize("name", NAMES)
def test_a_filter_looks_as_it_always_did(name: str) -> None:
    golden = np.asarray(Image.open(GOLDEN / f"{name}.png").convert("RGB")).astype(int)
    assert np.abs(table.apply(name, chart()).astype(int) - golden).max() <= 2


@pytest.mark.parametrize("name", NAMES)
def test_the_table_keeps_to_the_definition(name: str) -> None:
    """Within 2/255 of the definition, rounded."""
    noise = np.random.default_rng(3).integers(0, 256, (300, 400, 3), dtype=np.uint8)
    for pixels in (chart(), noise):
        far = np.abs(table.apply(name, pixels) - np.round(table.exact(name, pixels / 255) * 255))
        assert far.max() <= 2
        assert far.mean() < 0.4


def test_no_filter_leaves_a_photo_as_it_is() -> None:
    pixels = chart()
    assert table.apply("", pixels) is pixels


def test_a_graphite_photo_is_grey_and_a_walnut_one_has_one_warm_tone() -> None:
    shown = table.apply("graphite", chart()).astype(int)
    assert np.abs(shown - shown[:, :, :1]).max() <= 1
    warm = table.apply("walnut", chart()).astype(int)
    assert (warm[..., 0] - warm[..., 2])[warm[..., 1] > 20].min() >= 0
    assert (warm.max(axis=-1) - warm.min(axis=-1)).max() < 40


@pytest.mark.parametrize("name", NAMES)
def test_lights_keep_their_steps_and_whites_are_not_blown(name: str) -> None:
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=-1)
    lightness = table.exact(name, ramp / 255)[0].mean(axis=-1)
    assert (np.diff(lightness) > 0).all()
    assert (
        lightness[-1] - lightness[-26] > 0.03
    )  # a tenth of the way down from white is still told from white
    assert lightness[-1] > 0.9


@pytest.mark.parametrize("name", [name for name in NAMES if name not in GREY])
@pytest.mark.parametrize("skin", SKIN)
def test_skin_stays_human(name: str, skin: tuple[int, int, int]) -> None:
    """Its hue moves by less than 18 degrees: nobody turns green, nobody turns pink; and it stays coloured."""
    before = colorsys.rgb_to_hsv(*(channel / 255 for channel in skin))
    after = colorsys.rgb_to_hsv(*table.exact(name, np.array(skin) / 255))
    turned = abs((after[0] - before[0] + 0.5) % 1 - 0.5) * 360
    assert turned < 18, f"{turned:.0f} degrees"
    assert after[1] * after[2] > before[1] * before[2] * 0.4


def test_no_two_filters_look_alike() -> None:
    shown = {name: table.apply(name, chart()).astype(int) for name in filters.names()}
    for one, other in itertools.combinations(shown, 2):
        assert np.abs(shown[one] - shown[other]).mean() > 3, (one, other)


@pytest.mark.parametrize("name", NAMES)
def test_strength_mixes_the_photo_with_the_filtered_photo(name: str) -> None:
    noise = np.random.default_rng(5).integers(0, 256, (200, 200, 3), dtype=np.uint8)
    whole = table.apply(name, noise).astype(float)
    for strength in (0, 1, 37, 99, 100):
        mixed = noise + (whole - noise) * strength / 100
        assert np.abs(table.apply(name, noise, strength) - mixed).max() <= 1.01
    assert (table.apply(name, noise, 0) == noise).all()


def test_browsers_get_the_same_tables() -> None:
    """static/luts: red fastest, then green, then blue, four bytes a colour; every filter has one, and only filters."""
    assert sorted(path.name for path in LUTS.iterdir()) == sorted(f"{name}.bin" for name in NAMES)
    for name in NAMES:
        data = (LUTS / f"{name}.bin").read_bytes()
        assert len(data) == 143_748
        assert data == table.rgba(name)
        red, green, blue = 32, 8, 0
        at = 4 * ((blue * 33 + green) * 33 + red)
        wanted = np.round(table.exact(name, np.array([red, green, blue]) / 32) * 255)
        assert list(data[at : at + 4]) == [*wanted, 255]


@pytest.mark.parametrize("name", ["sepia", "../amber", "Amber", "amber.json", "\0"])
def test_an_unknown_filter_is_refused(name: str) -> None:
    with pytest.raises(UnknownFilter):
        table.apply(name, chart())


def test_every_file_is_a_filter_and_every_filter_a_file() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.json")) == sorted(NAMES)
    assert filters.title("") == "Normal"
    for name in NAMES:
        look = json.loads((FOLDER / f"{name}.json").read_text())
        assert look.keys() <= {"title", "curves", "matrix", "saturation", "tones"}
        assert filters.title(name)


def test_curves_go_through_their_points_and_never_back() -> None:
    points = [[0, 0.03], [0.25, 0.24], [0.5, 0.54], [0.75, 0.8], [1, 0.98]]
    x = np.linspace(0, 1, 1001)
    curve = table._smooth(points, x)
    assert np.allclose(table._smooth(points, np.array([p[0] for p in points])), [p[1] for p in points])
    assert (np.diff(curve) >= -1e-9).all()
    flat = table._smooth([[0, 0], [0.4, 0.5], [0.6, 0.5], [1, 1]], x)
    assert flat.max() <= 1 and (np.diff(flat) >= -1e-9).all()


def main() -> None:
    for folder in (GOLDEN, LUTS):
        folder.mkdir(exist_ok=True)
    for name in NAMES:
        made = np.round(table.exact(name, chart() / 255) * 255).astype(np.uint8)
        Image.fromarray(made).save(GOLDEN / f"{name}.png", optimize=True)
        (LUTS / f"{name}.bin").write_bytes(table.rgba(name))


if __name__ == "__main__":
    main()
