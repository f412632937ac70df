"""What the composer's form says about how a photo is to be made, and where it was taken: texts in.

The same names travel in the query of a preview and in the form that posts.
"""

from __future__ import annotations

from collections.abc import Mapping

from heliograph.media import frames
from heliograph.media.errors import BadCrop, BadPlace, BadStrength, UnknownTown
from heliograph.media.places import gazetteer, spots
from heliograph.media.places.spots import Spot
from heliograph.media.recipes import Recipe

#: The fields of a recipe and of a place; after a mistake the form comes back with all of them.
FIELDS = ("crop_x", "crop_y", "crop_w", "crop_h", "straighten", "turn", "filter", "strength")
PLACE_FIELDS = ("place_level", "lat", "lng", "place_name")
_LONGEST = 30  # characters of a number
_LONGEST_NAME = 100
_CANDIDATES = 50  # towns among which one that is called exactly so is preferred


def recipe(fields: Mapping[str, str]) -> Recipe:
    """The recipe of a form. Raises BadCrop, BadStrength; whether it fits the photo, the flow finds out."""
    frame = frames.of(
        [_number(fields, name) for name in ("crop_x", "crop_y", "crop_w", "crop_h")],
        _number(fields, "straighten") or 0.0,
        _whole(fields, "turn"),
    )
    return Recipe(filter=fields.get("filter", ""), strength=_strength(fields), frame=frame)


def place(fields: Mapping[str, str]) -> Spot | None:
    """The place of a form, reduced to its level; None when nothing is to be said. Raises BadPlace, UnknownTown.

    A level with a name and no point, as the form without scripts sends it, is a town by its name.
    """
    level = fields.get("place_level", "")
    if not level:
        return None
    lat, lng = _coordinate(fields, "lat"), _coordinate(fields, "lng")
    name = fields.get("place_name", "").strip()[:_LONGEST_NAME]
    if name and lat is None and lng is None:
        return town(name)
    return spots.reduced(level, lat, lng, name=name)


def town(name: str) -> Spot:
    """The largest town that is called so, or begins so. Raises UnknownTown."""
    found = gazetteer.named(name, _CANDIDATES)
    if not found:
        raise UnknownTown(fields={"place_name": "is no town that we know"})
    wanted = gazetteer.folded(name.partition(",")[0])
    chosen = next((place for place in found if gazetteer.folded(place.name) == wanted), found[0])
    return spots.reduced("city", None, None, place_id=chosen.id)


def _coordinate(fields: Mapping[str, str], name: str) -> float | None:
    try:
        return _number(fields, name)
    except BadCrop:
        raise BadPlace(fields={name: "must be a number"}) from None


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
