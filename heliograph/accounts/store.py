"""All SQL of people at home. Takes the transaction, opens nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, Literal, Protocol

import orjson


class Shard(Protocol):
    """What a transaction and a reader of one shard have in common."""

    def rows(self, sql: str, params: Any = ()) -> list[tuple[Any, ...]]: ...
    def row(self, sql: str, params: Any = ()) -> tuple[Any, ...] | None: ...
    def run(self, sql: str, params: Any = ()) -> int: ...


class Directory(Protocol):
    """The directory, asked in SQL where somebody waits for it; everywhere else by the models."""

    def rows(self, sql: str, params: Any = ()) -> list[tuple[Any, ...]]: ...
    def row(self, sql: str, params: Any = ()) -> tuple[Any, ...] | None: ...
    def value(self, sql: str, params: Any = ()) -> Any: ...
    def quick(self, sql: str, values: Sequence[bytes | None]) -> tuple[bytes | None, ...]: ...


class DirectoryTx(Directory, Protocol):
    """A transaction of the directory."""

    def run(self, sql: str, params: Any = ()) -> int: ...


class Shards(Protocol):
    """Reads of many shards at once."""

    def gather(self, sql: str, ids: Iterable[int]) -> list[tuple[Any, ...]]: ...


_COLUMNS = """
id, username, full_name, bio, website, avatar, private, state, face_version, media_generation, created_at, leaves_at
"""
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
UPDATE {s}.person SET username = %(username)s, full_name = %(full_name)s, bio = %(bio)s, website = %(website)s,
    avatar = %(avatar)s, private = %(private)s, state = %(state)s, face_version = %(face_version)s,
    media_generation = %(media_generation)s, leaves_at = %(leaves_at)s
WHERE id = %(id)s
"""
_COUNTERS = "SELECT person_id, photos, followers, following FROM {s}.counters WHERE person_id = ANY(%(ids)s)"
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


def lock_counters(tx: Shard, ids: Sequence[int]) -> None:
    tx.rows(_LOCK_COUNTERS, (list(ids),))


def move_counters(tx: Shard, person_id: int, photos: int, followers: int, following: int) -> None:
    tx.run(
        _MOVE_COUNTERS,
        {"person_id": person_id, "photos": photos, "followers": followers, "following": following},
    )


_NAMED = "SELECT id FROM {s}.person WHERE username = %s"
_ACCOUNT = """
SELECT email, email_verified, is_administrator, (
    SELECT count(*) FROM {s}.web_session w WHERE w.person_id = p.id AND w.expires_at > %(now)s
) FROM {s}.person p WHERE p.id = %(id)s
"""
_BROWSERS = """
SELECT sha256, user_agent, created_at, seen_at FROM {s}.web_session
WHERE person_id = %(id)s AND expires_at > %(now)s ORDER BY seen_at DESC LIMIT %(count)s
"""
_NEWEST_PUBLIC = """
SELECT id FROM (SELECT id, private, state FROM {s}.person ORDER BY id DESC LIMIT 2 * %(count)s) newest
WHERE NOT private AND state = 'active' ORDER BY id DESC LIMIT %(count)s
"""
#: $1 who is called exactly so; from word $2 to before $3; so many: $4; among $5, so many: $6.
_BEGINNING = """
SELECT json_agg(json_build_array(place, word, id)) FROM (
    (SELECT 0 AS place, '' AS word, id FROM {s}.person WHERE username = $1 AND state = 'active')
    UNION ALL (SELECT 2, word, person_id FROM {s}.person_word WHERE word >= $2 AND word < $3
        ORDER BY word, person_id LIMIT $4)
    %s
) found
"""
_AMONG = """UNION ALL (SELECT 1, word, person_id FROM {s}.person_word WHERE word >= $2 AND word < $3
        AND person_id = ANY($5::bigint[]) ORDER BY word, person_id LIMIT $6)"""
_ANYBODY, _FIRST_AMONG = _BEGINNING % "", _BEGINNING % _AMONG
_ALSO = """
SELECT DISTINCT person_id FROM {s}.person_word
WHERE person_id = ANY(%(among)s::bigint[]) AND word >= %(first)s AND word < %(last)s
"""


