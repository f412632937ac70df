"""What things cost as the network grows: people, follows of one reader, photos of one owner; drawn as SVG.

    python -m bench.growth                                      1,000, 10,000 and 100,000 people
    python -m bench.growth --people 1000000 --follows 50        a million; needs about 20 GB and ten minutes
    python -m bench.growth --draw docs/benchmarks               and pictures of the curves there

The networks are made by COPY in PostgreSQL's binary format: people, photos, and follows whose numbers are as uneven as
in life. How many somebody follows is log-normal; whom, by a power law of rank: the median person has about as many
followers as follows, few have thousands. Each follow is two mirrored rows, like every other one. The servers do not
wait for the disk; processor time is of this process and of PostgreSQL together, medians over many different people.
Likes and follows are with their mirrors, a fan-out goes to the median number of followers.
"""

from __future__ import annotations

import itertools
import random
import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import psycopg

from bench import network, rows
from bench.drawing import Chart
from bench.rows import Row, Rows
from heliograph.sharding import map, nodes

_SIGMA = 1.1  # of the log-normal number of people whom somebody follows; its mean is 1.8 times its median
_EVEN = 0.35  # how evenly follows are spread: 1 is evenly, 0 all on one person
_MOST = 7500  # whom one person may follow at most
_PHOTOS = 2  # of everybody
_BATCH = 20_000  # people whose follows are made at once
_FIRST_MS = 5_000_000_000  # of ids: late February 2026
_CALLS = 40
_SECONDS = 2.0  # of one kind of deed, or _CALLS

_OF = {
    "people": "the number of people",
    "follows": "how many one follows",
    "photos": "how many photos one has",
}

Ids = np.ndarray[Any, np.dtype[np.int64]]


