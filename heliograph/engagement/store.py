"""All SQL of likes and comments. Takes the transaction or the reader, opens nothing.

Lock order: `photo_counts` by ascending id, then the photo, then likes or comments.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeAlias

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
    def gather(
        self, sql: str, ids: Iterable[int], params: Mapping[str, Any] | None = None, *, partial: bool = False
    ) -> Rows: ...
    def gather_pairs(
        self, sql: str, pairs: Iterable[tuple[int, int]], params: Mapping[str, Any] | None = None
    ) -> Rows: ...


def _welcome(person: str) -> str:
    """SQL: whether photo `p` of owner `o` is for `person`, by the owner's own truth."""
    return f"""(
    p.state = 'published' AND o.state = 'active' AND (o.id = {person} OR (
        NOT EXISTS (
            SELECT FROM {{s}}.block b WHERE b.actor_id = o.id AND b.target_id = {person} AND b."on"
        ) AND (NOT o.private OR EXISTS (
            SELECT FROM {{s}}.follower f WHERE f.owner_id = o.id AND f.actor_id = {person}
                AND f.wish_on AND f.state = 'granted' AND f.answers = f.wish_version
        ))
    ))
)"""


_OWNER_SEEN_BY = f"""
SELECT o.id FROM {{s}}.photo p JOIN {{s}}.person o ON o.id = p.owner_id
WHERE p.id = %(photo)s AND {_welcome("%(viewer)s")}
"""
# One statement each, so that a like is three round trips: BEGIN, this, COMMIT.
_LIKE = """
WITH me AS (
    SELECT state FROM {s}.person WHERE id = %(actor)s
), blocking AS (
    SELECT 1 FROM {s}.block WHERE actor_id = %(actor)s AND target_id = %(owner)s AND "on"
), changed AS (
    INSERT INTO {s}.liked AS l (actor_id, photo_id, "on", version, at)
    SELECT %(actor)s, %(photo)s, true, nextval('{s}.version_seq'), %(now)s FROM me
    WHERE state = 'active' AND NOT EXISTS (SELECT FROM blocking)
    ON CONFLICT (actor_id, photo_id) DO UPDATE
        SET "on" = true, version = excluded.version, refused = false, at = excluded.at WHERE NOT l."on"
    RETURNING 1
), noted AS (
    INSERT INTO public.outbox (kind, a, b) SELECT 'like', %(actor)s, %(photo)s FROM changed
)
SELECT (SELECT state FROM me), EXISTS (SELECT FROM blocking), EXISTS (SELECT FROM changed)
"""
_UNLIKE = """
WITH changed AS (
    UPDATE {s}.liked SET "on" = false, version = nextval('{s}.version_seq'), refused = false, at = %(now)s
    WHERE actor_id = %(actor)s AND photo_id = %(photo)s AND "on"
    RETURNING 1
), noted AS (
    INSERT INTO public.outbox (kind, a, b) SELECT 'like', %(actor)s, %(photo)s FROM changed
)
SELECT EXISTS (SELECT FROM changed)
"""
_LIKES = """
SELECT l.actor_id, l.photo_id, l."on", l.version, l.at FROM {s}.liked l
JOIN unnest(%(ids)s::bigint[], %(others)s::bigint[]) AS k (actor_id, photo_id) USING (actor_id, photo_id)
"""
_REFUSE_LIKE = """
UPDATE {s}.liked SET "on" = false, refused = true, version = nextval('{s}.version_seq')
WHERE actor_id = %(actor)s AND photo_id = %(photo)s AND "on" AND version = %(version)s
"""
_LIKES_HERE = f"""
SELECT k.actor_id, k.photo_id, coalesce(l."on", false), coalesce(l.version, 0),
    coalesce({_welcome("k.actor_id")}, false)
FROM unnest(%(actors)s::bigint[], %(photos)s::bigint[]) AS k (actor_id, photo_id)
LEFT JOIN {{s}}.photo p ON p.id = k.photo_id
LEFT JOIN {{s}}.person o ON o.id = p.owner_id
LEFT JOIN {{s}}.photo_like l ON l.photo_id = k.photo_id AND l.actor_id = k.actor_id
"""
_SAVE_LIKES = """
INSERT INTO {s}.photo_like (actor_id, photo_id, "on", version, at, owner_id)
SELECT k.*, p.owner_id FROM unnest(%(actors)s::bigint[], %(photos)s::bigint[], %(ons)s::boolean[],
    %(versions)s::bigint[], %(ats)s::timestamptz[]) AS k (actor_id, photo_id)
JOIN {s}.photo p ON p.id = k.photo_id
ON CONFLICT (photo_id, actor_id) DO UPDATE SET "on" = excluded."on", version = excluded.version, at = excluded.at
    WHERE {s}.photo_like.version < excluded.version
"""
_LIKED_BY = (
    'SELECT photo_id FROM {s}.liked WHERE actor_id = %(viewer)s AND photo_id = ANY(%(photos)s) AND "on"'
)
_LIKERS = """
SELECT l.photo_id, l.actor_id, l.at
FROM unnest(%(ids)s::bigint[]) AS k (photo_id)
CROSS JOIN LATERAL (
    SELECT * FROM {s}.photo_like l WHERE l.photo_id = k.photo_id AND l."on"
    ORDER BY l.at DESC, l.actor_id DESC LIMIT %(count)s
) l
"""

