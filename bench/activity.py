"""What activity costs: at every like, and when it is read after a hundred thousand of them.

    python -m bench.activity [--likes 100000]

Writing: batches of likes arriving at the photo's shard, as they are (the owner beside each like, one more index), with
a narrow table `activity` written along (the other design), and without either. Reading: one page for somebody with
1,000 photos whose likes are spread over all of them, and with all likes on one photo within a day. And finding people.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable
from typing import Any

from bench import network

_BATCH = 100
_NARROW = """
CREATE TABLE {s}.activity (
    person_id bigint NOT NULL, kind smallint NOT NULL, actor_id bigint NOT NULL, photo_id bigint NOT NULL,
    "on" boolean NOT NULL, version bigint NOT NULL, at timestamptz NOT NULL,
    PRIMARY KEY (person_id, kind, photo_id, actor_id)
);
CREATE INDEX activity_newest ON {s}.activity (person_id, at DESC, photo_id DESC, actor_id DESC) WHERE "on";
"""
_TELL = """
INSERT INTO {s}.activity (person_id, kind, actor_id, photo_id, "on", version, at)
SELECT %(owner)s, 1, * FROM unnest(%(actors)s::bigint[], %(photos)s::bigint[], %(ons)s::boolean[],
    %(versions)s::bigint[], %(ats)s::timestamptz[])
ON CONFLICT (person_id, kind, photo_id, actor_id) DO UPDATE SET "on" = excluded."on", version = excluded.version,
    at = excluded.at WHERE {s}.activity.version < excluded.version
"""
_BARE = """
INSERT INTO {s}.photo_like (actor_id, photo_id, "on", version, at)
SELECT * FROM unnest(%(actors)s::bigint[], %(photos)s::bigint[], %(ons)s::boolean[], %(versions)s::bigint[],
    %(ats)s::timestamptz[])
ON CONFLICT (photo_id, actor_id) DO UPDATE SET "on" = excluded."on", version = excluded.version, at = excluded.at
    WHERE {s}.photo_like.version < excluded.version
"""

_PEOPLE = """
INSERT INTO person (id, password, username, email, email_verified, is_administrator, is_active, created_at, full_name,
    avatar, private, state, face_version)
