"""A photo's pictures: turned, in sRGB, cropped, filtered, in all sizes. Runs in the cage only.

Three libraries, each where it is the fastest (measured in docs/benchmarks.md and docs/decisions/0029):
libjpeg-turbo decodes JPEG, strictly and already scaled, and encodes what is small; libvips resizes and
converts colours and may open no file at all; Pillow decodes PNG and WebP and encodes what is large.
Strictly means that a warning is an error: libvips' own `thumbnail_buffer(fail_on=...)` silently gives
half-grey pictures for files that are cut in half.

    decode (scaled) -> upright -> cut out -> master size -> straighten -> sRGB -> master
        '-> 1080 -> filter -> 640 -> 320 -> 150 square
"""

from __future__ import annotations

import base64
import contextlib
import io
import math

import numpy as np
import numpy.typing as npt
import pyvips
import simplejpeg
from PIL import AvifImagePlugin, Image, ImageOps

from heliograph.media import checks, frames, recipes
from heliograph.media.errors import Damaged, UnsupportedType
from heliograph.media.filters import table
from heliograph.media.formats import bmff, icc, png
from heliograph.media.formats.header import MAX_PIXELS, Data, Header
from heliograph.media.frames import Cut
from heliograph.media.recipes import MASTER_WIDTH, SQUARE, Picture, Recipe, Rendered

Pixels = npt.NDArray[np.uint8]

QUALITY = 82  # of renditions: JPEG, 4:2:0
PROGRESSIVE_FROM = 641  # pixels of width
MASTER_QUALITY = 92  # of masters: baseline 4:4:4, never shown, only worked from
_DIRECT_WIDTH = 1440  # a scaled decode of at least this width is a master as it is
_PLACEHOLDER_SIDE = 16  # pixels
_PLACEHOLDER_CHARACTERS = 110
_PREVIEW_SIDE = 150  # pixels
_modern: list[str] = []  # kinds that `allow_modern` allowed
_MARGIN = 3  # pixels around a cut-out that lies askew, for those who look at their neighbours

Image.MAX_IMAGE_PIXELS = MAX_PIXELS
pyvips.operation_block_set("VipsForeign", True)
pyvips.cache_set_max(0)


def render(data: Data, recipe: Recipe) -> Rendered:
    """All pictures of a photo. Raises the leaves of `media.errors`."""
    header = checks.check(data, modern=True)
    master = _developed(data, header, recipe, _DIRECT_WIDTH, MASTER_WIDTH)
    pictures = _sizes(master, recipe)
    return Rendered(
        renditions=_encoded_once(pictures),
        placeholder=_placeholder(pictures[_smallest(pictures)]),
        master=Picture(_master_bytes(master), *_size(master)) if recipe.master else None,
    )


def probe(data: Data) -> str:
    """Decode all of a JPEG's data at 1/8 of its size, strictly; return its placeholder."""
    header = checks.check(data, modern=True)
    small = _upright(_decoded(data, header, 1 / 8), header.orientation, 0)
    return _placeholder(_cut_out(small, Recipe(), MASTER_WIDTH).numpy())


def previews(data: Data, names: tuple[str, ...]) -> dict[str, Picture]:
    """The photo in small, square, once with each of the filters."""
    header = checks.check(data, modern=True)
    twice = 2 * _PREVIEW_SIDE
    small = _square(_developed(data, header, Recipe(square=True), twice, twice), _PREVIEW_SIDE)
    return {name: Picture(encoded(table.apply(name, small)), *_size(small)) for name in names}


def preview(data: Data, recipe: Recipe, longest: int) -> Picture:
    """What the largest rendition would look like, with sides of `longest` pixels at most."""
    header = checks.check(data, modern=True)
    width = recipes.fitted(*frames.shown(recipe.frame, *header.turned), longest)[0]
    small = table.apply(recipe.filter, _developed(data, header, recipe, width, width), recipe.strength)
    return Picture(encoded(small), *_size(small))


def _developed(data: Data, header: Header, recipe: Recipe, least: int, most: int) -> Pixels:
    """The cut-out in sRGB, at most `most` wide; decoded to no less than `least`, if the photo is that wide."""
    width = _cut(recipe, *frames.turned(recipe.frame, *header.turned)).width
    pixels = _decoded(data, header, _scale(width, least, most))
    return _in_srgb(_cut_out(_upright(pixels, header.orientation, recipe.frame.turn), recipe, most), header)


def _scale(width: float, least: int, most: int) -> float:
    scale = next((s for s in (1, 1 / 2, 1 / 4, 1 / 8) if width * s <= most), 1 / 8)
    return scale * 2 if scale < 1 and width * scale < least else scale


def _decoded(data: Data, header: Header, scale: float) -> Pixels:
    """The pixels as stored: height x width x 3, sRGB or what the profile says.

    `scale` is taken for JPEG only; other formats come whole.
    """
    try:
        if header.kind == "jpeg":
            least = math.ceil(header.width * scale) if scale < 1 else 0
            pixels: Pixels = simplejpeg.decode_jpeg(data, "RGB", min_width=least, strict=True)
            return pixels
        return _other(data, header)
    except (MemoryError, UnsupportedType):
        raise
    except Exception as error:  # decoders raise whatever they like for broken files
        raise Damaged(cause=repr(error)) from error