_LOCK_COUNTS = """
SELECT photo_id, likes, comments FROM {s}.photo_counts WHERE photo_id = ANY(%s)
ORDER BY photo_id FOR NO KEY UPDATE
"""
_MAKE_COUNTS = """
INSERT INTO {s}.photo_counts (photo_id) SELECT id FROM {s}.photo WHERE id = ANY(%s) ORDER BY id
ON CONFLICT (photo_id) DO NOTHING
"""
_MOVE_LIKES = "UPDATE {s}.photo_counts SET likes = likes + %(move)s WHERE photo_id = %(photo)s"
_COUNTS = "SELECT photo_id, likes, comments FROM {s}.photo_counts WHERE photo_id = ANY(%(ids)s)"

_STATE = "SELECT state FROM {s}.person WHERE id = %s"
# FOR SHARE: a photo that is being deleted at this moment is waited for, and then refuses.
_MAY_SPEAK = f"""allowed AS MATERIALIZED (
    SELECT p.id, p.owner_id FROM {{s}}.photo p JOIN {{s}}.person o ON o.id = p.owner_id
    WHERE p.id = %(photo)s AND {_welcome("%(author)s")} AND NOT EXISTS (
        SELECT FROM {{s}}.blocked_by b WHERE b.target_id = o.id AND b.actor_id = %(author)s AND b."on"
    )
    FOR SHARE OF p
)"""
_COMMENT = f"""
WITH {_MAY_SPEAK}, made AS (
    INSERT INTO {{s}}.comment (photo_id, owner_id, author_id, text, entities, version, at)
    SELECT id, owner_id, %(author)s, %(text)s, %(entities)s::jsonb, nextval('{{s}}.version_seq'), %(now)s FROM allowed
    ON CONFLICT (id) DO NOTHING
    RETURNING id
), noted AS (
    INSERT INTO public.outbox (kind, a, b) SELECT 'commented', id, %(author)s FROM made
), counted AS (
    UPDATE {{s}}.photo_counts SET comments = comments + 1
    WHERE photo_id = %(photo)s AND EXISTS (SELECT FROM made)
)
SELECT EXISTS (SELECT FROM allowed), (SELECT id FROM made)
"""
_UNCOMMENT = """
WITH gone AS (
    UPDATE {s}.comment c SET "on" = false, text = '', entities = '[]', version = nextval('{s}.version_seq')
    FROM {s}.photo p
    WHERE c.id = %(comment)s AND c.photo_id = %(photo)s AND c."on" AND p.id = c.photo_id
        AND %(actor)s IN (c.author_id, p.owner_id)
    RETURNING c.id, c.author_id, c.version
), noted AS (
    INSERT INTO public.outbox (kind, a, b) SELECT 'commented', id, author_id FROM gone
), counted AS (
    UPDATE {s}.photo_counts SET comments = comments - 1
    WHERE photo_id = %(photo)s AND EXISTS (SELECT FROM gone)
)
SELECT version FROM gone
"""
#: Of one that is gone already: what was sealed at the deletion before no longer fits.
_UNCOMMENT_AGAIN = """
WITH gone AS (
    UPDATE {s}.comment SET version = nextval('{s}.version_seq')
    WHERE id = %(comment)s AND photo_id = %(photo)s AND NOT "on" RETURNING id, author_id
)
INSERT INTO public.outbox (kind, a, b) SELECT 'commented', id, author_id FROM gone
"""
_RECOMMENT = f"""
WITH {_MAY_SPEAK}, back AS (
    UPDATE {{s}}.comment c
    SET "on" = true, text = %(text)s, entities = %(entities)s::jsonb, version = nextval('{{s}}.version_seq')
    FROM allowed
    WHERE c.id = %(comment)s AND c.photo_id = allowed.id AND c.author_id = %(author)s AND NOT c."on"
        AND c.version = %(version)s
    RETURNING c.id, c.author_id
), noted AS (
    INSERT INTO public.outbox (kind, a, b) SELECT 'commented', id, author_id FROM back
), counted AS (
    UPDATE {{s}}.photo_counts SET comments = comments + 1
    WHERE photo_id = %(photo)s AND EXISTS (SELECT FROM back)
)
SELECT EXISTS (SELECT FROM back)
"""
_COMMENT_SEEN = f"""
SELECT c."on", c.author_id, o.id, {_welcome("%(actor)s")}, c.text, c.entities
FROM {{s}}.comment c JOIN {{s}}.photo p ON p.id = c.photo_id JOIN {{s}}.person o ON o.id = p.owner_id
WHERE c.id = %(comment)s AND c.photo_id = %(photo)s
"""
_COMMENTED = """
SELECT c.id, c.author_id, c.photo_id, c."on", c.version FROM {s}.comment c WHERE c.id = ANY(%(ids)s)
"""
_COMMENTED_ARRIVES = """
INSERT INTO {s}.commented AS c (comment_id, actor_id, photo_id, "on", version)
SELECT * FROM unnest(%(comments)s::bigint[], %(authors)s::bigint[], %(photos)s::bigint[], %(ons)s::boolean[],
    %(versions)s::bigint[])
ON CONFLICT (actor_id, comment_id) DO UPDATE SET "on" = excluded."on", version = excluded.version
    WHERE c.version < excluded.version
"""
_COLUMNS = "c.id, c.photo_id, c.author_id, c.text, c.entities, c.at"
_COMMENTS = f'SELECT {_COLUMNS} FROM {{s}}.comment c WHERE c.id = ANY(%(ids)s) AND c."on"'

