"""Filters are data: one JSON file each, in this folder. To add a filter, add a file.

    title        what people read (its name is the file's name; both stay for ever)
    curves       points [in, out] from 0 to 1 of a smooth curve; "rgb" first, then "r", "g", "b"
    matrix       three rows: how red, green and blue are mixed from the three
    saturation   how far colours stand from the grey of their lightness: 0 to 2, 1 leaves them
    tones        curves once more, after all the others: they tint shadows and lights

All of it depends on the colour of a pixel alone, and is compiled into a table of 33 x 33 x 33 colours
(`table.py`). The same table makes photos here and previews in the browser, which finds it in web/static/luts
(`python -m tests.parts.media.test_filters` writes those files, a test holds them to the tables). So that the two
stay one thing, no filter darkens corners.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from heliograph.media.errors import BadStrength, UnknownFilter

_HERE = Path(__file__).parent

#: In the order of the composer: from warm to cool, from soft to hard, without colour.
_ORDER = (
    "amber",
    "ember",
    "petal",
    "linen",
    "chalk",
    "fern",
    "tide",
    "harbour",
    "drizzle",
    "flint",
    "walnut",
    "graphite",
)


def names() -> tuple[str, ...]:
    """The names of all filters; the first, "", leaves a photo as it is."""
    return ("", *_ORDER)


def title(name: str) -> str:
    """What people read for a filter."""
    return str(definition(name)["title"]) if name else "Normal"


def check(name: str, strength: int) -> None:
    """Raise UnknownFilter or BadStrength unless a photo can have this filter at this strength."""
    if name:
        definition(name)
    if not 0 <= strength <= 100:
        raise BadStrength(fields={"strength": "must be from 0 to 100"})


@cache
def definition(name: str) -> dict[str, Any]:
    """The content of a filter's file. Raises UnknownFilter."""
    if name not in _ORDER:
        raise UnknownFilter()
    found: dict[str, Any] = json.loads((_HERE / f"{name}.json").read_text())
    return found