def main() -> None:
    parser = rows.parser(__doc__)
    parser.add_argument("--people", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--follows", type=float, default=50, help="of one person, on average")
    parser.add_argument("--draw", type=Path, help="folder for the pictures")
    asked = parser.parse_args()
    told, curves = Rows(), Curves()
    with network.running():
        sizes = sorted(asked.people)
        for people in sizes:
            network.renew()
            made = World(people, asked.follows)
            curves.made.append(made.told)
            _of_people(made, curves)
            if people == sizes[len(sizes) // 2]:
                _of_follows(made, curves)
                _of_photos(made, curves)
    curves.say(told)
    told.curves = curves.as_data()
    told.save(asked.json)
    if asked.draw:
        curves.draw(asked.draw)


@dataclass
class Curves:
    """By what grows, then by what is done: (how much of it, milliseconds of processor)."""

    made: list[dict[str, Any]] = field(default_factory=list)
    of: dict[str, dict[str, list[tuple[float, float]]]] = field(default_factory=dict)

    def add(self, what: str, deed: str, x: float, milliseconds: float) -> None:
        print(f"    {what} {x:>9,.0f}  {deed:34} {milliseconds:8.2f} ms", flush=True)
        self.of.setdefault(what, {}).setdefault(deed, []).append((x, milliseconds))

    def say(self, told: Rows) -> None:
        for made in self.made:
            said = ", ".join(f"{name} {value:,}" for name, value in made.items() if name != "people")
            told.say(Row(f"a network of {made['people']:,}", said, float(made["bytes a person"])))
        for what, deeds in self.of.items():
            for deed, points in deeds.items():
                said = ", ".join(f"{x:,.0f}: {y:.2f} ms" for x, y in points)
                told.say(Row(f"{deed}, by {what}", said, points[-1][1] / max(points[0][1], 1e-9)))

    def as_data(self) -> list[dict[str, Any]]:
        return [{"what": what, "deeds": deeds} for what, deeds in self.of.items()]

    def draw(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        for what, deeds in self.of.items():
            chart = Chart(f"Processor time against {_OF[what]}", x=what, y="ms", log_x=True, log_y=True)
            for deed, points in deeds.items():
                chart.line(deed, points)
            (folder / f"growth-{what}.svg").write_text(chart.svg())


class World:
    """A network of so many people, on eight shards of two nodes."""

    def __init__(self, people: int, follows: float) -> None:
        self.chance = random.Random(7)
        self._dice = np.random.default_rng(7)
        shards = np.array([*network.SHARDS], dtype=np.int64)
        number = np.arange(people, dtype=np.int64)
        #: By rank: the first is followed most.
        self.ids: Ids = (_FIRST_MS + number << 23) | (shards[number % len(shards)] << 10) | (number & 1023)
        started = time.monotonic()
        loader = Loader()
        loader.people(self.ids)
        loader.photos(_PHOTOS, people)
        edges = 0
        loader.drop_indexes()
        for first in range(0, people, _BATCH):
            actors, owners = self._edges(first, min(people, first + _BATCH), follows)
            loader.follows(actors, owners)
            edges += len(actors)
        size = loader.finish()
        seconds = time.monotonic() - started
        self.followers = loader.numbers_of_followers(self.ids)
        self.told = {
            "people": people,
            "follows": edges,
            "photos": people * _PHOTOS,
            "median followers": int(np.median(self.followers)),
            "most followers": int(self.followers.max()),
            "seconds to load": round(seconds),
            "GB": round(sum(size.values()) / 1e9, 2),
            "bytes a follow": round(size["follows"] / max(1, edges)),
            "bytes a person": round(size["people"] / people),
            "bytes a photo": round(size["photos"] / (people * _PHOTOS)),
        }
        print(f"    {self.told}", flush=True)

    def _edges(self, first: int, last: int, mean: float) -> tuple[Ids, Ids]:
        people = len(self.ids)
        each = self._dice.lognormal(np.log(mean) - _SIGMA**2 / 2, _SIGMA, last - first)
        each = np.minimum(np.maximum(each.round(), 1), min(_MOST, people // 3)).astype(np.int64)
        actors = np.repeat(np.arange(first, last, dtype=np.int64), each)
        # A part of the follows goes to anybody, the others by rank: the most popular are followed by most.
        ranks = self._dice.random(len(actors)) ** np.where(self._dice.random(len(actors)) < _EVEN, 1.0, 3.0)
        owners = np.minimum((ranks * people).astype(np.int64), people - 1)
        pairs = np.unique(actors * people + owners)
        actors, owners = pairs // people, pairs % people
        other = actors != owners
        return self.ids[actors[other]], self.ids[owners[other]]

    def some(self, count: int) -> list[int]:
        """Different people, by chance."""
        return [int(self.ids[n]) for n in self.chance.sample(range(len(self.ids)), count)]


class Loader:
    """Rows by COPY, in binary; what is unique is checked when all is there, and so is sorted only once."""

    def __init__(self) -> None:
        self._lines = {
            shard: psycopg.connect(nodes.with_passfile(map.node_of(shard).owner_conninfo), autocommit=True)
            for shard in network.SHARDS
        }
        self._dropped: list[tuple[int, str]] = []

    def people(self, ids: Ids) -> None:
        for shard, mine in self._by_shard(ids):
            line = self._lines[shard]
            with line.cursor().copy(f"COPY shard_{shard:04}.person (id, username) FROM STDIN") as copy:
                copy.write("".join(f"{id}\tp{id}\n" for id in mine.tolist()))
            line.execute(
                f"INSERT INTO shard_{shard:04}.counters (person_id) SELECT id FROM shard_{shard:04}.person"
            )

    def photos(self, each: int, people: int) -> None:
        """On one day after the other, at any time of it. People's ids are a millisecond apart, and their photos' are
        whole numbers of `people` milliseconds after theirs, so that no two have the same."""
        for shard, line in self._lines.items():
            line.execute(
                f"""
                INSERT INTO shard_{shard:04}.photo (id, owner_id, state, token, width, height, caption, placeholder,
                    published_at)
                SELECT o.id + (n * 86400000::bigint + floor(random() * 80000000 / %s)::bigint * %s << 23), o.id,
                    'published', md5(n::text || o.id), 1080, 810, 'The harbour in the evening, number ' || n,
                    repeat('A', 400), now()
                FROM shard_{shard:04}.person o, generate_series(1, %s) n
                """,
                (people, people, each),
            )

    def drop_indexes(self) -> None:
        """Of follows, until all of them are there."""
        for shard, line in self._lines.items():
            for table, columns in _FOLLOWS.items():
                name = f"shard_{shard:04}.{table}"
                made = line.execute(_INDEXES, (name,)).fetchall()
                for index, definition in made:
                    line.execute(f"DROP INDEX {index}")
                    self._dropped.append((shard, definition))
                line.execute(f"ALTER TABLE {name} DROP CONSTRAINT {table}_pkey")
                self._dropped.append((shard, f"ALTER TABLE {name} ADD PRIMARY KEY ({columns})"))

    def follows(self, actors: Ids, owners: Ids) -> None:
        """Both rows of each."""
        for (table, columns), first, second in zip(
            _FOLLOWS.items(), (actors, owners), (owners, actors), strict=True
        ):
            homes = (first >> 10) & 8191
            for shard, line in self._lines.items():
                mine = homes == shard
                sql = f"COPY shard_{shard:04}.{table} ({columns}, {_COLUMNS}) FROM STDIN (FORMAT binary)"
                with line.cursor().copy(sql) as copy:
                    copy.write(_BEGIN + _binary(first[mine], second[mine]) + _END)

    def finish(self) -> dict[str, int]:
        """Indexes, statistics; bytes by kind."""
        size = {"people": 0, "photos": 0, "follows": 0}
        for shard, made in self._dropped:
            self._lines[shard].execute(made)
        for shard, line in self._lines.items():
            for kind, tables in _TABLES.items():
                for table in tables:
                    line.execute(f"VACUUM ANALYZE shard_{shard:04}.{table}")
                    row = line.execute(
                        "SELECT pg_total_relation_size(%s)", (f"shard_{shard:04}.{table}",)
                    ).fetchone()
                    size[kind] += int(row[0]) if row else 0
        return size

    def numbers_of_followers(self, ids: Ids) -> Ids:
        found: dict[int, int] = {}
        for shard, line in self._lines.items():
            sql = f"SELECT owner_id, count(*) FROM shard_{shard:04}.follower GROUP BY owner_id"
            found.update(line.execute(sql).fetchall())
            line.execute(
                f"UPDATE shard_{shard:04}.counters c SET followers = n.followers, photos = %s FROM"
                f" (SELECT owner_id, count(*) AS followers FROM shard_{shard:04}.follower GROUP BY owner_id) n"
                " WHERE n.owner_id = c.person_id",
                (_PHOTOS,),
            )
            line.close()
        return np.array([found.get(id, 0) for id in ids.tolist()], dtype=np.int64)

    def _by_shard(self, ids: Ids) -> Iterable[tuple[int, Ids]]:
        for shard in network.SHARDS:
            yield shard, ids[(ids >> 10) & 8191 == shard]


_TABLES = {"people": ("person", "counters"), "photos": ("photo",), "follows": ("following", "follower")}
_FOLLOWS = {"following": "actor_id, owner_id", "follower": "owner_id, actor_id"}
_INDEXES = """
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
WHERE indrelid = %s::regclass AND NOT indisprimary
"""
_COLUMNS = "wish_on, wish_version, state, answers, permit_version"
_BEGIN, _END = b"PGCOPY\n\xff\r\n\0" + b"\0" * 8, b"\xff\xff"
#: One row of `following` or `follower`: seven fields, each with its length before it.
_ROW = np.dtype(
    [
        ("fields", ">i2"),
        *(("l1", ">i4"), ("a", ">i8")),
        *(("l2", ">i4"), ("b", ">i8")),
        *(("l3", ">i4"), ("on", "i1")),
        *(("l4", ">i4"), ("wish", ">i8")),
        *(("l5", ">i4"), ("state", "S7")),
        *(("l6", ">i4"), ("answers", ">i8")),
        *(("l7", ">i4"), ("permit", ">i8")),
    ]
)


def _binary(first: Ids, second: Ids) -> bytes:
    made = np.zeros(len(first), _ROW)
    made["fields"] = 7
    for name, length in (("l1", 8), ("l2", 8), ("l3", 1), ("l4", 8), ("l5", 7), ("l6", 8), ("l7", 8)):
        made[name] = length
    made["a"], made["b"], made["on"], made["state"] = first, second, 1, b"granted"
    made["wish"] = made["answers"] = made["permit"] = 1
    return made.tobytes()


def _of_people(world: World, curves: Curves) -> None:
    """The same deeds in networks of more and more people."""
    from heliograph.feed import home as lists
    from heliograph.flows import fan_out, follow, like
    from heliograph.pages import home, profile
    from heliograph.sharding import outbox, sessions
    from tests.oracle import album

    sessions.on_projected = outbox.try_at_once
    size = len(world.ids)
    readers, turn = world.some(_CALLS), itertools.count()
    for reader in readers:
        home.page(reader)
    raw = {reader: lists.read(reader) for reader in readers}
    shown = [card.id for reader in readers for card in home.page(reader, feed=raw[reader]).items]

    def reader() -> int:
        return readers[next(turn) % _CALLS]

    def warm() -> None:
        it = reader()
        home.page(it, feed=raw[it])

    def rebuild() -> None:
        it = reader()
        lists.forget([it])
        home.rebuild(it)

    quiet = [
        int(world.ids[n]) for n in np.argsort(np.abs(world.followers - np.median(world.followers)))[:_CALLS]
    ]
    posted = [(owner, album.post(owner)) for owner in quiet]

    def fanned_out() -> None:
        owner, photo_id = posted[next(turn) % _CALLS]
        fan_out.fan_out(photo_id=photo_id, owner_id=owner)

    def followed() -> None:
        it = reader()
        follow.follow(it, next(other for other in world.some(2) if other != it))

    deeds: dict[str, Callable[[], Any]] = {
        "feed, warm": warm,
        "feed, cold": network.After(network.forget_cards, warm),
        "rebuild": rebuild,
        "profile": lambda: profile.photos(reader(), quiet[next(turn) % _CALLS]),
        "like": lambda: like.add(reader(), world.chance.choice(shown)),
        "follow": followed,
        "fan-out, median": fanned_out,
    }
    for name, deed in deeds.items():
        curves.add("people", name, size, _spent(deed))


def _of_follows(world: World, curves: Curves) -> None:
    """A reader who follows 20, 200, 2,000 people."""
    from heliograph.feed import home as lists
    from heliograph.pages import home

    for number in (20, 200, min(2000, len(world.ids) - 1)):
        reader = network.person(f"reader{number}", 1)
        network.followings(reader, world.some(number))
        home.page(reader)
        raw = lists.read(reader)

        def rebuild(reader: int = reader) -> None:
            lists.forget([reader])
            home.rebuild(reader)

        curves.add("follows", "rebuild", number, _spent(rebuild))
        curves.add(
            "follows",
            "feed, warm",
            number,
            _spent(lambda r=reader, raw=raw: home.page(r, feed=raw)),  # type: ignore[misc]
        )


def _of_photos(world: World, curves: Curves) -> None:
    """Somebody with 100, 1,000, 10,000 photos."""
    from heliograph.pages import home, profile

    reader = world.some(1)[0]
    for number in (100, 1000, 10_000):
        owner = network.person(f"owner{number}", 2)
        network.photos(owner, number)
        fan = network.person(f"fan{number}", 3)
        network.followings(fan, [owner])
        curves.add("photos", "profile", number, _spent(lambda o=owner: profile.photos(reader, o)))  # type: ignore[misc]
        curves.add("photos", "rebuild", number, _spent(lambda f=fan: home.rebuild(f)))  # type: ignore[misc]


def _spent(deed: Callable[[], Any]) -> float:
    """Milliseconds of processor of one call, here and in PostgreSQL, the median."""
    for _ in range(5):
        deed()
    taken: list[float] = []
    until = time.monotonic() + _SECONDS
    while len(taken) < _CALLS or (len(taken) < _CALLS * 5 and time.monotonic() < until):
        before = network.processors()
        here = network.timed(deed, 1)[0]
        taken.append(here + network.processors() - before)
    return statistics.median(taken) * 1000


if __name__ == "__main__":
    main()
