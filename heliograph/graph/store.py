"""All SQL of follows and blocks. Takes the transaction or the reader, opens nothing.

Whoever changes pair rows of a person holds the lock on that person's row in `counters`, taken before; so the
rows are read and written without locks of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeAlias

from heliograph.graph.pairs import Pair

Key: TypeAlias = "tuple[int, int]"  # (mine, theirs): the person whose shard this is, and the other one
Rows: TypeAlias = "list[tuple[Any, ...]]"


class Shard(Protocol):
    """What a transaction and a reader of one shard have in common."""

    def rows(self, sql: str, params: Any = ()) -> Rows: ...
    def row(self, sql: str, params: Any = ()) -> tuple[Any, ...] | None: ...
    def value(self, sql: str, params: Any = ()) -> Any: ...
    def run(self, sql: str, params: Any = ()) -> int: ...


class Shards(Protocol):
    """Reads of many shards at once."""

    def at(self, id: int) -> Any: ...
    def gather(self, sql: str, ids: Iterable[int], params: Mapping[str, Any] | None = None) -> Rows: ...
    def gather_pairs(
        self, sql: str, pairs: Iterable[tuple[int, int]], params: Mapping[str, Any] | None = None
    ) -> Rows: ...


@dataclass(frozen=True)
class Side:
    """The statements of one of the two mirrored tables. They differ in names only."""

    load: str
    save: str
    newest: str
    ids: str


_IN_FORCE = "wish_on AND state = 'granted' AND answers = wish_version"
_REQUESTED = "wish_on AND state = 'pending' AND answers = wish_version"


def _side(table: str, mine: str, theirs: str) -> Side:
    # f-strings over names only, once, at import: the statements are constants.
    return Side(
        load=f"""
SELECT p.{mine}, p.{theirs}, p.wish_on, p.wish_version, p.state, p.answers, p.permit_version, p.since,
    p.by_hand
FROM {{s}}.{table} p
JOIN unnest(%(ids)s::bigint[], %(others)s::bigint[]) AS k (mine, theirs)
    ON p.{mine} = k.mine AND p.{theirs} = k.theirs
""",
        save=f"""
INSERT INTO {{s}}.{table} ({mine}, {theirs}, wish_on, wish_version, state, answers, permit_version, since,
    by_hand)
SELECT * FROM unnest(%(ids)s::bigint[], %(others)s::bigint[], %(wish_on)s::boolean[], %(wish_version)s::bigint[],
    %(state)s::text[], %(answers)s::bigint[], %(permit_version)s::bigint[], %(since)s::timestamptz[],
    %(by_hand)s::boolean[])
ON CONFLICT ({mine}, {theirs}) DO UPDATE SET wish_on = excluded.wish_on, wish_version = excluded.wish_version,
    state = excluded.state, answers = excluded.answers, permit_version = excluded.permit_version,
    since = excluded.since, by_hand = excluded.by_hand
""",
        newest=f"""
SELECT since, {theirs} FROM {{s}}.{table}
WHERE {mine} = %(id)s AND {_IN_FORCE} AND (since, {theirs}) < (%(since)s, %(other)s)
ORDER BY since DESC, {theirs} DESC LIMIT %(count)s
""",
        ids=f"""
