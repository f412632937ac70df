"""A photo's pictures: turned, in sRGB, cropped, filtered, in all sizes. Runs in the cage only.

Three libraries, each where it is the fastest (measured in docs/benchmarks.md): libjpeg-turbo decodes
JPEG, strictly and already scaled; libvips resizes and converts colours and may open no file at all;
Pillow decodes PNG and WebP and encodes. Strictly means that a warning is an error: libvips' own
`thumbnail_buffer(fail_on=...)` silently gives half-grey pictures for files that are cut in half.

    decode (scaled) -> crop -> master size -> sRGB -> turn -> master
                                                       '-> 1080 -> filter -> 640 -> 320 -> 150 square
"""

from __future__ import annotations

import base64
import io
import math

import numpy as np
import numpy.typing as npt
import pyvips
import simplejpeg
from PIL import Image

from heliograph.media import checks, recipes
from heliograph.media.errors import Damaged
from heliograph.media.filters import table
from heliograph.media.formats import icc, png
from heliograph.media.formats.header import MAX_PIXELS, Data, Header
from heliograph.media.recipes import MASTER_WIDTH, SQUARE, Picture, Recipe, Rendered

Pixels = npt.NDArray[np.uint8]

QUALITY = 82  # of renditions: progressive JPEG, 4:2:0
MASTER_QUALITY = 92  # of masters: baseline 4:4:4, never shown, only worked from
_DIRECT_WIDTH = 1440  # a scaled decode of at least this width is a master as it is
_PLACEHOLDER_SIDE = 16  # pixels
_PLACEHOLDER_CHARACTERS = 110
_PREVIEW_SIDE = 150  # pixels

_TURNS = {
    2: ("flip", "horizontal"),
    3: ("rot", "d180"),
    4: ("flip", "vertical"),
    5: ("rot", "d90", "flip", "horizontal"),
    6: ("rot", "d90"),
    7: ("rot", "d270", "flip", "horizontal"),
    8: ("rot", "d270"),
}

Image.MAX_IMAGE_PIXELS = MAX_PIXELS
pyvips.operation_block_set("VipsForeign", True)
pyvips.cache_set_max(0)


def render(data: Data, recipe: Recipe) -> Rendered:
    """All pictures of a photo. Raises the leaves of `media.errors`."""
    header = checks.check(data)
    master = _master(data, header, recipe.square)
    pictures = _sizes(master, recipe)
    return Rendered(
        renditions={size: Picture(_encoded(made), *_size(made)) for size, made in pictures.items()},
        placeholder=_placeholder(pictures[_smallest(pictures)]),
        master=Picture(_master_bytes(master), *_size(master)) if recipe.master else None,
    )


def probe(data: Data) -> str:
    """Decode all of a JPEG's data at 1/8 of its size, strictly; return its placeholder."""
    header = checks.check(data)
    small = _cropped(_decoded(data, header, 1 / 8), header, square=False)
    return _placeholder(_turned(_image(small), header).numpy())


def previews(data: Data, names: tuple[str, ...]) -> dict[str, Picture]:
    """The photo in small, square, once with each of the filters."""
    header = checks.check(data)
    shrink = max((f for f in (1, 2, 4, 8) if min(header.width, header.height) / f >= 320), default=1)
    pixels = _cropped(_decoded(data, header, 1 / shrink), header, square=True)
    small = _finished(pixels, header, _PREVIEW_SIDE, square=True)
    return {name: Picture(_encoded(table.apply(name, small)), *_size(small)) for name in names}


def _master(data: Data, header: Header, square: bool) -> Pixels:
    width = recipes.cropped(*header.turned, square=square)[0]
    scale = next((s for s in (1, 1 / 2, 1 / 4, 1 / 8) if width * s <= MASTER_WIDTH), 1 / 8)
    if scale < 1 and width * scale < _DIRECT_WIDTH:
        scale *= 2
    pixels = _cropped(_decoded(data, header, scale), header, square)
    return _finished(pixels, header, MASTER_WIDTH, square)


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
    except MemoryError:
        raise
    except Exception as error:  # decoders raise whatever they like for broken files
        raise Damaged(cause=repr(error)) from error


def _other(data: Data, header: Header) -> Pixels:
    """PNG and WebP: in 8 bits, on white where they can be seen through."""
    kind = header.kind.upper()
    source = png.picture(data) if kind == "PNG" else data[: header.end]
    with Image.open(io.BytesIO(source), formats=[kind]) as picture:
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


def _cropped(pixels: Pixels, header: Header, square: bool) -> Pixels:
    """The middle of the pixels, still as stored: sideways if the photo is to be turned."""
    height, width = pixels.shape[:2]
    if header.orientation >= 5:
        down, across = recipes.cropped(height, width, square=square)
    else:
        across, down = recipes.cropped(width, height, square=square)
    top, left = (height - down) // 2, (width - across) // 2
    return pixels[top : top + down, left : left + across]


def _finished(pixels: Pixels, header: Header, width: int, square: bool) -> Pixels:
    """Not wider than `width` (as seen), in sRGB, turned."""
    across = pixels.shape[0] if header.orientation >= 5 else pixels.shape[1]
    image = _image(pixels)
    if across > width:
        down = pixels.shape[1] if header.orientation >= 5 else pixels.shape[0]
        height = width if square else max(1, round(down * width / across))
        image = _resized(image, *((height, width) if header.orientation >= 5 else (width, height)))
    if header.icc is not None and not icc.is_srgb(header.icc):
        try:
            return np.asarray(_turned(_converted(image, header.icc), header).numpy())
        except pyvips.Error:
            pass  # a profile that cannot be used: the photo counts as sRGB
    return np.asarray(_turned(image, header).numpy())


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


def _turned(image: pyvips.Image, header: Header) -> pyvips.Image:
    steps = _TURNS.get(header.orientation, ())
    for name, how in zip(steps[::2], steps[1::2], strict=True):
        image = getattr(image, name)(how)
    return image


def _sizes(master: Pixels, recipe: Recipe) -> dict[int, Pixels]:
    """Each size from the next larger one, exactly as large as `recipes.dimensions` says of the largest.

    The filter is laid on the largest: 28 ms there, 280 ms at 12 MP.
    """
    sizes = sorted(recipe.sizes, reverse=True)
    wanted = recipes.dimensions(*_size(master), sizes[0])
    top = _square(master, SQUARE) if sizes[0] == SQUARE else _fitted(master, wanted)
    made = {sizes[0]: table.apply(recipe.filter, top)}
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


def _encoded(pixels: Pixels) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=QUALITY, progressive=True)
    return out.getvalue()


def _master_bytes(pixels: Pixels) -> bytes:
    made: bytes = simplejpeg.encode_jpeg(np.ascontiguousarray(pixels), MASTER_QUALITY, "RGB", "444")
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
