"""All SQL of activity. Takes the transaction or the reader, opens nothing.

Events are read from tables of floors below, each by an index that has the person, the time and the key, newest first:
a page costs the same with ten likes and with a million.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeAlias

Rows: TypeAlias = "list[tuple[Any, ...]]"
Pairs: TypeAlias = "Sequence[tuple[int, int]]"


class Shard(Protocol):
    """What a transaction and a reader of one shard have in common."""

    def rows(self, sql: str, params: Any = ()) -> Rows: ...
    def row(self, sql: str, params: Any = ()) -> tuple[Any, ...] | None: ...
    def value(self, sql: str, params: Any = ()) -> Any: ...
    def run(self, sql: str, params: Any = ()) -> int: ...


class Shards(Protocol):
    """Reads of many shards at once."""

    def at(self, id: int) -> Any: ...
    def gather_pairs(
        self, sql: str, pairs: Iterable[tuple[int, int]], params: Mapping[str, Any] | None = None
    ) -> Rows: ...


_IN_FORCE = "wish_on AND state = 'granted' AND answers = wish_version"


def _events(
    rank: int, kind: str, table: str, at: str, x: str, y: str, columns: str, of: str, most: str = "count"
) -> str:
    """One kind: (rank, at, x, y, actor, photo, comment), the newest after its own place in the list."""
    key = f"{at}, {x}" + (f", {y}" if y != "0" else "")
    place = f"%(at)s, %({kind}_x)s" + (f", %({kind}_y)s" if y != "0" else "")
    order = ", ".join(f"{column} DESC" for column in key.split(", "))
    return f"""(
    SELECT {rank} AS rank, {at} AS at, {x} AS x, {y}::bigint AS y, {columns} FROM {{s}}.{table}
    WHERE {of} AND ({key}) < ({place})
    ORDER BY {order} LIMIT %({most})s
)"""


#: By rank, in which events of one moment stand: activity/events.py names them in the same order.
_KINDS = {
    "like": "(SELECT * FROM "
    + _events(
        0,
        "like",
        "photo_like",
        "at",
        "photo_id",
        "actor_id",
        "actor_id AS actor, photo_id AS photo, 0::bigint AS comment",
        'owner_id = %(person)s AND "on" AND actor_id <> owner_id',
        most="reach",
    )
    + " AS near WHERE photo <> ALL(%(without)s::bigint[]) ORDER BY at DESC, x DESC, y DESC LIMIT %(count)s)",
    "comment": _events(
        1,
        "comment",
        "comment",
        "at",
        "id",
        "0",
        "author_id, photo_id, id",
        'owner_id = %(person)s AND "on" AND author_id <> owner_id',
    ),
    "mention": _events(
        2,
        "mention",
        "mention",
        "at",
        "photo_id",
        "comment_id",
        "actor_id, photo_id, comment_id",
        'person_id = %(person)s AND "on"',
    ),
    "follow": _events(
        3,
        "follow",
        "follower",
        "since",
        "actor_id",
        "0",
        "actor_id, 0, 0",
        f"owner_id = %(person)s AND {_IN_FORCE}",
    ),
    "approval": _events(
        4,
        "approval",
        "following",
        "since",
        "owner_id",
        "0",
        "owner_id, 0, 0",
        f"actor_id = %(person)s AND by_hand AND {_IN_FORCE}",
    ),
}
_EVENTS = "\nUNION ALL\n".join(_KINDS.values()) + "\nORDER BY at DESC, rank, x DESC, y DESC LIMIT %(count)s"

_SEEN = "SELECT until FROM {s}.activity_seen WHERE person_id = %s"
_SEE = """
INSERT INTO {s}.activity_seen AS a (person_id, until) VALUES (%(person)s, %(until)s)
ON CONFLICT (person_id) DO UPDATE SET until = excluded.until WHERE a.until < excluded.until
"""

_FORGET_SEEN = "DELETE FROM {s}.activity_seen WHERE person_id = %s"

#: Whether a text names the person: `t` is the row that has it.
_NAMES = (
    """t.entities @> jsonb_build_array(jsonb_build_object('type', 'mention', 'person_id', k.person_id))"""
)
_IN_CAPTIONS = f"""
SELECT k.photo_id, k.person_id, t.owner_id, t.id, 0::bigint, t.state = 'published' AND {_NAMES}, t.version
FROM unnest(%(ids)s::bigint[], %(others)s::bigint[]) AS k (photo_id, person_id)
JOIN {{s}}.photo t ON t.id = k.photo_id
WHERE k.person_id <> t.owner_id
"""
# Not for the photo's owner: a comment on their photo is news anyway.
_IN_COMMENTS = f"""
SELECT k.comment_id, k.person_id, t.author_id, t.photo_id, t.id, t."on" AND {_NAMES}, t.version
FROM unnest(%(ids)s::bigint[], %(others)s::bigint[]) AS k (comment_id, person_id)
JOIN {{s}}.comment t ON t.id = k.comment_id
WHERE k.person_id NOT IN (t.author_id, t.owner_id)
"""
_ARRIVE = """
INSERT INTO {s}.mention AS m (person_id, photo_id, comment_id, actor_id, "on", version, at, changed_at)
SELECT k.*, %(now)s, %(now)s FROM unnest(%(people)s::bigint[], %(photos)s::bigint[], %(comments)s::bigint[],
    %(actors)s::bigint[], %(ons)s::boolean[], %(versions)s::bigint[]) AS k
ON CONFLICT (person_id, photo_id, comment_id) DO UPDATE
    SET "on" = excluded."on", version = excluded.version, changed_at = excluded.changed_at
    WHERE m.version < excluded.version
"""
_SWEEP = """
DELETE FROM {s}.mention WHERE (person_id, photo_id, comment_id) IN (
    SELECT person_id, photo_id, comment_id FROM {s}.mention WHERE NOT "on" AND changed_at <= %(cutoff)s
    LIMIT %(count)s FOR UPDATE SKIP LOCKED)
"""


def events(shard: Shard, values: Mapping[str, Any]) -> Rows:
    return shard.rows(_EVENTS, values)


def forget_seen(tx: Shard, person_id: int) -> None:
    tx.run(_FORGET_SEEN, (person_id,))


def seen(shard: Shard, person_id: int) -> datetime | None:
    found: datetime | None = shard.value(_SEEN, (person_id,))
    return found


def see(tx: Shard, person_id: int, until: datetime) -> bool:
    return bool(tx.run(_SEE, {"person": person_id, "until": until}))


def in_captions(reader: Shards, pairs: Pairs) -> Rows:
    return reader.gather_pairs(_IN_CAPTIONS, pairs)


def in_comments(reader: Shards, pairs: Pairs) -> Rows:
    return reader.gather_pairs(_IN_COMMENTS, pairs)


def arrive(tx: Shard, rows: Sequence[tuple[Any, ...]], now: datetime) -> None:
    names = ("people", "actors", "photos", "comments", "ons", "versions")
    columns = dict(zip(names, zip(*(row[1:] for row in rows), strict=True), strict=True))
    tx.run(_ARRIVE, {"now": now} | {name: list(values) for name, values in columns.items()})


def sweep(tx: Shard, cutoff: datetime, count: int) -> int:
    return tx.run(_SWEEP, {"cutoff": cutoff, "count": count})
