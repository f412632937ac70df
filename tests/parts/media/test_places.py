"""Points reduced to what their owner wants to tell; towns of the world."""

from __future__ import annotations

import json
import math

import pytest

from heliograph.config import static
from heliograph.media.errors import BadPlace
from heliograph.media.places import gazetteer, spots

KREUZBERG = (52.499651, 13.403418)


def test_a_city_is_its_middle_for_everybody_in_it() -> None:
    told = spots.reduced("city", *KREUZBERG)
    assert (told.name, told.country, told.label) == ("Berlin", "Germany", "Berlin, Germany")
    assert told.place_id == 2950159
    elsewhere = spots.reduced("city", 52.5461, 13.3561)
    assert elsewhere == told
    assert gazetteer.distance_km(*KREUZBERG, told.lat, told.lng) > 2


@pytest.mark.parametrize(
    ("point", "name"),
    [
        ((35.0116, 135.7681), "Kyoto"),
        ((52.3989, 13.0657), "Potsdam"),  # not Berlin, which is larger and 26 km away
        ((40.7829, -73.9654), "New York City"),
        ((-33.8568, 151.2153), "Sydney"),
        ((64.1466, -21.9426), "Reykjavík"),
        ((-18.1416, 178.4419), "Suva"),
    ],
)
def test_the_town_that_a_point_is_in(point: tuple[float, float], name: str) -> None:
    found = spots.town_of(*point)
    assert found is not None and found.name == name
    assert spots.near(*point, 5)[0] == found


@pytest.mark.parametrize("lat", [0.0, 35.01, 52.5, 60.2, 69.6, -84.9])
def test_a_neighbourhood_is_at_least_a_kilometre_wide(lat: float) -> None:
    told = spots.reduced("neighbourhood", lat + 0.00123, 13.40341)
    assert (told.lat, told.lng) == (round(told.lat, 2), round(told.lng, 2))
    assert told.place_id is None
    row = math.floor(told.lat * 100 + 0.5) / 100
    same = [
        spots.reduced("neighbourhood", row + dy, told.lng + dx / math.cos(math.radians(lat)))
        for dy, dx in ((0.0044, 0), (-0.0044, 0), (0, 0.0044), (0, -0.0044))
    ]
    assert all((it.lat, it.lng) == (told.lat, told.lng) for it in same)


def test_exact_is_five_decimals_and_nothing_is_told_of_the_sea() -> None:
    told = spots.reduced("exact", 52.4996512345, 13.4034187654)
    assert (told.lat, told.lng, told.name) == (52.49965, 13.40342, "Berlin")
    sea = spots.reduced("exact", 0.0, -30.0)
    assert (sea.name, sea.label) == ("", "")
    with pytest.raises(BadPlace):
        spots.reduced("city", 0.0, -30.0)


@pytest.mark.parametrize(
    "said",
    [
        ("street", 1.0, 1.0),
        ("", 1.0, 1.0),
        ("city", None, 1.0),
        ("exact", 1.0, None),
        ("exact", 90.1, 0.0),
        ("exact", 0.0, 180.1),
        ("neighbourhood", math.nan, 0.0),
        ("city", 0.0, math.inf),
    ],
)
def test_what_is_no_place_is_refused(said: tuple[str, float | None, float | None]) -> None:
    with pytest.raises(BadPlace):
        spots.reduced(*said)


def test_a_chosen_town_is_one_of_those_around() -> None:
    assert spots.reduced("city", *KREUZBERG, name="potsdam").name == "Potsdam"
    assert spots.reduced("city", *KREUZBERG, name="Atlantis <script>").name == "Berlin"
    assert spots.reduced("city", None, None, place_id=1857910).name == "Kyoto"
    with pytest.raises(BadPlace):
        spots.reduced("city", None, None, place_id=1)


def test_a_place_becomes_less_exact_only() -> None:
    exact = spots.reduced("exact", *KREUZBERG)
    hood = spots.coarser(exact, "neighbourhood")
    assert hood == spots.reduced("neighbourhood", *KREUZBERG)
    assert spots.coarser(hood, "city") == spots.reduced("city", *KREUZBERG)
    for level in ("neighbourhood", "exact", "street"):
        with pytest.raises(BadPlace):
            spots.coarser(spots.coarser(exact, "city"), level)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("kyoto", "Kyoto"),
        ("KYŌ", "Kyoto"),
        ("京都", "Kyoto"),
        ("Киото", "Kyoto"),
        ("münchen", "Munich"),
        ("sao paulo", "São Paulo"),
        ("paris, tex", "Paris"),
        ("paris, us", "Paris"),
    ],
)
def test_a_town_is_found_by_its_names(typed: str, found: str) -> None:
    assert found in [place.name for place in gazetteer.named(typed, 3)]


def test_the_largest_comes_first_and_a_comma_narrows() -> None:
    assert [p.people for p in gazetteer.named("san", 6)] == sorted(
        (p.people for p in gazetteer.named("san", 6)), reverse=True
    )
    assert {place.region for place in gazetteer.named("paris, texas", 5)} == {"Texas"}
    for nothing in ("", " ", "x", ",", ",,,", "zzzzzz", "%", "\\", "\u0301", "a" * 5000):
        assert gazetteer.named(nothing, 5) == []


@pytest.mark.parametrize("point", [(90.0, 0.0), (-90.0, 180.0), (0.0, 180.0), (0.0, -180.0), (-17.8, 179.99)])
def test_the_edges_of_the_map_are_part_of_it(point: tuple[float, float]) -> None:
    found = gazetteer.around(*point)
    assert all(distance < 500 for distance, _ in found)
    assert [distance for distance, _ in found] == sorted(distance for distance, _ in found)


def test_both_sides_of_the_date_line_know_the_same_towns() -> None:
    east, west = gazetteer.around(-16.8, 179.999), gazetteer.around(-16.8, -179.999)
    assert {place.id for _, place in east} == {place.id for _, place in west} != set()


def test_the_map_is_small_and_shows_the_world() -> None:
    file = static.folder() / "map" / "world.json"
    rings = json.loads(file.read_text())["land"]
    assert file.stat().st_size < 60_000 and len(rings) > 80
    for ring in rings:
        assert len(ring) % 2 == 0 and len(ring) >= 8
        assert all(abs(lng) <= 1800 for lng in ring[::2]) and all(abs(lat) <= 900 for lat in ring[1::2])
        # no line runs across the whole map, but for the foot of the Antarctic
        steps = zip(ring[::2], ring[2::2], ring[1::2], strict=False)
        assert all(abs(one - other) < 1800 or lat == -900 for one, other, lat in steps)