#: What somebody has done elsewhere, by ascending id: for the day they leave.
_LIKES_OF = """
SELECT photo_id FROM {s}.liked WHERE actor_id = %(actor)s AND "on" AND photo_id > %(after)s
ORDER BY photo_id LIMIT %(count)s
"""
_COMMENTS_OF = """
SELECT comment_id, photo_id FROM {s}.commented WHERE actor_id = %(actor)s AND "on" AND comment_id > %(after)s
ORDER BY comment_id LIMIT %(count)s
"""

_STANDING = """
SELECT actor_id, photo_id, "on", version, at FROM {s}.photo_like
WHERE photo_id = %(photo)s AND "on" AND actor_id > %(after)s ORDER BY actor_id LIMIT %(count)s
"""
_HUSH = """
WITH gone AS (
    UPDATE {s}.comment c SET "on" = false, text = '', entities = '[]', version = nextval('{s}.version_seq')
    FROM {s}.photo p, (
        SELECT id, entities FROM {s}.comment WHERE photo_id = %(photo)s AND "on" ORDER BY id LIMIT %(count)s
    ) said
    WHERE p.id = c.photo_id AND p.state = 'deleted' AND c."on" AND c.id = said.id
    RETURNING c.id, c.author_id, said.entities
), counted AS (
    UPDATE {s}.photo_counts SET comments = comments - (SELECT count(*) FROM gone) WHERE photo_id = %(photo)s
)
SELECT id, author_id, entities FROM gone
"""
_GATHERED = """
SELECT EXISTS (SELECT FROM {s}.photo_like WHERE photo_id = %(photo)s)
    OR EXISTS (SELECT FROM {s}.comment WHERE photo_id = %(photo)s AND "on")
    OR EXISTS (SELECT FROM {s}.comment WHERE photo_id = %(photo)s AND NOT "on")
"""
_FORGET_COUNTS = "DELETE FROM {s}.photo_counts WHERE photo_id = %s"