def allow_modern() -> list[str]:
    """From now on this process decodes AVIF, and HEIC where its package is there; what it then can."""
    AvifImagePlugin.DEFAULT_MAX_THREADS = (
        1  # else it makes some for each photo, which the cage does not let it
    )
    _modern.append("avif")
    with contextlib.suppress(ImportError):
        import pillow_heif

        pillow_heif.options.DECODE_THREADS = 1
        pillow_heif.options.THUMBNAILS = False
        pillow_heif.register_heif_opener()
        _modern.append("heic")
    return _modern


def _opened(data: Data, header: Header) -> Image.Image:
    kind = header.kind.upper()
    source = png.picture(data) if kind == "PNG" else data[: header.end]
    if header.kind not in bmff.KINDS:
        return Image.open(io.BytesIO(source), formats=[kind])
    if header.kind not in _modern:
        raise UnsupportedType(cause=f"{kind} is not decoded here")
    if kind == "HEIC":  # comes turned, whatever its EXIF says
        return Image.open(io.BytesIO(source), formats=["HEIF"])
    return ImageOps.exif_transpose(Image.open(io.BytesIO(source), formats=[kind]))


def _other(data: Data, header: Header) -> Pixels:
    """All but JPEG: in 8 bits, on white where they can be seen through."""
    with _opened(data, header) as picture:
        if picture.size != (header.width, header.height):
            raise Damaged(cause=f"{picture.size} in a picture of {header.width} x {header.height}")
        picture.load()
        if picture.mode.startswith("I"):  # 16-bit grey: convert() would clip instead of scaling
            grey = (np.asarray(picture).astype(np.uint32) >> 8).astype(np.uint8)
            return np.stack([grey] * 3, axis=-1)
        if picture.mode in {"LA", "RGBA", "PA"} or "transparency" in picture.info:
            ground = Image.new("RGBA", picture.size, "white")
            ground.alpha_composite(picture.convert("RGBA"))
            return np.asarray(ground.convert("RGB"))
        return np.asarray(picture.convert("RGB"))


