"""Towns of the world, offline: which is near a point, which has a name. One file, mapped, never in memory as a whole.

    records   towns by whole degree of latitude, then by longitude: a few pages are touched for a point
    bands     where each degree of latitude begins
    entries   names without accents and case, in order; large cities under their names in other languages, too
    texts     the names as they are written

Data: GeoNames (geonames.org), CC BY 4.0. `making.py` makes the file. 5 MB, shared by all processes; a look takes
less than a millisecond.
"""

from __future__ import annotations

import bisect
import itertools
import json
import math
import mmap
import struct
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent / "places.bin"
MAGIC = b"heliograph places 1\n"
RECORD = struct.Struct(
    "<IiiIIBBH"
)  # id, latitude, longitude (1e-5 degrees), people, name (at, length), country, region
BAND = struct.Struct("<I")
ENTRY = struct.Struct("<IBI")  # name (at, length), record

KILOMETRES_PER_DEGREE = 111.2
_LOOK_AROUND = (0.3, 1.0, 3.0)  # degrees, one after the other until somebody lives there
_AFTER_ALL = "\U0010ffff"


@dataclass(frozen=True)
class Place:
    """A town. `lat` and `lng` are its middle."""

    id: int
    name: str
    region: str
    country: str
    country_code: str
    lat: float
    lng: float
    people: int


def folded(text: str) -> str:
    """A name as it is compared: without case and accents."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in plain if not unicodedata.combining(letter)).strip()


def around(lat: float, lng: float) -> list[tuple[float, Place]]:
    """Towns around a point with their distance in km, the nearest first; none in the middle of an ocean."""
    for reach in _LOOK_AROUND:
        found = [(distance_km(lat, lng, it.lat, it.lng), it) for it in _file().box(lat, lng, reach)]
        if found:
            return sorted(found, key=lambda it: (it[0], -it[1].people))
    return []


def named(text: str, count: int) -> list[Place]:
    """Towns whose name begins so, the largest first. What follows a comma narrows it down: `Paris, Tex`."""
    name, *narrower = [folded(part) for part in text.split(",")]
    if len(name) < (1 if name and not name.isascii() else 2):
        return []
    wanted = [part for part in narrower if part]
    matches = (place for place in _file().beginning(name) if _is_in(place, wanted))
    return list(itertools.islice(matches, count))


def one(place_id: int) -> Place | None:
    """The town with this id."""
    return _file().by_id(place_id)


def distance_km(lat: float, lng: float, other_lat: float, other_lng: float) -> float:
    """On a round earth."""
    a, b = math.radians(lat), math.radians(other_lat)
    half = (
        math.sin((b - a) / 2) ** 2
        + math.cos(a) * math.cos(b) * math.sin(math.radians(other_lng - lng) / 2) ** 2
    )
    return 2 * 6371.0 * math.asin(math.sqrt(min(1.0, half)))


def _is_in(place: Place, wanted: list[str]) -> bool:
    return all(
        folded(place.region).startswith(part)
        or folded(place.country).startswith(part)
        or place.country_code.lower() == part
        for part in wanted
    )


@cache
def _file() -> _Gazetteer:
    return _Gazetteer(FILE)


class _Gazetteer:
    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self._data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        if self._data[: len(MAGIC)] != MAGIC:
            raise ValueError(f"{path} is not a file of places")
        end = self._data.find(b"\n", len(MAGIC))
        head: dict[str, Any] = json.loads(self._data[len(MAGIC) : end])
        self._countries: list[list[str]] = head["countries"]
        self._regions: list[str] = head["regions"]
        at = end + 1
        self._at: dict[str, int] = {}
        for name, length in head["sections"].items():
            self._at[name] = at
            at += length
        self._records = head["sections"]["records"] // RECORD.size
        self._entries = head["sections"]["entries"] // ENTRY.size
        starts = range(head["sections"]["bands"] // BAND.size)
        self._bands = [BAND.unpack_from(self._data, self._at["bands"] + n * BAND.size)[0] for n in starts]

    def box(self, lat: float, lng: float, reach: float) -> Iterator[Place]:
        """Towns within `reach` degrees of latitude, and as many kilometres to the sides; also over 180 degrees."""
        wide = min(180.0, reach / max(0.02, math.cos(math.radians(lat))))
        first, last = max(-90, math.floor(lat - reach)), min(90, math.floor(lat + reach))
        for band in range(first, last + 1):
            for middle in (lng, lng - 360, lng + 360):
                yield from self._strip(band, middle - wide, middle + wide, lat, reach)

    def _strip(self, band: int, west: float, east: float, lat: float, reach: float) -> Iterator[Place]:
        start, end = self._bands[band + 90], self._bands[band + 91]
        at = bisect.bisect_left(range(end), round(west * 1e5), lo=start, key=self._longitude)
        while at < end and self._longitude(at) <= east * 1e5:
            place = self.record(at)
            if abs(place.lat - lat) <= reach:
                yield place
            at += 1

    def beginning(self, name: str) -> Iterator[Place]:
        """The largest first."""
        first = bisect.bisect_left(range(self._entries), name, key=self._compared)
        last = bisect.bisect_left(range(self._entries), name + _AFTER_ALL, lo=first, key=self._compared)
        numbers = {self._entry(number)[2] for number in range(first, last)}
        for number in sorted(numbers, key=self._people, reverse=True):
            yield self.record(number)

    def by_id(self, place_id: int) -> Place | None:
        for number in range(self._records):  # rare: who sends an id instead of a point; 30 ms
            if RECORD.unpack_from(self._data, self._at["records"] + number * RECORD.size)[0] == place_id:
                return self.record(number)
        return None

    def record(self, number: int) -> Place:
        id, lat, lng, people, at, length, country, region = RECORD.unpack_from(
            self._data, self._at["records"] + number * RECORD.size
        )
        code, country_name = self._countries[country]
        name, area = self._text(at, length), self._regions[region]
        return Place(id, name, area, country_name, code, lat / 1e5, lng / 1e5, people)

    def _longitude(self, number: int) -> int:
        lng: int = RECORD.unpack_from(self._data, self._at["records"] + number * RECORD.size)[2]
        return lng

    def _people(self, number: int) -> int:
        people: int = RECORD.unpack_from(self._data, self._at["records"] + number * RECORD.size)[3]
        return people

    def _entry(self, number: int) -> tuple[int, int, int]:
        found: tuple[int, int, int] = ENTRY.unpack_from(self._data, self._at["entries"] + number * ENTRY.size)
        return found

    def _compared(self, number: int) -> str:
        return folded(self._text(*self._entry(number)[:2]))

    def _text(self, at: int, length: int) -> str:
        start = self._at["texts"] + at
        return self._data[start : start + length].decode()