SELECT {theirs} FROM {{s}}.{table} WHERE {mine} = %(id)s AND {theirs} > %(after)s AND {_IN_FORCE}
ORDER BY {theirs} LIMIT %(count)s
""",
    )


FOLLOWING = _side("following", "actor_id", "owner_id")
FOLLOWER = _side("follower", "owner_id", "actor_id")

_VERSIONS = "SELECT nextval('{s}.version_seq') FROM generate_series(1, %s)"

_LOCK_ACTOR = """
SELECT p.state FROM {s}.counters c JOIN {s}.person p ON p.id = c.person_id
WHERE c.person_id = %s FOR NO KEY UPDATE OF c
"""
# One statement, so that a follow is four round trips: BEGIN, the lock, this, COMMIT.
_WISH = """
WITH blocking AS (
    SELECT 1 FROM {s}.block WHERE actor_id = %(actor)s AND target_id = %(owner)s AND "on"
), wished AS (
    INSERT INTO {s}.following AS f (actor_id, owner_id, wish_on, wish_version, since)
    SELECT %(actor)s, %(owner)s, true, nextval('{s}.version_seq'), %(now)s WHERE NOT EXISTS (SELECT FROM blocking)
    ON CONFLICT (actor_id, owner_id) DO UPDATE
        SET wish_on = true, wish_version = excluded.wish_version, since = excluded.since
        WHERE NOT f.wish_on OR (f.state = 'denied' AND f.answers = f.wish_version)
    RETURNING 1
), noted AS (
    INSERT INTO public.outbox (kind, a, b) SELECT 'wish', %(actor)s, %(owner)s FROM wished
)
SELECT EXISTS (SELECT FROM blocking), EXISTS (SELECT FROM wished)
"""
#: Everybody with whom there is something between somebody and others, by ascending id: for the day they leave.
_WISHED_BY = """
SELECT owner_id FROM {s}.following WHERE actor_id = %(id)s AND wish_on AND owner_id > %(after)s
ORDER BY owner_id LIMIT %(count)s
"""
_WISHING = """
SELECT actor_id FROM {s}.follower
WHERE owner_id = %(id)s AND wish_on AND NOT (state = 'denied' AND answers = wish_version) AND actor_id > %(after)s
ORDER BY actor_id LIMIT %(count)s
"""
_BLOCKED_BY_ID = """
SELECT target_id FROM {s}.block WHERE actor_id = %(id)s AND "on" AND target_id > %(after)s
ORDER BY target_id LIMIT %(count)s
"""
_PENDING = f"""
SELECT actor_id FROM {{s}}.follower WHERE owner_id = %(owner)s AND {_REQUESTED} ORDER BY since LIMIT %(count)s
"""
_REQUESTS = f"""
SELECT since, actor_id FROM {{s}}.follower
WHERE owner_id = %(id)s AND {_REQUESTED} AND (since, actor_id) < (%(since)s, %(other)s)
ORDER BY since DESC, actor_id DESC LIMIT %(count)s
"""
_WISHES = """
SELECT f.actor_id, f.owner_id, f.wish_on, f.wish_version FROM {s}.following f
JOIN unnest(%(ids)s::bigint[], %(others)s::bigint[]) AS k (actor_id, owner_id) USING (actor_id, owner_id)
"""
_PERMITS = """
SELECT f.owner_id, f.actor_id, f.state, f.answers, f.permit_version, f.by_hand FROM {s}.follower f
JOIN unnest(%(ids)s::bigint[], %(others)s::bigint[]) AS k (owner_id, actor_id) USING (owner_id, actor_id)
WHERE f.permit_version > 0
"""

_BLOCKING = """
SELECT b.actor_id, b.target_id FROM {s}.block b
JOIN unnest(%(ids)s::bigint[], %(others)s::bigint[]) AS k (actor_id, target_id) USING (actor_id, target_id)
WHERE b."on"
"""
_BLOCKED_SINCE = """
SELECT 1 FROM {s}.block
WHERE actor_id = %(actor)s AND target_id = %(target)s AND ("on" OR version > %(version)s)
"""
_BLOCK = """
INSERT INTO {s}.block AS b (actor_id, target_id, "on", version, at)
VALUES (%(actor)s, %(target)s, true, nextval('{s}.version_seq'), %(now)s)
ON CONFLICT (actor_id, target_id) DO UPDATE SET "on" = true, version = excluded.version, at = excluded.at
    WHERE NOT b."on"
"""
_UNBLOCK = """
UPDATE {s}.block SET "on" = false, version = nextval('{s}.version_seq'), at = %(now)s
WHERE actor_id = %(actor)s AND target_id = %(target)s AND "on"
"""
_BLOCKS = """
SELECT b.actor_id, b.target_id, b."on", b.version, b.at FROM {s}.block b
JOIN unnest(%(ids)s::bigint[], %(others)s::bigint[]) AS k (actor_id, target_id) USING (actor_id, target_id)
"""
_BLOCK_ARRIVES = """
INSERT INTO {s}.blocked_by AS b (target_id, actor_id, "on", version, at)
SELECT * FROM unnest(%(targets)s::bigint[], %(actors)s::bigint[], %(ons)s::boolean[], %(versions)s::bigint[],
    %(ats)s::timestamptz[])
ON CONFLICT (target_id, actor_id) DO UPDATE SET "on" = excluded."on", version = excluded.version, at = excluded.at
    WHERE b.version < excluded.version