SELECT n, '', left('p' || md5(n::text), 30), '', false, false, true, now(), '', '', false, 'active', 0
FROM generate_series(1, 300000) n
"""
_WORDS = """
INSERT INTO person_word (word, person_id)
SELECT left('p' || md5(n::text), 30), n FROM generate_series(1, 300000) n
UNION SELECT substr(md5('x' || n), 1, 7), n FROM generate_series(1, 300000) n
"""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--likes", type=int, default=100_000)
    asked = parser.parse_args()
    with network.running():
        names = (("wide", 1), ("viral", 1), ("writer", 2))
        wide, viral, writer = (network.person(name, shard) for name, shard in names)
        network.settle()
        fans = network.followers(viral, 8_000)
        _writing(writer, fans)
        _reading(wide, 1_000, asked.likes, fans)
        _reading(viral, 1_000, asked.likes, fans, one=True)
        _finding(wide)


def _writing(owner_id: int, fans: list[int]) -> None:
    from heliograph.engagement import store
    from heliograph.sharding import map, sessions

    shard = map.node_of((owner_id >> 10) & 8191)
    import psycopg

    with psycopg.connect(shard.owner_conninfo, autocommit=True) as connection:
        name = f"shard_{(owner_id >> 10) & 8191:04d}"
        connection.execute(_NARROW.replace("{s}", name))
        connection.execute(f"GRANT ALL ON {name}.activity TO PUBLIC")
    network.photos(owner_id, 200)
    photo_ids = _photos(owner_id)
    version = iter(range(1, 10**9))

    def rows() -> list[tuple[Any, ...]]:
        at = _now()
        pairs = {(random.choice(fans), random.choice(photo_ids)) for _ in range(_BATCH)}
        return [(actor, photo, True, next(version), at) for actor, photo in sorted(pairs)]

    def bare(tx: Any, batch: list[tuple[Any, ...]]) -> None:
        tx.run(_BARE, _columns(batch))

    def indexed(tx: Any, batch: list[tuple[Any, ...]]) -> None:
        store.save_likes(tx, batch)

    def told(tx: Any, batch: list[tuple[Any, ...]]) -> None:
        bare(tx, batch)
        tx.run(_TELL, {"owner": owner_id} | _columns(batch))

    work: dict[str, Callable[[], Any]] = {
        "without": lambda: sessions.write(owner_id, lambda tx: bare(tx, rows())),
        "owner beside each like": lambda: sessions.write(owner_id, lambda tx: indexed(tx, rows())),
        "a table of its own": lambda: sessions.write(owner_id, lambda tx: told(tx, rows())),
    }
    for name, (_, wall) in network.interleaved(15, work, 10).items():
        print(f"a batch of {_BATCH} likes, {name}: {wall / 1000:.2f} ms")


def _reading(owner_id: int, photos: int, likes: int, fans: list[int], *, one: bool = False) -> None:
    from heliograph.activity import events
    from heliograph.pages import activity, own
    from heliograph.sharding import sessions

    network.photos(owner_id, photos)
    ids = _photos(owner_id)
    sql = """
    INSERT INTO {s}.photo_like (actor_id, photo_id, owner_id, "on", version, at)
    SELECT DISTINCT ON (1, 2) actor, photo, %(owner)s::bigint, true, 1, now() - n * interval '0.8 second' FROM (
        SELECT (%(fans)s::bigint[])[1 + (n / %(photos)s) %% %(number)s] + (n / %(photos)s / %(number)s) AS actor,
            (%(ids)s::bigint[])[1 + n %% %(photos)s] AS photo, n
        FROM generate_series(0, %(likes)s - 1) n) x
    """
    used = ids[:1] if one else ids
    values = {
        "owner": owner_id,
        "fans": fans,
        "number": len(fans),
        "photos": len(used),
        "ids": used,
        "likes": likes,
    }
    made = sessions.write(owner_id, lambda tx: tx.run(sql, values))
    if one:  # and a few of others, behind the crowd
        few = values | {"photos": 20, "ids": ids[1:21], "likes": 100}
        sessions.write(owner_id, lambda tx: tx.run(sql.replace("now()", "now() - interval '2 days'"), few))
    _analyze()
    reader = sessions.reader()
    kind = "one photo" if one else f"{photos} photos"
    work: dict[str, Callable[[], Any]] = {
        "100 events": lambda: events.newest(reader, owner_id, count=100),
        "100 events without the crowd": lambda: events.newest(reader, owner_id, count=100, without=ids[:1]),
        "is there anything new, nothing is": lambda: own.unread(reader, owner_id),
        "own facts of a home page": lambda: own.facts(
            reader, owner_id, ids[:20], fans[:40], owners=fans[:20]
        ),
        "own facts with the dot": lambda: own.facts(
            reader, owner_id, ids[:20], fans[:40], owners=fans[:20], with_unread=True
        ),
        "the page of sentences": lambda: activity.grouped(owner_id),
        "the page of the API": lambda: activity.listed(owner_id),
    }
    from heliograph.flows import see_activity

    see_activity.see(owner_id, _now())
    for name, (cpu, wall) in network.interleaved(7, work, 5).items():
        print(f"{made} likes of {kind}, {name}: {wall / 1000:.2f} ms, of which {cpu / 1000:.2f} here")


def _finding(viewer_id: int) -> None:
    from django.db import connection

    from heliograph.pages import search

    with connection.cursor() as cursor:
        for sql in (_PEOPLE, _WORDS, "ANALYZE person", "ANALYZE person_word"):
            cursor.execute(sql)
    from heliograph.accounts import finding
    from heliograph.sharding import sessions

    directory = sessions.reader().directory
    for query in ("p", "p1", "a", "ab", "abc", "p0 a", "wide"):
        words = finding.asked_words(query)
        started = time.perf_counter()
        for _ in range(20):
            finding.likeliest(directory, words, count=50, among=())
        print(f"300,000 people, {query!r}: {(time.perf_counter() - started) / 20 * 1000:.2f} ms")
        started = time.perf_counter()
        for _ in range(20):
            finding.likeliest(directory, words, count=20, among=range(1, 501))
        print(f"500 of them, {query!r}: {(time.perf_counter() - started) / 20 * 1000:.2f} ms")
    started = time.perf_counter()
    for _ in range(20):
        search.people(viewer_id, "p1")
    print(f"300,000 people, the whole answer: {(time.perf_counter() - started) / 20 * 1000:.2f} ms")


def _photos(owner_id: int) -> list[int]:
    from heliograph.sharding import sessions

    sql = "SELECT id FROM {s}.photo WHERE owner_id = %s ORDER BY id DESC"
    return [row[0] for row in sessions.reader().at(owner_id).rows(sql, (owner_id,))]


def _columns(batch: list[tuple[Any, ...]]) -> dict[str, list[Any]]:
    names = ("actors", "photos", "ons", "versions", "ats")
    return {name: list(values) for name, values in zip(names, zip(*batch, strict=True), strict=True)}


def _analyze() -> None:
    from heliograph.sharding import map, nodes

    for node in map.nodes():
        with nodes.connection(node) as connection:
            connection.execute("ANALYZE")


def _now() -> Any:
    from heliograph.core import clock

    return clock.now()


if __name__ == "__main__":
    main()
