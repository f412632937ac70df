"""Who follows whom: pages for people, ids for fan-out and rebuild. Each reads one side's own shard.

Pages are keyed by (since, id), newest first: page 200 of 10,000 costs what page 1 does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

from heliograph.graph import store

#: A place in a list: since when, and who. The next page begins after it.
Place: TypeAlias = "tuple[datetime, int]"

FIRST: Final[Place] = (datetime(9999, 1, 1, tzinfo=UTC), 0)

Lister: TypeAlias = Callable[[store.Shards, int, Place, int], "list[Place]"]


def followers(reader: store.Shards, owner_id: int, before: Place = FIRST, count: int = 50) -> list[Place]:
    """The newest followers in force, as (since, follower's id)."""
    return _places(store.newest_followers(reader.at(owner_id), owner_id, before, count))


def following(reader: store.Shards, actor_id: int, before: Place = FIRST, count: int = 50) -> list[Place]:
    """The people followed in force, newest first, as (since, id)."""
    return _places(store.newest_following(reader.at(actor_id), actor_id, before, count))


def followed_by_many(reader: store.Shards, actor_ids: Iterable[int], count: int) -> list[int]:
    """Whom each of these has begun to follow lately, at most `count` each; as often as they are followed.

    One round trip a node.
    """
    return [row[1] for row in store.followed_by_many(reader, actor_ids, count)]


def requests(reader: store.Shards, owner_id: int, before: Place = FIRST, count: int = 50) -> list[Place]:
    """Who asks to follow and waits for an answer, newest first."""
    return _places(store.newest_requests(reader.at(owner_id), owner_id, before, count))


def blocked(reader: store.Shards, actor_id: int, before: Place = FIRST, count: int = 50) -> list[Place]:
    """Whom somebody blocks, newest first."""
    return _places(store.newest_blocked(reader.at(actor_id), actor_id, before, count))


def follower_ids(reader: store.Shards, owner_id: int, *, after: int = 0, count: int = 20_000) -> list[int]:
    """Followers in force by ascending id, beginning after `after`: for fan-out, one chunk a call."""
    return store.ids(reader.at(owner_id), store.FOLLOWER, owner_id, after, count)


def following_ids(
    reader: store.Shards, actor_id: int, *, after: int = 0, count: int = 1_000_000
) -> list[int]:
    """Everybody somebody follows in force, by ascending id: for a feed that is built anew."""
    return store.ids(reader.at(actor_id), store.FOLLOWING, actor_id, after, count)


def wished_ids(shard: store.Shard, actor_id: int, *, after: int, count: int) -> list[int]:
    """Everybody somebody follows or asks to follow, by ascending id."""
    return store.wished_by(shard, actor_id, after, count)


def wishing_ids(shard: store.Shard, owner_id: int, *, after: int, count: int) -> list[int]:
    """Everybody who follows somebody or asks to, by ascending id."""
    return store.wishing(shard, owner_id, after, count)


def blocked_ids(shard: store.Shard, actor_id: int, *, after: int, count: int) -> list[int]:
    """Everybody somebody blocks, by ascending id."""
    return store.blocked_ids(shard, actor_id, after, count)


def _places(rows: list[tuple[Any, ...]]) -> list[Place]:
    return [(row[0], row[1]) for row in rows]
