"""A point, reduced to what its owner wants to tell. Nothing but the result is ever kept, and never what EXIF says.

    city             the middle of the town itself: everybody there has the same point
    neighbourhood    a grid of about a kilometre; the town's name beside it
    exact            as sent, to five decimals (a metre)

The name is looked up for the reduced point, so it tells no more than the point does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from heliograph.media.errors import BadPlace
from heliograph.media.places import gazetteer
from heliograph.media.places.gazetteer import Place

LEVELS = ("city", "neighbourhood", "exact")  # from the least exact on
_GRID = 0.01  # degrees of latitude: 1.1 km
_NAMED_NEAR_KM = 60.0  # beyond that a town's name says nothing about a point


@dataclass(frozen=True)
class Spot:
    """Where a photo was taken, reduced. Without a name in the middle of nowhere; `place_id` for a town only."""

    level: str
    place_id: int | None
    name: str
    region: str
    country: str
    lat: float
    lng: float

    @property
    def label(self) -> str:
        """What people read."""
        return ", ".join(part for part in (self.name, self.country) if part)


def reduced(
    level: str, lat: float | None, lng: float | None, *, name: str = "", place_id: int | None = None
) -> Spot:
    """A point as exact as `level` says; a town by its id needs no point. Raises BadPlace.

    `name`: which of the towns around was chosen; what no town around is called is not listened to.
    """
    if level not in LEVELS:
        raise BadPlace(fields={"place_level": "must be city, neighbourhood or exact"})
    if place_id is not None:
        town = gazetteer.one(place_id)
        if town is None:
            raise BadPlace(fields={"location_id": "is no place that we know"})
        return _town(town)
    if lat is None or lng is None or not (abs(lat) <= 90 and abs(lng) <= 180):
        raise BadPlace(fields={"lat": "must be a latitude", "lng": "must be a longitude"})
    if level == "city":
        chosen = _called(name, lat, lng) or town_of(lat, lng)
        if chosen is None:
            raise BadPlace(fields={"place_level": "must be neighbourhood or exact: no town is near"})
        return _town(chosen)
    point = _on_grid(lat, lng) if level == "neighbourhood" else (round(lat, 5), round(lng, 5))
    near = _called(name, *point) or town_of(*point)
    if near is None:
        return Spot(level, None, "", "", "", *point)
    return Spot(level, None, near.name, near.region, near.country, *point)


def coarser(spot: Spot, level: str) -> Spot:
    """The same place, less exactly. Raises BadPlace for a level that is more exact."""
    if level not in LEVELS or LEVELS.index(level) > LEVELS.index(spot.level):
        raise BadPlace(fields={"place_level": "cannot become more exact"})
    if level == spot.level:
        return spot
    return reduced(level, spot.lat, spot.lng, name=spot.name)


def town_of(lat: float, lng: float) -> Place | None:
    """The town that a point is in: the largest that reaches so far, else the nearest; None when none is near."""
    found = gazetteer.around(lat, lng)
    within = [place for distance, place in found if distance <= _reach_km(place)]
    if within:
        return max(within, key=lambda place: place.people)
    return found[0][1] if found and found[0][0] <= _NAMED_NEAR_KM else None


def near(lat: float, lng: float, count: int) -> list[Place]:
    """Towns to choose from: the one the point is in, then the nearest."""
    own = town_of(lat, lng)
    nearest = [place for distance, place in gazetteer.around(lat, lng) if distance <= _NAMED_NEAR_KM]
    return list(dict.fromkeys([*([own] if own else []), *nearest]))[:count]


def _reach_km(place: Place) -> float:
    """How far a town reaches from its middle, by how many live there: Berlin 15 km, a village one."""
    return 1 + 0.008 * math.sqrt(place.people)


def _called(name: str, lat: float, lng: float) -> Place | None:
    wanted = gazetteer.folded(name)
    if not wanted:
        return None
    around = gazetteer.around(lat, lng)
    return next((place for _, place in around if gazetteer.folded(place.name) == wanted), None)


def _town(place: Place) -> Spot:
    return Spot("city", place.id, place.name, place.region, place.country, place.lat, place.lng)


def _on_grid(lat: float, lng: float) -> tuple[float, float]:
    """The middle of a cell that is about a kilometre high, and between one and two wide wherever it is."""
    row = round(lat / _GRID) * _GRID
    wide = _GRID * math.ceil(1 / max(0.01, math.cos(math.radians(row))))
    column = round(lng / wide) * wide
    return round(row, 2), round((column + 180) % 360 - 180, 2)
