"""What the composer's form says about how a photo is to be made: texts in, a recipe out.

The same names travel in the query of a preview and in the form that posts.
"""

from __future__ import annotations

from collections.abc import Mapping

from heliograph.media import frames
from heliograph.media.errors import BadCrop, BadStrength
from heliograph.media.recipes import Recipe

#: The fields of a recipe; after a mistake the form comes back with all of them.
FIELDS = ("crop_x", "crop_y", "crop_w", "crop_h", "straighten", "turn", "filter", "strength")
_LONGEST = 30  # characters of a number


def recipe(fields: Mapping[str, str]) -> Recipe:
    """The recipe of a form. Raises BadCrop, BadStrength; whether it fits the photo, the flow finds out."""
    frame = frames.of(
        [_number(fields, name) for name in ("crop_x", "crop_y", "crop_w", "crop_h")],
        _number(fields, "straighten") or 0.0,
        _whole(fields, "turn"),
    )
    return Recipe(filter=fields.get("filter", ""), strength=_strength(fields), frame=frame)


def _number(fields: Mapping[str, str], name: str) -> float | None:
    text = fields.get(name, "").strip()
    if not text:
        return None
    try:
        return float(text[:_LONGEST])
    except ValueError:
        raise BadCrop(fields={name: "must be a number"}) from None


def _whole(fields: Mapping[str, str], name: str) -> int:
    number = _number(fields, name) or 0.0
    if not number.is_integer():
        raise BadCrop(fields={name: "must be a whole number"})
    return int(number)


def _strength(fields: Mapping[str, str]) -> int:
    text = fields.get("strength", "").strip() or "100"
    if not (text.isascii() and text.isdigit() and len(text) <= 3):
        raise BadStrength(fields={"strength": "must be from 0 to 100"})
    return int(text)
