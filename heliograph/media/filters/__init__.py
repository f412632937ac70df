"""Filters are data: one JSON file each, in this folder. To add a filter, add a file.

    title      what people read (its name is the file's name; both stay for ever)
    curves     points [in, out] from 0 to 1 of a smooth curve; "rgb" first, then "r", "g", "b"
    matrix     three rows: how red, green and blue are mixed from the three
    overlay    one colour laid over all: mode multiply or screen, opacity 0 to 1
    vignette   darker towards the corners: strength 0 to 1, from inner to outer (1 = middle of a side)

Everything but the vignette depends on the colour alone and is compiled into a table of 33 x 33 x 33
colours (`table.py`), the same table for photos and for the previews of the composer.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from heliograph.media.errors import UnknownFilter

_HERE = Path(__file__).parent

#: In the order of the composer.
_ORDER = ("amber", "harbour", "graphite")


def names() -> tuple[str, ...]:
    """The names of all filters; the first, "", leaves a photo as it is."""
    return ("", *_ORDER)


def title(name: str) -> str:
    """What people read for a filter."""
    return str(definition(name)["title"]) if name else "Normal"


@cache
def definition(name: str) -> dict[str, Any]:
    """The content of a filter's file. Raises UnknownFilter."""
    if name not in _ORDER:
        raise UnknownFilter()
    found: dict[str, Any] = json.loads((_HERE / f"{name}.json").read_text())
    return found
