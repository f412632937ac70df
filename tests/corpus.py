"""Photos good and bad, made here and now: nothing of it is committed.

`python -m tests.corpus FOLDER` writes all of them as files, named by what they are.
"""

from __future__ import annotations

import io
import struct
import sys
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageFilter

RED, GREEN, BLUE, WHITE = (200, 40, 40), (40, 180, 60), (40, 60, 200), (245, 245, 245)


@cache
def scene(width: int = 800, height: int = 600) -> Image.Image:
    """A picture with soft areas, edges and some grain, like a photo; always the same."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    x, y = x / width, y / height
    layers = [
        150 + 90 * np.sin(5 * x + 2 * y),
        120 + 80 * np.cos(4 * y - x) + 30 * np.sin(40 * x * y),
        90 + 120 * y * (1 - x) + 25 * np.cos(25 * x),
    ]
    grain = np.random.default_rng(7).normal(0, 4, (height, width, 3))
    pixels = np.stack(layers, axis=-1) + grain
    pixels[((x - 0.6) ** 2 + (y - 0.4) ** 2) < 0.02] += 60
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def quarters(width: int = 400, height: int = 300) -> Image.Image:
    """Red, green over blue, white: tells each of the eight orientations apart."""
    picture = Image.new("RGB", (width, height), RED)
    picture.paste(GREEN, (width // 2, 0, width, height // 2))
    picture.paste(BLUE, (0, height // 2, width // 2, height))
    picture.paste(WHITE, (width // 2, height // 2, width, height))
    return picture


def encode(picture: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **({"quality": 90} if kind == "JPEG" else {}) | options)
    return out.getvalue()


# JPEG


def jpeg(width: int = 800, height: int = 600, **options: Any) -> bytes:
    return encode(scene(width, height), **options)


def exif(orientation: int = 1, *, gps: bool = True) -> bytes:
    block = Image.Exif()
    block[0x0112] = orientation
    block[0x010F] = "SecretCamera"
    if gps:
        block.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.5), 3: "E", 4: (13.0, 24.0, 17.9)})
    return block.tobytes()


def oriented(orientation: int, kind: str = "JPEG") -> bytes:
    """A photo that shows red, green over blue, white *after* turning as its EXIF says."""
    back = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # Image.Transpose that undoes each orientation
    picture = quarters()
    if orientation in back:
        picture = picture.transpose(Image.Transpose(back[orientation]))
    return encode(picture, kind, exif=exif(orientation))


def profile(
    primaries: tuple[tuple[float, float, float], ...], *, space: bytes = b"RGB ", name: str = "Test"
) -> bytes:
    """A small matrix ICC profile with gamma 2.2 (D50 primaries)."""

    def xyz(values: tuple[float, float, float]) -> bytes:
        return b"XYZ \0\0\0\0" + b"".join(struct.pack(">i", round(v * 65536)) for v in values)

    text = name.encode() + b"\0"
    tags = {
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", len(text)) + text + bytes(78 + 12),
        b"cprt": b"text\0\0\0\0none\0",
        b"wtpt": xyz((0.9642, 1.0, 0.8249)),
        b"rXYZ": xyz(primaries[0]),
        b"gXYZ": xyz(primaries[1]),
        b"bXYZ": xyz(primaries[2]),
    }
    tags |= {
        t: b"curv\0\0\0\0" + struct.pack(">IH", 1, round(2.2 * 256)) for t in (b"rTRC", b"gTRC", b"bTRC")
    }
    at, table, body = 128 + 4 + 12 * len(tags), b"", b""
    for tag, value in tags.items():
        value += bytes(-len(value) % 4)
        table += tag + struct.pack(">II", at + len(body), len(value))
        body += value
    head = struct.pack(">I4sI4s4s4s", at + len(body), b"test", 0x02400000, b"mntr", space, b"XYZ ")
    head += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + bytes(28)
    head += struct.pack(">iii", round(0.9642 * 65536), 65536, round(0.8249 * 65536))
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


#: Display P3, primaries adapted to D50.
P3 = ((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407))


def p3() -> bytes:
    return encode(Image.new("RGB", (400, 300), (200, 80, 60)), icc_profile=profile(P3), quality=98)


def segment(marker: int, body: bytes) -> bytes:
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(body) + 2) + body


def with_segments(photo: bytes, *segments: bytes) -> bytes:
    """The JPEG with more segments at its beginning."""
    return photo[:2] + b"".join(segments) + photo[2:]


@cache
def heavy_jpeg() -> bytes:
    """10 MB of metadata full of things that look like scans."""
    noise = np.random.default_rng(1).integers(0, 256, 65_000, dtype=np.uint8).tobytes()
    junk = segment(0xE1, b"Exif\0\0" + noise[:60_000].replace(b"ab", b"\xff\xda"))
    return with_segments(jpeg(), *[junk] * 165)


def many_scans(scans: int = 300) -> bytes:
    """A progressive JPEG whose last scan is repeated until it hurts."""
    photo = encode(scene().filter(ImageFilter.GaussianBlur(6)), quality=50, progressive=True)
    last = photo.rindex(b"\xff\xda")
    return photo[:last] + photo[last:-2] * scans + photo[-2:]


def forged_size(
    photo: bytes, width: int, height: int, *, precision: int = 8, frame: int | None = None
) -> bytes:
    """The same JPEG, but its frame header lies."""
    at = next(photo.index(m) for m in (b"\xff\xc0", b"\xff\xc2") if m in photo)
    head = bytes([0xFF, frame or photo[at + 1]]) + photo[at + 2 : at + 4]
    return photo[:at] + head + struct.pack(">BHH", precision, height, width) + photo[at + 9 :]


def flipped(photo: bytes, *, where: float = 0.5, many: int = 60) -> bytes:
    """Some bytes in the middle turned over; none becomes or was a marker."""
    out = bytearray(photo)
    start = int(len(out) * where)
    for at in range(start, start + many):
        if 0xFF not in out[at - 1 : at + 2] and out[at] != 0xAA:
            out[at] ^= 0x55
    return bytes(out)


def mpo() -> bytes:
    return encode(scene(800, 600), "MPO", save_all=True, append_images=[scene(400, 300)])


# PNG


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png_header(width: int, height: int, depth: int = 8, colour: int = 2) -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))


def png(width: int = 200, height: int = 160, *chunks: bytes, rows: bytes | None = None) -> bytes:
    """A plain grey RGB PNG with more chunks behind its header; `rows`: other (packed) image data."""
    packed = zlib.compress((b"\0" + b"\x80" * 3 * width) * height) if rows is None else rows
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_header(width, height)
        + b"".join(chunks)
        + chunk(b"IDAT", packed)
        + chunk(b"IEND", b"")
    )


@cache
def zeros(megabytes: int) -> bytes:
    packer = zlib.compressobj(9)
    return b"".join(packer.compress(bytes(1 << 20)) for _ in range(megabytes)) + packer.flush()


def text_bomb() -> bytes:
    """300 MB of text in a PNG of 300 KB: harmless when nobody reads it."""
    return png(200, 160, chunk(b"zTXt", b"Comment\0\0" + zeros(300)))


def profile_bomb() -> bytes:
    return png(200, 160, chunk(b"iCCP", b"p\0\0" + zeros(300)))


def pixel_bomb(side: int = 19_968) -> bytes:
    """A few KB of PNG that say they are 400 megapixels."""
    return (
        b"\x89PNG\r\n\x1a\n" + png_header(side, side, 1, 0) + chunk(b"IDAT", zeros(4)) + chunk(b"IEND", b"")
    )


def grey16() -> bytes:
    levels = np.tile(np.linspace(0, 65535, 400).astype(np.uint16), (300, 1))
    return encode(Image.fromarray(levels), "PNG")


def rgb16() -> bytes:
    """16-bit RGB, which Pillow cannot write: a ramp in red, green half, blue none."""
    width, height = 400, 300
    row = np.zeros((width, 3), dtype=">u2")
    row[:, 0], row[:, 1] = np.linspace(0, 65535, width), 32768
    rows = (b"\0" + row.tobytes()) * height
    head = png_header(width, height, 16, 2)
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def see_through(mode: str = "RGBA", kind: str = "PNG") -> bytes:
    """Left half opaque red, right half wholly transparent (and black underneath)."""
    picture = Image.new("RGBA", (400, 300), (0, 0, 0, 0))
    picture.paste((*RED, 255), (0, 0, 200, 300))
    if mode == "P":
        return encode(picture.quantize(8), kind)
    return encode(picture.convert(mode), kind)


def apng() -> bytes:
    frames = [scene(200, 160), quarters(200, 160)]
    return encode(frames[0], "PNG", save_all=True, append_images=frames[1:])


# WebP


def webp(width: int = 400, height: int = 300, **options: Any) -> bytes:
    return encode(scene(width, height), "WEBP", **options)


def animated_webp() -> bytes:
    return encode(scene(200, 160), "WEBP", save_all=True, append_images=[quarters(200, 160)])


def short_webp(photo: bytes) -> bytes:
    """Half of the picture's data in a container that says it is whole."""
    body = photo[20 : 20 + (len(photo) - 20) // 4 * 2]
    return b"RIFF" + struct.pack("<I", 12 + len(body)) + photo[8:16] + struct.pack("<I", len(body)) + body


# The tables: what it is, how it is made, and the code with which the request refuses it.

GOOD: dict[str, Callable[[], bytes]] = {
    "baseline.jpg": jpeg,
    "progressive.jpg": lambda: jpeg(progressive=True),
    "restarts.jpg": lambda: jpeg(restart_marker_rows=1),
    "grey.jpg": lambda: encode(scene().convert("L")),
    "cmyk.jpg": lambda: encode(scene().convert("CMYK")),
    "mpo.jpg": mpo,
    "gps.jpg": lambda: encode(scene(), exif=exif(6)),
    "p3.jpg": p3,
    "metadata-heavy.jpg": heavy_jpeg,
    "html-behind.jpg": lambda: jpeg() + b"<script>alert(1)</script>",
    "padded-markers.jpg": lambda: jpeg().replace(b"\xff\xdb", b"\xff\xff\xff\xdb", 1),
    "smallest.jpg": lambda: jpeg(150, 150),
    "plain.png": png,
    "alpha.png": see_through,
    "palette-alpha.png": lambda: see_through("P"),
    "grey-alpha.png": lambda: see_through("LA"),
    "one-bit.png": lambda: encode(scene().convert("1"), "PNG"),
    "grey-16.png": grey16,
    "rgb-16.png": rgb16,
    "text-bomb.png": text_bomb,
    "profile-bomb.png": profile_bomb,
    "lossy.webp": webp,
    "lossless.webp": lambda: webp(lossless=True),
    "alpha.webp": lambda: see_through(kind="WEBP"),
    "gps.webp": lambda: webp(exif=exif(3)),
}

BAD: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty": (lambda: b"", "no_file"),
    "one-byte": (lambda: b"\xff", "unsupported_type"),
    "text.jpg": (lambda: b"Dear Sir or Madam, " * 50, "unsupported_type"),
    "html.jpg": (lambda: b"<html><script>alert(1)</script></html>", "unsupported_type"),
    "drawing.svg": (lambda: b'<svg xmlns="http://www.w3.org/2000/svg" width="99999"/>', "unsupported_type"),
    "paper.pdf": (lambda: b"%PDF-1.7\n" + bytes(500), "unsupported_type"),
    "still.gif": (lambda: encode(scene(), "GIF"), "unsupported_type"),
    "bomb.gif": (lambda: b"GIF89a\xff\xff\x29\x04" + bytes(30), "unsupported_type"),
    "scan.tiff": (lambda: encode(scene(), "TIFF"), "unsupported_type"),
    "paint.bmp": (lambda: encode(scene(200, 160), "BMP"), "unsupported_type"),
    "phone.heic": (lambda: b"\0\0\0\x18ftypheic" + bytes(200), "unsupported_type"),
    "new.jxl": (lambda: b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(200), "unsupported_type"),
    "sound.webp": (lambda: b"RIFF\x24\0\0\0WAVEfmt " + bytes(50), "unsupported_type"),
    "twelve-bit.jpg": (lambda: forged_size(jpeg(), 800, 600, precision=12), "unsupported_type"),
    "arithmetic.jpg": (lambda: forged_size(jpeg(), 800, 600, frame=0xC9), "unsupported_type"),
    "lossless.jpg": (lambda: forged_size(jpeg(), 800, 600, frame=0xC3), "unsupported_type"),
    "too-large.jpg": (lambda: jpeg() + bytes(25 * 1024 * 1024), "too_large"),
    "forged-65500.jpg": (lambda: forged_size(jpeg(), 65_500, 65_500), "too_many_pixels"),
    "fifty-one-megapixels.jpg": (lambda: forged_size(jpeg(), 8000, 6376), "too_many_pixels"),
    "long-side.jpg": (lambda: forged_size(jpeg(), 16_385, 200), "too_many_pixels"),
    "bomb.png": (pixel_bomb, "too_many_pixels"),
    "bomb.webp": (
        lambda: b"RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0\x2f" + struct.pack("<I", 16382 << 14 | 16382) + bytes(9),
        "too_many_pixels",
    ),
    "small.jpg": (lambda: jpeg(149, 400), "too_small"),
    "small.png": (lambda: png(400, 149), "too_small"),
    "small.webp": (lambda: webp(149, 400), "too_small"),
    "animated.png": (apng, "animated"),
    "animated.webp": (animated_webp, "animated"),
    "only-magic.jpg": (lambda: b"\xff\xd8\xff", "damaged"),
    "half.jpg": (lambda: jpeg()[: len(jpeg()) // 2], "damaged"),
    "no-end.jpg": (lambda: jpeg()[:-2], "damaged"),
    "half-progressive.jpg": (lambda: (p := jpeg(progressive=True))[: len(p) // 2], "damaged"),
    "no-height.jpg": (lambda: forged_size(jpeg(), 800, 0), "damaged"),
    "two-frames.jpg": (
        lambda: with_segments(jpeg(), segment(0xC0, struct.pack(">BHHB", 8, 600, 800, 3) + bytes(9))),
        "damaged",
    ),
    "nothing-inside.jpg": (lambda: b"\xff\xd8\xff\xd9", "damaged"),
    "three-hundred-scans.jpg": (many_scans, "damaged"),
    "segment-leaves.jpg": (lambda: jpeg()[:2] + b"\xff\xe1\xff\xff" + jpeg()[2:200], "damaged"),
    "half.png": (lambda: (p := png(600, 600))[: len(p) // 2], "damaged"),
    "no-end.png": (lambda: png()[:-12], "damaged"),
    "flipped.png": (lambda: flipped(encode(scene(), "PNG"), many=4), "damaged"),
    "no-header.png": (lambda: b"\x89PNG\r\n\x1a\n" + chunk(b"IDAT", b"") + chunk(b"IEND", b""), "damaged"),
    "unknown-critical.png": (lambda: png(200, 160, chunk(b"CgBI", b"\0\0\0\0")), "damaged"),
    "impossible-depth.png": (
        lambda: b"\x89PNG\r\n\x1a\n" + png_header(200, 160, 7) + chunk(b"IEND", b""),
        "damaged",
    ),
    "million-chunks.png": (lambda: png(200, 160, chunk(b"tEXt", b"a") * 70_000), "damaged"),
    "half.webp": (lambda: webp()[: len(webp()) // 2], "damaged"),
    "canvas-lies.webp": (
        lambda: (p := see_through(kind="WEBP"))[:24] + struct.pack("<I", 3000)[:3] + p[27:],
        "damaged",
    ),
}

#: Headers are fine, pixels are not: only the cage can tell. (Not even it can always: WebP has no checksums,
#: libpng fills up rows that are missing, and a flipped bit of a baseline JPEG is often another picture.)
BROKEN_INSIDE: dict[str, Callable[[], bytes]] = {
    "flipped.jpg": lambda: flipped(jpeg(), where=0.3, many=2000),
    "flipped-progressive.jpg": lambda: flipped(jpeg(progressive=True), where=0.3),
    "cut-with-end.jpg": lambda: jpeg()[: len(jpeg()) // 2] + b"\xff\xd9",
    "taller-than-it-is.jpg": lambda: forged_size(jpeg(), 800, 1200),
    "half-packed.png": lambda: png(400, 300, rows=zlib.compress(bytes(901 * 1200))[:200]),
    "not-packed.png": lambda: png(400, 300, rows=b"this is not zlib data at all"),
    "cut-inside.webp": lambda: short_webp(webp(lossless=True)),
}


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in GOOD.items():
        (folder / f"good-{name}").write_bytes(make())
    for name, (make, code) in BAD.items():
        (folder / f"{code}-{name}").write_bytes(make())
    for name, make in BROKEN_INSIDE.items():
        (folder / f"inside-{name}").write_bytes(make())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
