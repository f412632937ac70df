"""What becomes of pixels: turned, in sRGB, cropped, on white, in every size, and without metadata."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageFilter

from heliograph.media import recipes, renditions
from heliograph.media.formats import icc, jpeg
from heliograph.media.recipes import Recipe
from tests import corpus
from tests.parts.media.conftest import pixels

PLAIN = Recipe()
CORNERS = {
    (0.25, 0.25): corpus.RED,
    (0.75, 0.25): corpus.GREEN,
    (0.25, 0.75): corpus.BLUE,
    (0.75, 0.75): corpus.WHITE,
}


def colour(data: bytes, x: float, y: float) -> tuple[int, ...]:
    """The average around a place, given in parts of width and height."""
    shown = pixels(data)
    row, column = int(y * shown.shape[0]), int(x * shown.shape[1])
    return tuple(shown[row - 3 : row + 4, column - 3 : column + 4].mean(axis=(0, 1)).round().astype(int))


def near(one: tuple[int, ...], other: tuple[int, ...], *, within: int = 6) -> bool:
    return max(abs(a - b) for a, b in zip(one, other, strict=True)) <= within


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_photos_stand_upright(orientation: int, kind: str) -> None:
    made = renditions.render(corpus.oriented(orientation, kind), PLAIN)
    assert made.master is not None
    for picture in (made.master, made.largest, made.renditions[320], made.renditions[150]):
        for place, expected in CORNERS.items():
            assert near(colour(picture.data, *place), expected), (picture.width, place)
    assert (made.largest.width, made.largest.height) == (400, 300)


@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize(
    ("size", "cropped"),
    [
        ((1600, 400), (764, 400)),
        ((400, 1600), (400, 500)),
        ((800, 800), (800, 800)),
        ((1600, 1200), (1600, 1200)),
    ],
)
def test_the_middle_is_kept_in_a_shape_between_4_to_5_and_1_91(
    size: tuple[int, int], cropped: tuple[int, int], orientation: int
) -> None:
    picture = Image.new("RGB", size, "black")
    picture.paste("white", (size[0] // 2 - 50, size[1] // 2 - 50, size[0] // 2 + 50, size[1] // 2 + 50))
    if orientation == 6:
        picture = picture.transpose(Image.Transpose.ROTATE_90)
    made = renditions.render(corpus.encode(picture, exif=corpus.exif(orientation)), PLAIN)
    assert made.master is not None
    assert (made.master.width, made.master.height) == cropped
    for shown in (made.master, *made.renditions.values()):
        assert near(colour(shown.data, 0.5, 0.5), (255, 255, 255), within=20)
        assert near(colour(shown.data, 0.1, 0.1), (0, 0, 0))


@pytest.mark.parametrize(
    ("size", "widths", "master"),
    [
        ((4032, 3024), (150, 320, 640, 1080), 2016),  # the scaled decode as it is
        ((3024, 4032), (150, 320, 640, 1080), 1512),
        ((5000, 4000), (150, 320, 640, 1080), 2160),  # half would be too wide, a quarter too small
        ((1000, 700), (150, 320, 640, 1000), 1000),
        ((200, 160), (150, 200, 200, 200), 200),
        ((150, 150), (150, 150, 150, 150), 150),
    ],
)
def test_nothing_is_ever_enlarged(size: tuple[int, int], widths: tuple[int, ...], master: int) -> None:
    made = renditions.render(corpus.encode(Image.new("RGB", size, "grey")), PLAIN)
    assert tuple(made.renditions[s].width for s in recipes.SIZES) == widths
    assert made.master is not None and made.master.width == master


def test_a_photo_that_does_not_reach_two_sizes_is_encoded_once_for_both(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    encoded: list[int] = []
    encode = renditions.encoded

    def counted(shown: renditions.Pixels) -> bytes:
        encoded.append(shown.shape[1])
        return encode(shown)

    monkeypatch.setattr(renditions, "encoded", counted)
    made = renditions.render(corpus.encode(Image.new("RGB", (612, 612), "grey")), PLAIN).renditions
    assert encoded == [612, 320, 150]
    assert made[640].data == made[1080].data and made[640].width == 612


@pytest.mark.parametrize(
    "size", [(4032, 3024), (3023, 4031), (1999, 1050), (777, 555), (1081, 999), (321, 168)]
)
def test_sizes_are_what_a_page_computes(size: tuple[int, int]) -> None:
    made = renditions.render(corpus.encode(Image.new("RGB", size, "grey")), PLAIN)
    for wanted, picture in made.renditions.items():
        computed = recipes.dimensions(made.largest.width, made.largest.height, wanted)
        assert computed == (picture.width, picture.height)
    predicted = recipes.largest(*size)
    assert (
        max(abs(a - b) for a, b in zip(predicted, (made.largest.width, made.largest.height), strict=True))
        <= 2
    )


def test_a_wide_gamut_photo_is_converted_and_an_untagged_one_is_not() -> None:
    tagged = renditions.render(corpus.p3(), PLAIN)
    inside = Image.new("RGB", (400, 300), (200, 80, 60))
    wanted = ImageCms.profileToProfile(
        inside,
        ImageCms.ImageCmsProfile(io.BytesIO(corpus.profile(corpus.P3))),
        ImageCms.createProfile("sRGB"),
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
    )
    assert wanted is not None
    expected = tuple(int(value) for value in np.asarray(wanted)[10, 10])
    assert not near(expected, (200, 80, 60), within=8)
    assert near(colour(tagged.largest.data, 0.5, 0.5), expected, within=3)
    untagged = renditions.render(corpus.encode(inside, quality=98), PLAIN)
    assert near(colour(untagged.largest.data, 0.5, 0.5), (200, 80, 60), within=3)


def test_a_profile_that_says_srgb_costs_nothing_and_changes_nothing() -> None:
    built_in = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert icc.is_srgb(built_in)
    assert icc.is_srgb(corpus.profile(corpus.P3, name="sRGB IEC61966-2.1"))
    assert not icc.is_srgb(corpus.profile(corpus.P3, name="Display P3"))
    for broken in (b"", bytes(128), bytes(128) + b"\xff" * 50, built_in[:200]):
        assert not icc.is_srgb(broken)


@pytest.mark.parametrize("broken", [b"x" * 16 + b"RGB " + b"x" * 300, corpus.profile(corpus.P3)[:200]])
def test_a_broken_profile_counts_as_srgb(broken: bytes) -> None:
    photo = corpus.encode(Image.new("RGB", (400, 300), (200, 80, 60)), icc_profile=broken, quality=98)
    assert near(colour(renditions.render(photo, PLAIN).largest.data, 0.5, 0.5), (200, 80, 60), within=3)


def test_cmyk_and_grey_look_as_they_do_elsewhere() -> None:
    for mode in ("CMYK", "L"):
        photo = corpus.encode(
            corpus.scene(400, 300).filter(ImageFilter.GaussianBlur(2)).convert(mode), quality=95
        )
        expected = np.asarray(Image.open(io.BytesIO(photo)).convert("RGB")).astype(int)
        shown = pixels(renditions.render(photo, PLAIN).largest.data).astype(int)
        assert np.abs(shown - expected).mean() < 3


def test_sixteen_bits_become_eight_by_scaling() -> None:
    """Pillow's own convert() clips 16-bit grey: everything above 255 of 65,535 would be white."""
    grey = pixels(renditions.render(corpus.grey16(), PLAIN).largest.data).astype(int)
    assert abs(int(grey[150, 200].mean()) - 128) < 5
    assert grey[150, 5].mean() < 8
    colours = pixels(renditions.render(corpus.rgb16(), PLAIN).largest.data).astype(int)
    assert np.abs(colours[150, 200] - (128, 128, 0)).max() < 8


