"""What another person's shard says to a viewer: who they are, with the first of what their page lists; and what is
around one of their photos. One round trip each.

The other side of own.py, by the same quick way: one statement over tables of several parts, since each of them would be
a trip of its own on the path of every profile. Who is not active, or blocks the viewer, is not there. What a private
person's page lists does not leave their shard unless their own row says that the viewer was let in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import orjson

from heliograph.accounts.home import Counters
from heliograph.graph.lists import Place
from heliograph.pages import parts, primaries
from heliograph.pages.parts import Face, Said
from heliograph.sharding.sessions import Reader

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_IN_FORCE = "wish_on AND state = 'granted' AND answers = wish_version"

#: $1 viewer (NULL: not signed in), $2 the person; the others are the list's.
_THERE = f"""
SELECT there.* FROM (SELECT) one LEFT JOIN (
    SELECT {primaries.FACE}::text, json_build_array(h.bio, h.website, coalesce(c.photos, 0), coalesce(c.followers, 0),
        coalesce(c.following, 0), f.state, f.answers)::text,
        CASE WHEN NOT h.private OR h.id = $1 OR (f.wish_on AND f.state = 'granted' AND f.answers = f.wish_version)
            THEN %s END::text
    FROM {{s}}.person h
    LEFT JOIN {{s}}.counters c ON c.person_id = h.id
    LEFT JOIN {{s}}.follower f ON f.owner_id = h.id AND f.actor_id = $1
    WHERE h.id = $2 AND h.state = 'active' AND NOT EXISTS (
        SELECT FROM {{s}}.block b WHERE b.actor_id = h.id AND b.target_id = $1 AND b."on"
    )
) there ON true
"""
_PHOTOS = """(
    SELECT json_agg(id ORDER BY id DESC) FROM (
        SELECT id FROM {s}.photo WHERE owner_id = $2 AND state = 'published' AND id < $3 ORDER BY id DESC LIMIT $4
    ) newest
)"""


def _newest(table: str, mine: str, theirs: str) -> str:
    return f"""(
    SELECT json_agg(json_build_array((extract(epoch FROM since) * 1000000)::bigint, who) ORDER BY since DESC, who DESC)
    FROM (
        SELECT since, {theirs} AS who FROM {{s}}.{table}
        WHERE {mine} = $2 AND {_IN_FORCE} AND (since, {theirs}) < ($3::timestamptz, $4::bigint)
        ORDER BY since DESC, {theirs} DESC LIMIT $5
    ) newest
)"""


_ALONE = _THERE % "NULL"
_WITH_PHOTOS = _THERE % _PHOTOS
_WITH_FOLLOWERS = _THERE % _newest("follower", "owner_id", "actor_id")
_WITH_FOLLOWING = _THERE % _newest("following", "actor_id", "owner_id")

#: $1 photo, $2 below which comment, $3 how many.
_AROUND = """
SELECT (
    SELECT json_agg(json_build_array(c.id, c.author_id, c.text, c.entities, c.at) ORDER BY c.id DESC)
    FROM (SELECT * FROM {s}.comment WHERE photo_id = $1 AND "on" AND id < $2 ORDER BY id DESC LIMIT $3) c
), (
    SELECT id FROM {s}.photo WHERE owner_id = p.owner_id AND state = 'published' AND id > $1 ORDER BY id LIMIT 1
), (
    SELECT id FROM {s}.photo WHERE owner_id = p.owner_id AND state = 'published' AND id < $1 ORDER BY id DESC LIMIT 1
)
FROM (SELECT) one LEFT JOIN {s}.photo p ON p.id = $1
"""


class Listed(NamedTuple):
    """What is listed of somebody, from where on, and how many."""

    sql: str
    values: tuple[bytes, ...]


def photos(below: int, count: int) -> Listed:
    """Their newest published photos with ids below."""
    return Listed(_WITH_PHOTOS, (b"%d" % below, b"%d" % count))


def followers(before: Place, count: int) -> Listed:
    """Who follows them in force, the newest first."""
    return Listed(_WITH_FOLLOWERS, _from(before, count))


def following(before: Place, count: int) -> Listed:
    """Whom they follow in force, the newest first."""
    return Listed(_WITH_FOLLOWING, _from(before, count))


@dataclass(frozen=True)
class There:
    """An active person who does not block the viewer. `answer`: theirs to the viewer's wish to follow, and the version
    of the wish that it answers; None where there is none.

    `listed` as PostgreSQL wrote it; None also for whom they have not let in.
    """

    face: Face
    bio: str
    website: str
    counters: Counters
    answer: tuple[Any, Any]
    listed: bytes | None

    def ids(self) -> list[int]:
        """What is listed, of photos."""
        return orjson.loads(self.listed) if self.listed else []

    def places(self) -> list[Place]:
        """What is listed, of people."""
        rows = orjson.loads(self.listed) if self.listed else []
        return [(_EPOCH + timedelta(microseconds=since), id) for since, id in rows]


@dataclass(frozen=True)
class Around:
    """The comments of a photo, newest first, and the photos of the same person before and after it."""

    said: tuple[Said, ...]
    newer: int | None
    older: int | None


def of(reader: Reader, viewer_id: int | None, person_id: int, listed: Listed | None = None) -> There | None:
    """Somebody, and what is `listed` of them; None when they are not there for the viewer."""
    sql, values = listed or (_ALONE, ())
    viewer = None if viewer_id is None else b"%d" % viewer_id
    face, rest, found = reader.at(person_id).quick(sql, (viewer, b"%d" % person_id, *values))
    if face is None or rest is None:
        return None
    bio, website, photos, followers, following, *answer = orjson.loads(rest)
    counters = Counters(photos, followers, following)
    return There(parts.face(person_id, face), bio, website, counters, (answer[0], answer[1]), found)


def around(reader: Reader, photo_id: int, *, before: int, count: int) -> Around:
    """What is around a photo, whoever looks: for who looks at the photo then, and says nothing of this if it is not
    for them."""
    values = (b"%d" % photo_id, b"%d" % before, b"%d" % count)
    said, newer, older = reader.at(photo_id).quick(_AROUND, values)
    return Around(parts.said(said or b"[]"), int(newer) if newer else None, int(older) if older else None)


def _from(before: Place, count: int) -> tuple[bytes, ...]:
    since, id = before
    return since.isoformat().encode(), b"%d" % id, b"%d" % count
