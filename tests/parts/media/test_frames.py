"""A crop, a few degrees, quarter turns: what is refused, and that the right pixels come out, and never a black one."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from PIL import Image

from heliograph.media import frames, recipes, renditions
from heliograph.media.errors import BadCrop
from heliograph.media.frames import Crop, Frame
from heliograph.media.recipes import Recipe
from tests import corpus
from tests.parts.media.conftest import pixels


def ramps(width: int, height: int) -> Image.Image:
    """Red tells how far right a pixel is, green how far down."""
    x = np.broadcast_to((np.arange(width) + 0.5) / width, (height, width))
    y = np.broadcast_to(((np.arange(height) + 0.5) / height)[:, None], (height, width))
    return Image.fromarray((np.stack([x, y, x * 0], axis=-1) * 255).round().astype(np.uint8))


def wanted(frame: Frame, width: int, height: int, out: tuple[int, int]) -> np.ndarray:  # type: ignore[type-arg]
    """Where each pixel of the result comes from, by the words of frames.py; as red and green."""
    across, down = frames.turned(frame, width, height)
    cut = frames.cut_of(frame, across, down)
    u = ((np.arange(out[0]) + 0.5) / out[0] - 0.5) * cut.width
    v = (((np.arange(out[1]) + 0.5) / out[1] - 0.5) * cut.height)[:, None]
    angle = math.radians(frame.straighten)
    x = (cut.x + u * math.cos(angle) + v * math.sin(angle)) / across
    y = (cut.y - u * math.sin(angle) + v * math.cos(angle)) / down
    back = {0: (x, y), 90: (y, 1 - x), 180: (1 - x, 1 - y), 270: (1 - y, x)}[frame.turn]
    return np.stack(np.broadcast_arrays(*back), axis=-1) * 255


FRAMES = [
    Frame(),
    Frame(turn=90),
    Frame(turn=180),
    Frame(turn=270),
    Frame(straighten=7.3),
    Frame(straighten=-20.0, turn=90),
    Frame(Crop(0.5, 0.5, 0.6, 0.6)),
    Frame(Crop(0.3, 0.25, 0.375, 0.5)),
    Frame(Crop(0.55, 0.5, 0.5, 0.6), straighten=12.0),
    Frame(Crop(0.5, 0.45, 0.75, 0.3), straighten=-3.3, turn=90),
    Frame(Crop(0.45, 0.6, 0.6, 0.7), straighten=4.4, turn=180),
    Frame(Crop(0.4, 0.4, 0.6, 0.4), straighten=-9.9, turn=270),
]


@pytest.mark.parametrize("frame", FRAMES, ids=str)
@pytest.mark.parametrize("size", [(800, 600), (3000, 2250)])
def test_the_right_pixels_come_out(frame: Frame, size: tuple[int, int]) -> None:
    frames.check(frame, *size)
    made = renditions.render(corpus.encode(ramps(*size), quality=97), Recipe(frame=frame))
    assert made.master is not None
    for picture in (made.master, made.largest):
        shown = pixels(picture.data).astype(float)[..., :2]
        far = np.abs(shown - wanted(frame, *size, (picture.width, picture.height)))
        assert far.max() < 7 and far.mean() < 1.2


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_turns_begin_where_the_photo_stands_upright(orientation: int, kind: str) -> None:
    photo = corpus.oriented(orientation, kind)
    made = renditions.render(photo, Recipe(frame=Frame(Crop(0.5, 0.5, 0.8, 0.8), turn=90)))
    shown = pixels(made.largest.data).astype(int)
    assert shown.shape[:2] == (320, 240)
    corners = [shown[20, 20], shown[20, -20], shown[-20, 20], shown[-20, -20]]
    for corner, colour in zip(
        corners, (corpus.BLUE, corpus.RED, corpus.WHITE, corpus.GREEN), strict=True
    ):  # red above green, and so on: a quarter clockwise
        assert np.abs(corner - colour).max() < 12


@pytest.mark.parametrize("straighten", [-20.0, 0.1, 7.7])
@pytest.mark.parametrize("size", [(640, 480), (480, 640), (640, 336), (151, 182)])
def test_no_corner_is_ever_black(straighten: float, size: tuple[int, int]) -> None:
    for crop in (None, *touching(straighten, *size)):
        frame = Frame(crop, straighten)
        try:
            frames.check(frame, *size)
        except BadCrop:
            assert min(size) < 200  # only what became too small
            continue
        made = renditions.render(
            corpus.encode(Image.new("RGB", size, "white"), "PNG"), Recipe(frame=frame, sizes=(150, 640))
        )
        assert made.master is not None
        assert min(pixels(p.data).min() for p in (made.master, *made.renditions.values())) >= 250


def touching(straighten: float, width: int, height: int) -> list[Crop]:
    """The largest rectangles of three shapes that touch an edge, each a little too large as well."""
    found = []
    for shape, x, y in itertools.product((0.8, 1.0, 1.91), (0.45,), (0.5, 0.55)):
        at_x, at_y = x * width, y * height
        angle = math.radians(abs(straighten))
        reach = (
            (shape * math.cos(angle) + math.sin(angle)) / 2,
            (shape * math.sin(angle) + math.cos(angle)) / 2,
        )
        high = min(min(at_x, width - at_x) / reach[0], min(at_y, height - at_y) / reach[1])
        for more in (0.0, 0.9):
            found.append(Crop(x, y, (high * shape + more * shape) / width, (high + more) / height))
    return found


@pytest.mark.parametrize(
    ("frame", "field"),
    [
        (Frame(Crop(0.5, 0.5, 1.01, 1.01)), "crop"),  # larger than the photo
        (Frame(Crop(0.2, 0.5, 0.5, 0.5)), "crop"),  # over the left edge
        (Frame(Crop(0.5, 0.5, 1.0, 1.0), straighten=2.0), "crop"),  # its corners stick out
        (Frame(Crop(0.5, 0.5, 0.9, 0.3)), "crop"),  # too wide
        (Frame(Crop(0.5, 0.5, 0.3, 0.9)), "crop"),  # too high
        (Frame(Crop(0.5, 0.5, 0.1, 0.1)), "crop"),  # 100 x 75 pixels
        (Frame(Crop(0.5, 0.5, 0.0, 0.0)), "crop"),
        (Frame(Crop(0.5, 0.5, -0.5, -0.5)), "crop"),
        (Frame(Crop(math.nan, 0.5, 0.5, 0.5)), "crop"),
        (Frame(Crop(0.5, 0.5, math.inf, math.inf)), "crop"),
        (Frame(Crop(1e308, 0.5, 1e308, 1e308)), "crop"),
        (Frame(straighten=20.1), "straighten"),
        (Frame(straighten=math.nan), "straighten"),
        (Frame(turn=45), "turn"),
        (Frame(turn=360), "turn"),
    ],
)
def test_what_cannot_be_cut_is_refused(frame: Frame, field: str) -> None:
    with pytest.raises(BadCrop) as refused:
        frames.check(frame, 1000, 750)
    assert field in refused.value.fields


def test_a_pixel_of_rounding_is_forgiven_and_shrunk_away() -> None:
    frame = Frame(Crop(0.5, 0.5, 1001 / 1000, 751 / 750))
    frames.check(frame, 1000, 750)
    assert frames.shown(frame, 1000, 750) == (1000, 750)
    with pytest.raises(BadCrop):
        frames.check(Frame(Crop(0.5, 0.5, 1003 / 1000, 752 / 750)), 1000, 750)


@pytest.mark.parametrize("frame", FRAMES, ids=str)
def test_the_row_knows_the_size_before_the_photo_is_made(frame: Frame) -> None:
    for size in ((2400, 1800), (640, 480)):
        made = renditions.render(corpus.encode(Image.new("RGB", size, "grey")), Recipe(frame=frame))
        width, height = recipes.largest(*size, frame)
        assert abs(width - made.largest.width) <= 2 and abs(height - made.largest.height) <= 2
        square = made.renditions[150]
        assert square.width == square.height


def test_a_preview_shows_what_will_be_made() -> None:
    photo = corpus.jpeg(2000, 1500)
    for frame in (Frame(), FRAMES[8], FRAMES[9]):
        recipe = Recipe(filter="fern", strength=60, frame=frame)
        preview = renditions.preview(photo, recipe, 640)
        assert max(preview.width, preview.height) == 640
        whole = Image.fromarray(pixels(renditions.render(photo, recipe).largest.data))
        small = np.asarray(whole.resize((preview.width, preview.height), Image.Resampling.LANCZOS)).astype(
            int
        )
        assert np.abs(pixels(preview.data) - small).mean() < 3


def test_a_recipe_survives_a_message() -> None:
    import json

    recipe = Recipe(filter="amber", strength=40, frame=FRAMES[8], sizes=(640,), master=False)
    assert recipes.unpacked(json.loads(json.dumps(recipes.packed(recipe)))) == recipe
    assert recipes.unpacked({}) == Recipe()
