"""Photos to post: squares of 612 pixels, about 100 KB each, as phones of 2012 sent them.

Made from the photographs of the demo: real pictures, since what a photo costs depends on what is in it.
"""

from __future__ import annotations

import io
import random
from pathlib import Path

from PIL import Image, ImageOps

SIDE = 612  # pixels
SIZE = 100_000  # bytes, about
_PHOTOS = Path(__file__).resolve().parents[2] / "heliograph" / "embedded" / "demo" / "photos"


def made(count: int, seed: int) -> list[bytes]:
    """So many different JPEGs. The same seed makes the same."""
    chance = random.Random(seed)
    paths = sorted(_PHOTOS.glob("*.webp"))
    return [_one(paths[n % len(paths)], chance) for n in range(count)]


def _one(path: Path, chance: random.Random) -> bytes:
    with Image.open(path) as picture:
        whole = picture.convert("RGB")
    side = min(whole.size) * chance.uniform(0.7, 1.0)
    left, top = chance.uniform(0, whole.width - side), chance.uniform(0, whole.height - side)
    square = whole.crop((round(left), round(top), round(left + side), round(top + side)))
    small = square.resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    if chance.random() < 0.5:
        small = ImageOps.mirror(small)
    best = b""
    for quality in (96, 92, 88, 84, 80, 75, 70):
        out = io.BytesIO()
        small.save(out, "JPEG", quality=quality)
        if not best or abs(out.tell() - SIZE) < abs(len(best) - SIZE):
            best = out.getvalue()
    return best