def _upright(pixels: Pixels, orientation: int, turn: int) -> Pixels:
    """The same pixels, seen as EXIF and the quarter turns say; nothing is copied yet."""
    if orientation >= 5:
        pixels = pixels.swapaxes(0, 1)
    if orientation in {2, 3, 6, 7}:
        pixels = pixels[:, ::-1]
    if orientation in {3, 4, 7, 8}:
        pixels = pixels[::-1]
    return np.rot90(pixels, -turn // 90)


def _cut(recipe: Recipe, across: int, down: int) -> Cut:
    if recipe.square:
        return Cut(across / 2, down / 2, *map(float, frames.clamped(across, down, square=True)))
    return frames.cut_of(recipe.frame, across, down)


def _cut_out(pixels: Pixels, recipe: Recipe, most: int) -> pyvips.Image:
    """The part that is shown, at most `most` wide."""
    down, across = pixels.shape[:2]
    cut = _cut(recipe, across, down)
    if recipe.frame.straighten:
        return _straightened(pixels, cut, recipe.frame.straighten, most)
    width, height = max(1, round(cut.width)), max(1, round(cut.height))
    left = max(0, min(across - width, math.floor(cut.x - width / 2)))
    top = max(0, min(down - height, math.floor(cut.y - height / 2)))
    image = _image(pixels[top : top + height, left : left + width])
    return image if width <= most else _resized(image, most, max(1, round(height * most / width)))


def _straightened(pixels: Pixels, cut: Cut, degrees: float, most: int) -> pyvips.Image:
    """The same for a picture that lies askew: turned in one step, at the size at which it is needed."""
    down, across = pixels.shape[:2]
    left, top, right, bottom = frames.box(cut, degrees)
    left, right = max(0, math.floor(left) - _MARGIN), min(across, math.ceil(right) + _MARGIN)
    top, bottom = max(0, math.floor(top) - _MARGIN), min(down, math.ceil(bottom) + _MARGIN)
    image, part = _image(pixels[top:bottom, left:right]), min(1.0, most / cut.width)
    if part < 1:
        image = _resized(image, max(1, round(image.width * part)), max(1, round(image.height * part)))
    wide, high = image.width / (right - left), image.height / (bottom - top)
    size = max(1, round(cut.width * part)), max(1, round(cut.height * part))
    return _rotated(image, ((cut.x - left) * wide, (cut.y - top) * high), degrees, size)


def _rotated(
    image: pyvips.Image, centre: tuple[float, float], degrees: float, size: tuple[int, int]
) -> pyvips.Image:
    """What is seen through a window of this size around `centre`, with the picture turned clockwise behind it.

    Coordinates of libvips are those of the middles of pixels. A window that reaches over an edge by a part of a
    pixel sees the edge go on, never black.
    """
    angle = math.radians(degrees)
    sine, cosine = math.sin(angle), math.cos(angle)
    return image.affine(
        [cosine, -sine, sine, cosine],
        interpolate=pyvips.Interpolate.new("bicubic"),
        oarea=[0, 0, *size],
        idx=0.5 - centre[0],
        idy=0.5 - centre[1],
        odx=size[0] / 2 - 0.5,
        ody=size[1] / 2 - 0.5,
        extend="copy",
    )


def _in_srgb(image: pyvips.Image, header: Header) -> Pixels:
    if header.icc is not None and not icc.is_srgb(header.icc):
        try:
            return np.asarray(_converted(image, header.icc).numpy())
        except pyvips.Error:
            pass  # a profile that cannot be used: the photo counts as sRGB
    return np.asarray(image.numpy())


def _image(pixels: Pixels) -> pyvips.Image:
    solid = np.ascontiguousarray(pixels)
    height, width = solid.shape[:2]
    return pyvips.Image.new_from_memory(solid.data, width, height, 3, "uchar").copy(interpretation="srgb")


def _resized(image: pyvips.Image, width: int, height: int) -> pyvips.Image:
    return image.resize(width / image.width, vscale=height / image.height)


def _converted(image: pyvips.Image, profile: bytes) -> pyvips.Image:
    tagged = image.copy()
    tagged.set_type(pyvips.GValue.blob_type, "icc-profile-data", profile)
    return tagged.icc_transform("srgb", embedded=True, intent="relative")


def _sizes(master: Pixels, recipe: Recipe) -> dict[int, Pixels]:
    """Each size from the next larger one, exactly as large as `recipes.dimensions` says of the largest.

    The filter is laid on the largest: 28 ms there, 280 ms at 12 MP.
    """
    sizes = sorted(recipe.sizes, reverse=True)
    wanted = recipes.dimensions(*_size(master), sizes[0])
    top = _square(master, SQUARE) if sizes[0] == SQUARE else _fitted(master, wanted)
    made = {sizes[0]: table.apply(recipe.filter, top, recipe.strength)}
    last = made[sizes[0]]
    for size in sizes[1:]:
        if size == SQUARE:
            made[size] = _square(last, size)
        else:
            last = made[size] = _fitted(last, recipes.dimensions(*_size(top), size))
    return made


def _fitted(pixels: Pixels, wanted: tuple[int, int]) -> Pixels:
    if _size(pixels) == wanted:
        return pixels
    return np.asarray(_resized(_image(pixels), *wanted).numpy())


def _square(pixels: Pixels, side: int) -> Pixels:
    across, down = _size(pixels)
    least = min(across, down)
    top, left = (down - least) // 2, (across - least) // 2
    middle = pixels[top : top + least, left : left + least]
    return middle if least <= side else np.asarray(_resized(_image(middle), side, side).numpy())


def _smallest(pictures: dict[int, Pixels]) -> int:
    """The smallest size that has the photo's own shape."""
    return min((size for size in pictures if size != SQUARE), default=SQUARE)


def _size(pixels: Pixels) -> tuple[int, int]:
    return pixels.shape[1], pixels.shape[0]


def _encoded_once(pictures: dict[int, Pixels]) -> dict[int, Picture]:
    """Each size as a file. Sizes that a small photo does not reach are the same pixels, encoded once."""
    made: dict[int, Picture] = {}  # by which pixels they are
    for pixels in pictures.values():
        if id(pixels) not in made:
            made[id(pixels)] = Picture(encoded(pixels), *_size(pixels))
    return {size: made[id(pixels)] for size, pixels in pictures.items()}


def encoded(pixels: Pixels) -> bytes:
    """As JPEG, as it is shown. Progressive where it is large: a twentieth smaller and seen sooner, for four to six
    times the work, and more than twice the work of whoever looks at it."""
    if pixels.shape[1] < PROGRESSIVE_FROM:
        return _baseline(pixels, QUALITY, "420")
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=QUALITY, progressive=True)
    return out.getvalue()


def _master_bytes(pixels: Pixels) -> bytes:
    return _baseline(pixels, MASTER_QUALITY, "444")


def _baseline(pixels: Pixels, quality: int, colours: str) -> bytes:
    made: bytes = simplejpeg.encode_jpeg(np.ascontiguousarray(pixels), quality, "RGB", colours)
    return made


def _placeholder(pixels: Pixels) -> str:
    """A WebP of 16 pixels in base64, at most 110 characters; pages show it enlarged and soft."""
    picture = Image.fromarray(pixels)
    for side, quality in ((_PLACEHOLDER_SIDE, 20), (_PLACEHOLDER_SIDE, 5), (10, 10), (6, 5), (3, 0)):
        small = picture.copy()
        small.thumbnail((side, side), Image.Resampling.BOX, reducing_gap=None)
        out = io.BytesIO()
        small.save(out, "WEBP", quality=quality)
        text = base64.b64encode(out.getvalue()).decode()
        if len(text) <= _PLACEHOLDER_CHARACTERS:
            return text
    return ""
