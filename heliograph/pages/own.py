"""What the viewer's own shard knows of a page: what they like, whom they follow, who is blocked. One round trip.

Asked anew for every page and never kept: it is what makes a page *this* viewer's. One statement over tables of
two parts, because a second one would be a second trip on the path of every home feed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import orjson

from heliograph.sharding.sessions import Reader

_OWN = """
SELECT 1, photo_id FROM {s}.liked WHERE actor_id = %(viewer)s AND photo_id = ANY(%(photos)s::bigint[]) AND "on"
UNION ALL
SELECT 2, owner_id FROM {s}.following WHERE actor_id = %(viewer)s AND owner_id = ANY(%(owners)s::bigint[])
    AND wish_on AND state = 'granted' AND answers = wish_version
UNION ALL
SELECT 3, target_id FROM {s}.block WHERE actor_id = %(viewer)s AND target_id = ANY(%(people)s::bigint[]) AND "on"
UNION ALL
SELECT 3, actor_id FROM {s}.blocked_by WHERE target_id = %(viewer)s AND actor_id = ANY(%(people)s::bigint[]) AND "on"
"""


@dataclass(frozen=True)
class Own:
    """`liked`: photos. `follows`: people followed in force. `blocked`: people, in either direction."""

    liked: set[int] = field(default_factory=set)
    follows: set[int] = field(default_factory=set)
    blocked: set[int] = field(default_factory=set)


NOBODY = Own()


def facts(
    reader: Reader,
    viewer_id: int | None,
    photos: Iterable[int],
    people: Iterable[int],
    *,
    owners: Iterable[int] = (),
) -> Own:
    """What there is between the viewer and these photos and people; nothing for somebody not signed in.

    `people` are looked for among those blocked, `owners` among those followed.
    """
    if viewer_id is None:
        return NOBODY
    params = {
        "viewer": viewer_id,
        "photos": _array(photos),
        "people": _array(people),
        "owners": _array(owners),
    }
    own = (set[int](), set[int](), set[int]())
    for kind, id in reader.at(viewer_id).rows(_OWN, params):
        own[kind - 1].add(id)
    return Own(*own)


def _array(ids: Iterable[int]) -> str:
    """An array as PostgreSQL reads it, made as JSON: a tenth of the time of the driver's way, element by element."""
    return "{" + orjson.dumps([*ids])[1:-1].decode() + "}"
