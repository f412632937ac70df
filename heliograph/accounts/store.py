"""All SQL of people at home. Takes the transaction, opens nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol


class Shard(Protocol):
    """What a transaction and a reader of one shard have in common."""

    def rows(self, sql: str, params: Any = ()) -> list[tuple[Any, ...]]: ...
    def row(self, sql: str, params: Any = ()) -> tuple[Any, ...] | None: ...
    def run(self, sql: str, params: Any = ()) -> int: ...


class Shards(Protocol):
    """Reads of many shards at once."""

    def gather(self, sql: str, ids: Iterable[int]) -> list[tuple[Any, ...]]: ...


_COLUMNS = "id, username, full_name, bio, website, avatar, private, state, face_version, media_generation, created_at"
_KNOWN = "SELECT id FROM {s}.person WHERE id = ANY(%s)"
_ENSURE = """
WITH made AS (
    INSERT INTO {s}.person (id, username, full_name) VALUES (%(id)s, %(username)s, %(full_name)s)
    ON CONFLICT (id) DO NOTHING
)
INSERT INTO {s}.counters (person_id) VALUES (%(id)s) ON CONFLICT (person_id) DO NOTHING
"""
_LOAD = f"SELECT {_COLUMNS} FROM {{s}}.person WHERE id = ANY(%(ids)s)"
_LOCK = f"SELECT {_COLUMNS} FROM {{s}}.person WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE"
_KEEP = """
UPDATE {s}.person SET full_name = %(full_name)s, bio = %(bio)s, website = %(website)s, avatar = %(avatar)s,
    private = %(private)s, state = %(state)s, face_version = %(face_version)s, media_generation = %(media_generation)s
WHERE id = %(id)s
"""
_COUNTERS = "SELECT person_id, photos, followers, following FROM {s}.counters WHERE person_id = ANY(%(ids)s)"
_WHOLE = f"""
SELECT {_COLUMNS}, coalesce(c.photos, 0), coalesce(c.followers, 0), coalesce(c.following, 0)
FROM {{s}}.person LEFT JOIN {{s}}.counters c ON c.person_id = id WHERE id = %s
"""
_LOCK_COUNTERS = (
    "SELECT person_id FROM {s}.counters WHERE person_id = ANY(%s) ORDER BY person_id FOR NO KEY UPDATE"
)
_MOVE_COUNTERS = """
UPDATE {s}.counters SET photos = photos + %(photos)s, followers = followers + %(followers)s,
    following = following + %(following)s
WHERE person_id = %(person_id)s
"""


def known(tx: Shard, ids: Sequence[int]) -> set[int]:
    return {row[0] for row in tx.rows(_KNOWN, (list(ids),))}


def ensure(tx: Shard, id: int, username: str, full_name: str) -> None:
    tx.run(_ENSURE, {"id": id, "username": username, "full_name": full_name})


def load(reader: Shards, ids: Iterable[int]) -> list[tuple[Any, ...]]:
    return reader.gather(_LOAD, ids)


def lock(tx: Shard, ids: Sequence[int]) -> list[tuple[Any, ...]]:
    return tx.rows(_LOCK, (list(ids),))


def keep(tx: Shard, values: dict[str, Any]) -> None:
    tx.run(_KEEP, values)


def counters(reader: Shards, ids: Iterable[int]) -> list[tuple[Any, ...]]:
    return reader.gather(_COUNTERS, ids)


def whole(shard: Shard, person_id: int) -> tuple[Any, ...] | None:
    """(the columns of a person …, photos, followers, following)"""
    return shard.row(_WHOLE, (person_id,))


def lock_counters(tx: Shard, ids: Sequence[int]) -> None:
    tx.rows(_LOCK_COUNTERS, (list(ids),))


def move_counters(tx: Shard, person_id: int, photos: int, followers: int, following: int) -> None:
    tx.run(
        _MOVE_COUNTERS,
        {"person_id": person_id, "photos": photos, "followers": followers, "following": following},
    )
