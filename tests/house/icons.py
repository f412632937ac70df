"""The icons of the site, drawn from the mark: img/mark.svg is the only thing to change.

python -m tests.house.icons write

Bitmaps are committed, since drawing them takes a library that a network does not need for this.
"""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path

import pyvips
from PIL import Image

IMG = Path(__file__).resolve().parents[2] / "heliograph" / "web" / "static" / "img"
_PAPER, _SUN = "#fff4dc", "#b54708"
_BOX = 32  # units of the mark's own drawing
#: name -> (pixels, share of the width that the mark takes, round corners)
ICONS = {
    "icon-192.png": (192, 0.72, True),
    "icon-512.png": (512, 0.72, True),
    "maskable-512.png": (512, 0.56, False),  # a launcher may cut off all but the middle four fifths
    "touch.png": (180, 0.68, False),
}
_FAVICON = (16, 32, 48)


def drawn() -> dict[str, bytes]:
    """All bitmaps, by name."""
    made = {name: _png(_draw(*how)) for name, how in ICONS.items()}
    made["favicon.ico"] = _ico([_draw(pixels, 0.94, True, paper=False) for pixels in _FAVICON])
    return made


def _draw(pixels: int, share: float, rounded: bool, paper: bool = True) -> Image.Image:
    mark = re.sub(r"^<svg[^>]*>|</svg>$", "", (IMG / "mark.svg").read_text().strip())
    corner = _BOX * 0.22 if rounded else 0
    ground = f'<rect width="{_BOX}" height="{_BOX}" rx="{corner}" fill="{_PAPER}"/>' if paper else ""
    shift = _BOX * (1 - share) / 2
    colour = _SUN if paper else "#d97706"
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_BOX} {_BOX}" width="{_BOX}" height="{_BOX}">{ground}'
        f'<g color="{colour}" transform="translate({shift} {shift}) scale({share})">{mark}</g></svg>'
    )
    picture = pyvips.Image.svgload_buffer(svg.encode(), scale=pixels / _BOX)
    return Image.frombytes("RGBA", (picture.width, picture.height), picture.write_to_memory())


def _png(image: Image.Image) -> bytes:
    out = io.BytesIO()
    full = image.getextrema()[3] == (255, 255)
    few = image.convert("RGB").quantize(64) if full else image.quantize(96)
    few.save(out, "PNG", optimize=True)
    return out.getvalue()


def _ico(images: list[Image.Image]) -> bytes:
    out = io.BytesIO()
    largest = images[-1]
    largest.save(out, "ICO", sizes=[image.size for image in images], append_images=images[:-1])
    return out.getvalue()


if __name__ == "__main__" and sys.argv[1:] == ["write"]:
    for file, content in drawn().items():
        (IMG / file).write_bytes(content)