def owner_seen_by(shard: Shard, viewer_id: int, photo_id: int) -> int | None:
    owner: int | None = shard.value(_OWNER_SEEN_BY, {"photo": photo_id, "viewer": viewer_id})
    return owner


def like(
    tx: Shard, actor_id: int, photo_id: int, owner_id: int, now: datetime
) -> tuple[str | None, bool, bool]:
    """(the actor's state, whether the actor blocks the owner, whether it is a new like)"""
    row = tx.row(_LIKE, {"actor": actor_id, "photo": photo_id, "owner": owner_id, "now": now})
    assert row is not None  # noqa: S101 - a SELECT without FROM has a row
    return row[0], row[1], row[2]


def unlike(tx: Shard, actor_id: int, photo_id: int, now: datetime) -> bool:
    return bool(tx.value(_UNLIKE, {"actor": actor_id, "photo": photo_id, "now": now}))


def likes(reader: Shards, pairs: Sequence[tuple[int, int]]) -> Rows:
    return reader.gather_pairs(_LIKES, pairs)


def refuse_like(tx: Shard, actor_id: int, photo_id: int, version: int) -> bool:
    return bool(tx.run(_REFUSE_LIKE, {"actor": actor_id, "photo": photo_id, "version": version}))


def likes_here(tx: Shard, rows: Sequence[tuple[Any, ...]]) -> dict[tuple[int, int], tuple[bool, int, bool]]:
    """By (actor, photo): (on, version) as mirrored here, and whether a like is welcome now."""
    found = tx.rows(_LIKES_HERE, {"actors": [row[0] for row in rows], "photos": [row[1] for row in rows]})
    return {(row[0], row[1]): (row[2], row[3], row[4]) for row in found}


def save_likes(tx: Shard, rows: Sequence[tuple[Any, ...]]) -> None:
    names = ("actors", "photos", "ons", "versions", "ats")
    columns = dict(zip(names, zip(*rows, strict=True), strict=True))
    tx.run(_SAVE_LIKES, {name: list(values) for name, values in columns.items()})


def liked_by(shard: Shard, viewer_id: int, photo_ids: list[int]) -> list[int]:
    return [row[0] for row in shard.rows(_LIKED_BY, {"viewer": viewer_id, "photos": photo_ids})]


def likers(reader: Shards, photo_ids: Iterable[int], count: int) -> Rows:
    return reader.gather(_LIKERS, photo_ids, {"count": count})


def lock_counts(tx: Shard, photo_ids: Iterable[int]) -> dict[int, tuple[int, int]]:
    """Lock the counted rows of these photos, ascending; rows that are not there yet are made."""
    wanted = sorted(set(photo_ids))
    found = tx.rows(_LOCK_COUNTS, (wanted,))
    if len(found) < len(wanted):
        # Looked at again also when nothing was made here: somebody else has just made them.
        tx.run(_MAKE_COUNTS, (wanted,))
        found = tx.rows(_LOCK_COUNTS, (wanted,))
    return {row[0]: (row[1], row[2]) for row in found}