"""
_BLOCKED = """
SELECT at, target_id FROM {s}.block
WHERE actor_id = %(id)s AND "on" AND (at, target_id) < (%(since)s, %(other)s)
ORDER BY at DESC, target_id DESC LIMIT %(count)s
"""

_SEEN_FROM_THERE = """
SELECT p.state = 'active' AND NOT EXISTS (
    SELECT FROM {s}.block b WHERE b.actor_id = p.id AND b.target_id = %(viewer)s AND b."on"
)
FROM {s}.person p WHERE p.id = %(id)s
"""
_STANDINGS = """
SELECT p.id, p.private, EXISTS (
    SELECT FROM {s}.follower f WHERE f.owner_id = p.id AND f.actor_id = %(viewer)s
        AND f.wish_on AND f.state = 'granted' AND f.answers = f.wish_version
)
FROM {s}.person p
WHERE p.id = ANY(%(ids)s) AND p.state = 'active' AND NOT EXISTS (
    SELECT FROM {s}.block b WHERE b.actor_id = p.id AND b.target_id = %(viewer)s AND b."on"
)
"""

_OWN_SIDE = """
SELECT f.wish_on, f.wish_version, r.wish_on, r.wish_version, r.state, r.answers, EXISTS (
    SELECT FROM {s}.block b WHERE b.actor_id = %(viewer)s AND b.target_id = %(other)s AND b."on"
)
FROM (SELECT) one
LEFT JOIN {s}.following f ON f.actor_id = %(viewer)s AND f.owner_id = %(other)s
LEFT JOIN {s}.follower r ON r.owner_id = %(viewer)s AND r.actor_id = %(other)s
"""
_OTHER_SIDE = """
SELECT p.private, f.state, f.answers
FROM {s}.person p LEFT JOIN {s}.follower f ON f.owner_id = p.id AND f.actor_id = %(viewer)s
WHERE p.id = %(other)s AND p.state = 'active' AND NOT EXISTS (
    SELECT FROM {s}.block b WHERE b.actor_id = p.id AND b.target_id = %(viewer)s AND b."on"
)
"""

_FOLLOWED_BY_MANY = f"""
SELECT k.actor_id, f.owner_id FROM unnest(%(ids)s::bigint[]) AS k (actor_id) CROSS JOIN LATERAL (
    SELECT owner_id FROM {{s}}.following WHERE actor_id = k.actor_id AND {_IN_FORCE}
    ORDER BY since DESC, owner_id DESC LIMIT %(count)s
) f
"""
_OUTGOING = """
SELECT owner_id, wish_on, wish_version, state, answers FROM {s}.following
WHERE actor_id = %(actor)s AND owner_id = ANY(%(owners)s::bigint[]) AND wish_on
"""
_PRIVATE = "SELECT private FROM {s}.person WHERE id = %s AND state = 'active'"


def load(tx: Shard, side: Side, keys: Iterable[Key]) -> dict[Key, Pair]:
    """The pairs of these keys; an empty Pair where there is no row yet."""
    wanted = list(keys)
    found = {
        (row[0], row[1]): Pair(*row[2:])
        for row in tx.rows(side.load, {"ids": [m for m, _ in wanted], "others": [t for _, t in wanted]})
    }
    return {key: found.get(key, Pair()) for key in wanted}


def outgoing(shard: Shard, actor_id: int, owner_ids: Iterable[int]) -> dict[int, Pair]:
    """What somebody wishes of these people, and is answered; those they wish nothing of are left out."""
    owners = "{" + ",".join(map(str, owner_ids)) + "}"  # a text: the driver takes an array element by element
    return {row[0]: Pair(*row[1:]) for row in shard.rows(_OUTGOING, {"actor": actor_id, "owners": owners})}


def save(tx: Shard, side: Side, pairs: Mapping[Key, Pair]) -> None:
    values = list(pairs.values())
    params: dict[str, Any] = {"ids": [mine for mine, _ in pairs], "others": [theirs for _, theirs in pairs]}
    for name in ("wish_on", "wish_version", "state", "answers", "permit_version", "since", "by_hand"):
        params[name] = [getattr(pair, name) for pair in values]
    tx.run(side.save, params)


def versions(tx: Shard, count: int) -> list[int]:
    """So many new versions, ascending, in one round trip."""
    return sorted(row[0] for row in tx.rows(_VERSIONS, (count,))) if count else []


def lock_actor(tx: Shard, actor_id: int) -> str | None:
    """Lock the counted row of one person; their state, or None when their home is not made."""
    row = tx.row(_LOCK_ACTOR, (actor_id,))
    return None if row is None else str(row[0])


def wish(tx: Shard, actor_id: int, owner_id: int, now: datetime) -> tuple[bool, bool]:
    """Wish to follow, and note it in the outbox; (whether the actor blocks the owner, whether it is a new wish)."""
    row = tx.row(_WISH, {"actor": actor_id, "owner": owner_id, "now": now})
    assert row is not None  # noqa: S101 - a SELECT without FROM has a row
    return bool(row[0]), bool(row[1])


def pending(tx: Shard, owner_id: int, count: int) -> list[int]:
    return [row[0] for row in tx.rows(_PENDING, {"owner": owner_id, "count": count})]


def wishes(reader: Shards, pairs: Sequence[Key]) -> Rows:
    return reader.gather_pairs(_WISHES, pairs)


def permits(reader: Shards, pairs: Sequence[Key]) -> Rows:
    return reader.gather_pairs(_PERMITS, pairs)


def blocking(tx: Shard, pairs: Sequence[Key]) -> set[Key]:
    """Those (actor, target) pairs of this shard in which the actor blocks the target."""
    rows = tx.rows(_BLOCKING, {"ids": [a for a, _ in pairs], "others": [b for _, b in pairs]})
    return {(row[0], row[1]) for row in rows}


def blocked_since(tx: Shard, actor_id: int, target_id: int, version: int) -> bool:
    """Whether `actor_id` blocks them, or did for a while after `version` of this shard was given out."""
    return tx.row(_BLOCKED_SINCE, {"actor": actor_id, "target": target_id, "version": version}) is not None


def block(tx: Shard, actor_id: int, target_id: int, now: datetime) -> bool:
    return bool(tx.run(_BLOCK, {"actor": actor_id, "target": target_id, "now": now}))


def unblock(tx: Shard, actor_id: int, target_id: int, now: datetime) -> bool:
    return bool(tx.run(_UNBLOCK, {"actor": actor_id, "target": target_id, "now": now}))


def blocks(reader: Shards, pairs: Sequence[Key]) -> Rows:
    return reader.gather_pairs(_BLOCKS, pairs)


def block_arrives(tx: Shard, rows: Sequence[tuple[Any, ...]]) -> None:
    columns = dict(zip(("actors", "targets", "ons", "versions", "ats"), zip(*rows, strict=True), strict=True))
    tx.run(_BLOCK_ARRIVES, {name: list(values) for name, values in columns.items()})


def newest(shard: Shard, sql: str, id: int, before: tuple[datetime, int], count: int) -> Rows:
    return shard.rows(sql, {"id": id, "since": before[0], "other": before[1], "count": count})


def newest_followers(shard: Shard, id: int, before: tuple[datetime, int], count: int) -> Rows:
    return newest(shard, FOLLOWER.newest, id, before, count)


def newest_following(shard: Shard, id: int, before: tuple[datetime, int], count: int) -> Rows:
    return newest(shard, FOLLOWING.newest, id, before, count)


def newest_requests(shard: Shard, id: int, before: tuple[datetime, int], count: int) -> Rows:
    return newest(shard, _REQUESTS, id, before, count)


def newest_blocked(shard: Shard, id: int, before: tuple[datetime, int], count: int) -> Rows:
    return newest(shard, _BLOCKED, id, before, count)


def followed_by_many(reader: Shards, actor_ids: Iterable[int], count: int) -> Rows:
    return reader.gather(_FOLLOWED_BY_MANY, actor_ids, {"count": count})


def ids(shard: Shard, side: Side, id: int, after: int, count: int) -> list[int]:
    return [row[0] for row in shard.rows(side.ids, {"id": id, "after": after, "count": count})]


def wished_by(shard: Shard, id: int, after: int, count: int) -> list[int]:
    return [row[0] for row in shard.rows(_WISHED_BY, {"id": id, "after": after, "count": count})]


def wishing(shard: Shard, id: int, after: int, count: int) -> list[int]:
    return [row[0] for row in shard.rows(_WISHING, {"id": id, "after": after, "count": count})]


def blocked_ids(shard: Shard, id: int, after: int, count: int) -> list[int]:
    return [row[0] for row in shard.rows(_BLOCKED_BY_ID, {"id": id, "after": after, "count": count})]


def standings(reader: Shards, viewer_id: int | None, owner_ids: Iterable[int]) -> Rows:
    return reader.gather(_STANDINGS, owner_ids, {"viewer": viewer_id})


def seen_from_there(shard: Shard, viewer_id: int, owner_id: int) -> bool | None:
    seen: bool | None = shard.value(_SEEN_FROM_THERE, {"id": owner_id, "viewer": viewer_id})
    return seen


def private(shard: Shard, person_id: int) -> bool | None:
    """Whether somebody active is private."""
    found: bool | None = shard.value(_PRIVATE, (person_id,))
    return found


def own_side(shard: Shard, viewer_id: int, other_id: int) -> tuple[Any, ...]:
    """(my wish on, its version | their wish on, its version, my answer, to which version | whether I block them)"""
    row = shard.row(_OWN_SIDE, {"viewer": viewer_id, "other": other_id})
    assert row is not None  # noqa: S101 - a SELECT from one row
    return row


def other_side(shard: Shard, viewer_id: int, other_id: int) -> tuple[Any, ...] | None:
    """(private | their answer, to which version of my wish); None when they are not there for the viewer"""
    return shard.row(_OTHER_SIDE, {"viewer": viewer_id, "other": other_id})