@pytest.mark.parametrize("name", ["alpha.png", "palette-alpha.png", "alpha.webp"])
def test_what_can_be_seen_through_lies_on_white(name: str) -> None:
    shown = renditions.render(corpus.GOOD[name](), PLAIN).largest.data
    assert near(colour(shown, 0.25, 0.5), corpus.RED, within=8)
    assert near(colour(shown, 0.75, 0.5), (255, 255, 255))


@pytest.mark.parametrize("name", corpus.GOOD)
def test_no_output_holds_anything_but_pixels(name: str) -> None:
    photo = corpus.GOOD[name]()
    made = renditions.render(photo, PLAIN)
    shown = list(renditions.previews(photo, ("", "amber")).values())
    assert made.master is not None
    for picture in (*made.renditions.values(), made.master, *shown):
        assert jpeg.is_plain(picture.data, picture.width, picture.height)
        for secret in (b"Exif", b"GPS", b"SecretCamera", b"ICC_PROFILE", b"http", b"script", b"Comment"):
            assert secret not in picture.data
        with Image.open(io.BytesIO(picture.data)) as opened:
            assert not opened.getexif() and "icc_profile" not in opened.info


@pytest.mark.parametrize("width", [640, 641, 1200])
def test_only_what_is_large_comes_in_scans(width: int) -> None:
    made = renditions.render(corpus.encode(corpus.scene(width, 640)), PLAIN)
    for picture in made.renditions.values():
        with Image.open(io.BytesIO(picture.data)) as opened:
            assert bool(opened.info.get("progressive")) == (picture.width > 640)
            assert [layer[1:3] for layer in opened.layer] == [(2, 2), (1, 1), (1, 1)]  # 4:2:0


@pytest.mark.parametrize("name", ["baseline.jpg", "gps.jpg", "alpha.png", "lossy.webp", "smallest.jpg"])
@pytest.mark.parametrize("look", ["", "harbour"])
def test_a_picture_of_a_person_is_square(name: str, look: str) -> None:
    recipe = Recipe(filter=look, square=True, sizes=(150, 320), master=False)
    made = renditions.render(corpus.GOOD[name](), recipe)
    assert made.master is None
    assert all(picture.width == picture.height <= size for size, picture in made.renditions.items())


def test_a_placeholder_is_tiny_and_looks_like_its_photo() -> None:
    import base64

    for photo in (
        corpus.jpeg(),
        corpus.oriented(6),
        corpus.encode(Image.effect_noise((800, 600), 90).convert("RGB")),
    ):
        made = renditions.render(photo, PLAIN)
        assert 0 < len(made.placeholder) <= 110
        with Image.open(io.BytesIO(base64.b64decode(made.placeholder))) as tiny:
            assert max(tiny.size) <= 16
            assert abs(tiny.width / tiny.height - made.largest.width / made.largest.height) < 0.15
    tiny_bytes = base64.b64decode(renditions.probe(corpus.oriented(6)))
    shown = np.asarray(Image.open(io.BytesIO(tiny_bytes)).convert("RGB")).astype(int)
    assert shown[3, 3, 0] > shown[3, 3, 2] + 60  # red above left, blue below left: upright
    assert shown[-3, 3, 2] > shown[-3, 3, 0] + 60


def test_libvips_can_open_nothing_at_all() -> None:
    import pyvips

    for data in (
        corpus.jpeg(),
        b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
        corpus.webp(),
    ):
        with pytest.raises(pyvips.Error):
            pyvips.Image.new_from_buffer(data, "").avg()