def standing(shard: Shard, photo_id: int, after: int, count: int) -> Rows:
    return shard.rows(_STANDING, {"photo": photo_id, "after": after, "count": count})


def likes_of(shard: Shard, actor_id: int, after: int, count: int) -> list[int]:
    return [row[0] for row in shard.rows(_LIKES_OF, {"actor": actor_id, "after": after, "count": count})]


def comments_of(shard: Shard, actor_id: int, after: int, count: int) -> list[tuple[int, int]]:
    """(comment, photo)"""
    rows = shard.rows(_COMMENTS_OF, {"actor": actor_id, "after": after, "count": count})
    return [(row[0], row[1]) for row in rows]


def hush(tx: Shard, photo_id: int, count: int) -> Rows:
    """Switch a chunk of a deleted photo's comments off, and count them; (comment, author, its entities)."""
    return tx.rows(_HUSH, {"photo": photo_id, "count": count})


def gathered(shard: Shard, photo_id: int) -> bool:
    return bool(shard.value(_GATHERED, {"photo": photo_id}))


def forget_counts(tx: Shard, photo_id: int) -> None:
    tx.run(_FORGET_COUNTS, (photo_id,))


def move_likes(tx: Shard, photo_id: int, move: int) -> None:
    tx.run(_MOVE_LIKES, {"photo": photo_id, "move": move})


def counts(reader: Shards, photo_ids: Iterable[int]) -> Rows:
    return reader.gather(_COUNTS, photo_ids)


def state(shard: Shard, person_id: int) -> str | None:
    found: str | None = shard.value(_STATE, (person_id,))
    return found


def comment(tx: Shard, values: Mapping[str, Any]) -> tuple[bool, int | None]:
    """(whether the author may, the new comment's id or None when its id was taken)"""
    row = tx.row(_COMMENT, values)
    assert row is not None  # noqa: S101 - this SELECT always has one row
    return row[0], row[1]


def uncomment(tx: Shard, actor_id: int, photo_id: int, comment_id: int) -> int | None:
    """The version of the row that has lost its words; None when there was nothing to delete."""
    version: int | None = tx.value(_UNCOMMENT, {"actor": actor_id, "photo": photo_id, "comment": comment_id})
    return version


def uncomment_again(tx: Shard, photo_id: int, comment_id: int) -> None:
    """Give the row of a comment that is gone a new version, and note it in the outbox."""
    tx.run(_UNCOMMENT_AGAIN, {"photo": photo_id, "comment": comment_id})


def recomment(tx: Shard, values: Mapping[str, Any]) -> bool:
    """Give a deleted comment of this `version` its words again; whether that was possible."""
    return bool(tx.value(_RECOMMENT, values))


def comment_seen(tx: Shard, actor_id: int, photo_id: int, comment_id: int) -> tuple[Any, ...] | None:
    """(on, author, the photo's owner, whether the photo is for the actor, text, entities)"""
    return tx.row(_COMMENT_SEEN, {"actor": actor_id, "photo": photo_id, "comment": comment_id})


def commented(reader: Shards, pairs: Sequence[tuple[int, int]]) -> Rows:
    return reader.gather(_COMMENTED, [comment_id for comment_id, _ in pairs])


def commented_arrives(tx: Shard, rows: Sequence[tuple[Any, ...]]) -> None:
    names = ("comments", "authors", "photos", "ons", "versions")
    columns = dict(zip(names, zip(*rows, strict=True), strict=True))
    tx.run(_COMMENTED_ARRIVES, {name: list(values) for name, values in columns.items()})


def comments(reader: Shards, ids: Iterable[int], partial: bool) -> Rows:
    return reader.gather(_COMMENTS, ids, partial=partial)
