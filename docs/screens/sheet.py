"""Lays out the pictures that the walk over all pages takes: one sheet by day, one by night, one from the right.

SCREENS=/tmp/screens .venv/bin/python -m pytest tests/browser/test_every_page.py
.venv/bin/python docs/screens/sheet.py /tmp/screens
"""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

HERE = Path(__file__).parent
PHONE, DESK = 156, 340  # pixels wide, on the sheet
ROW, GAP, LABEL = 338, 10, 16  # pixels
COLUMNS = 4
SHEETS = {"day": ("light", "ltr"), "night": ("dark", "ltr"), "from-the-right": ("light", "rtl")}


def main() -> None:
    folder = Path(sys.argv[1])
    for name, (scheme, direction) in SHEETS.items():
        pages = [path.name.split(".")[0] for path in sorted(folder.glob(f"*.390.{scheme}.{direction}.jpg"))]
        save(name, [(page, _pair(folder, page, scheme, direction)) for page in pages])


def _pair(folder: Path, page: str, scheme: str, direction: str) -> Image.Image:
    """A page on a phone and on a desk, side by side."""
    pair = Image.new("RGB", (PHONE + GAP + DESK, ROW), "#8a8580")
    for width, shown, at in ((390, PHONE, 0), (1280, DESK, PHONE + GAP)):
        with Image.open(folder / f"{page}.{width}.{scheme}.{direction}.jpg") as shot:
            small = shot.resize((shown, round(shot.height * shown / shot.width)), Image.Resampling.LANCZOS)
        pair.paste(small.crop((0, 0, shown, min(ROW, small.height))), (at, 0))
    return pair


def save(name: str, pages: list[tuple[str, Image.Image]]) -> None:
    """All pages, named, in rows."""
    width, height = PHONE + DESK + 3 * GAP, ROW + LABEL + 2 * GAP
    rows = -(-len(pages) // COLUMNS)
    sheet = Image.new("RGB", (width * COLUMNS, height * rows), "#8a8580")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(12)
    for place, (page, pair) in enumerate(pages):
        x, y = place % COLUMNS * width + GAP, place // COLUMNS * height + GAP
        draw.text((x, y), page, "white", font)
        sheet.paste(pair, (x, y + LABEL))
    sheet.save(HERE / f"sheet-{name}.webp", quality=62, method=6)
    sys.stdout.write(f"sheet-{name}.webp: {(HERE / f'sheet-{name}.webp').stat().st_size:,} bytes\n")


if __name__ == "__main__":
    main()