_FREE = """
SELECT NOT EXISTS (SELECT FROM {s}.person WHERE username = %(name)s)
    AND NOT EXISTS (SELECT FROM {s}.retired_name WHERE name = %(name)s AND until > %(now)s)
"""
_KNOWN_BY = {
    "username": "SELECT id, password, state FROM {s}.person WHERE username = %s",
    "email": "SELECT id, password, state FROM {s}.person WHERE lower(email) = %s AND email_verified",
}
_JOIN = """
WITH joined AS (
    INSERT INTO {s}.person (id, username, email, password, full_name, created_at, email_verified, is_administrator,
        is_active, avatar, private, state, face_version)
    VALUES ({s}.next_id(%(shard)s, '{s}.person_id_seq'), %(username)s, %(email)s, %(password)s, %(full_name)s,
        %(now)s, false, false, true, '', false, 'active', 0)
    RETURNING id
), words AS (
    INSERT INTO {s}.person_word (word, person_id) SELECT word, id FROM joined, unnest(%(words)s::text[]) word
)
SELECT id FROM joined
"""
_KEEP_WORDS = """
WITH gone AS (DELETE FROM {s}.person_word WHERE person_id = %(id)s AND word <> ALL(%(words)s::text[]))
INSERT INTO {s}.person_word (word, person_id) SELECT word, %(id)s FROM unnest(%(words)s::text[]) word
ON CONFLICT DO NOTHING
"""
_STANDING = "SELECT state, password FROM {s}.person WHERE id = %s FOR NO KEY UPDATE"
_KEEP_APP = """
INSERT INTO {s}.token (sha256, person_id, client, scopes, created_at, expires_at)
VALUES (%(sha256)s, %(person_id)s, %(client)s, %(scopes)s, %(now)s, %(expires_at)s)
"""
_KEEP_BROWSER = """
INSERT INTO {s}.web_session (sha256, person_id, user_agent, created_at, seen_at, expires_at)
VALUES (%(sha256)s, %(person_id)s, %(user_agent)s, %(now)s, %(now)s, %(expires_at)s)
"""


def free(reader: Directory, username: str, now: datetime) -> bool:
    """Nobody has this name, and it does not rest after somebody who had it."""
    return bool(reader.value(_FREE, {"name": username, "now": now}))


def known_by(reader: Directory, login: str, by: Literal["username", "email"]) -> tuple[int, str, str] | None:
    """The id, password (hashed) and state of who has this name, or this verified address; both folded."""
    row = reader.row(_KNOWN_BY[by], (login,))
    return None if row is None else (row[0], row[1], row[2])


def join(tx: DirectoryTx, facts: dict[str, Any]) -> int:
    """A new person's row, and what they are found by; their id. `facts`: shard, username, email, password, full_name,
    words, now. Names and ids that are taken are errors of the database."""
    id: int = tx.value(_JOIN, facts)
    return id


def keep_words(tx: DirectoryTx, person_id: int, words: Sequence[str]) -> None:
    tx.run(_KEEP_WORDS, {"id": person_id, "words": list(words)})


def lock_standing(tx: DirectoryTx, person_id: int) -> tuple[str, str] | None:
    """In which state somebody is, and their hashed password, locked until the transaction ends; None for nobody."""
    found = tx.row(_STANDING, (person_id,))
    return None if found is None else (found[0], found[1])


def keep_token(tx: DirectoryTx, token: dict[str, Any]) -> None:
    tx.run(_KEEP_APP, token)


def keep_browser(tx: DirectoryTx, browser: dict[str, Any]) -> None:
    tx.run(_KEEP_BROWSER, browser)


def named(reader: Directory, username: str) -> int | None:
    found: int | None = reader.value(_NAMED, (username,))
    return found


def account(reader: Directory, person_id: int, now: datetime) -> tuple[Any, ...] | None:
    """(e-mail, verified, administrator, browsers that are signed in)"""
    return reader.row(_ACCOUNT, {"id": person_id, "now": now})


def browsers(reader: Directory, person_id: int, now: datetime, count: int) -> list[tuple[Any, ...]]:
    """(SHA-256, user agent, since, seen) of each, the latest seen first"""
    return reader.rows(_BROWSERS, {"id": person_id, "now": now, "count": count})


def newest_public(reader: Directory, count: int) -> list[int]:
    return [row[0] for row in reader.rows(_NEWEST_PUBLIC, {"count": count})]


def beginning(
    reader: Directory, first: str, last: str, *, among: Collection[int], exact: str, limits: tuple[int, int]
) -> list[list[Any]]:
    """(group, word, person) of each word from `first` to before `last`. Group 0: who is called `exact`, 1: those of
    `among`, 2: anybody. `limits`: rows of the last two groups."""
    values = [text.encode() for text in (exact, first, last, str(limits[1]))]
    if among:
        values += [_array(among).encode(), b"%d" % limits[0]]
    (rows,) = reader.quick(_FIRST_AMONG if among else _ANYBODY, values)
    found: list[list[Any]] = orjson.loads(rows or b"[]")
    return found


def also(reader: Directory, first: str, last: str, *, among: Collection[int]) -> set[int]:
    """Those of `among` who have a word from `first` to before `last`."""
    return {row[0] for row in reader.rows(_ALSO, {"first": first, "last": last, "among": _array(among)})}


def _array(ids: Collection[int]) -> str:
    """As PostgreSQL reads it: the driver takes an array element by element."""
    return "{" + ",".join(map(str, ids)) + "}"
