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


_GRANTED = "wish_on AND state = 'granted' AND answers = wish_version"
_PENDING = "wish_on AND state = 'pending' AND answers = wish_version"
_LOOKED_AT = 20  # newest of a kind; when the blocked did all of these, one is not told of what lies behind


def _newer(who: str, table: str, condition: str, at: str = "at") -> str:
    # In the order of its index and with a limit of its own: without, whoever never looked pays for all there is.
    return (
        f"(SELECT {who} AS who FROM {{s}}.{table} WHERE {condition} AND {at} > until"
        f" ORDER BY {at} DESC LIMIT {_LOOKED_AT})"
    )


#: Whether anything happened since the viewer looked, by somebody not blocked: looks at the newest ends of six indexes,
#: until one says yes.
_NEWS = f"""EXISTS (
    SELECT FROM (
        SELECT coalesce((SELECT until FROM {{s}}.activity_seen WHERE person_id = %(viewer)s), '-infinity') AS until
    ) seen CROSS JOIN LATERAL (
        {_newer("actor_id", "photo_like", 'owner_id = %(viewer)s AND "on" AND actor_id <> owner_id')}
        UNION ALL {_newer("author_id", "comment", 'owner_id = %(viewer)s AND "on" AND author_id <> owner_id')}
        UNION ALL {_newer("actor_id", "mention", 'person_id = %(viewer)s AND "on"')}
        UNION ALL {_newer("actor_id", "follower", f"owner_id = %(viewer)s AND {_GRANTED}", "since")}
        UNION ALL {_newer("actor_id", "follower", f"owner_id = %(viewer)s AND {_PENDING}", "since")}
        UNION ALL {_newer("owner_id", "following", f"actor_id = %(viewer)s AND by_hand AND {_GRANTED}", "since")}
    ) news
    WHERE NOT EXISTS (
        SELECT FROM {{s}}.block WHERE actor_id = %(viewer)s AND target_id = who AND "on"
    ) AND NOT EXISTS (
        SELECT FROM {{s}}.blocked_by WHERE target_id = %(viewer)s AND actor_id = who AND "on"
    )
)"""
_UNREAD = f"SELECT {_NEWS}"
_OWN_AND_UNREAD = f"{_OWN}UNION ALL\nSELECT 4, 1::bigint WHERE {_NEWS}"


@dataclass(frozen=True)
class Own:
    """`liked`: photos. `follows`: people followed in force. `blocked`: people, in either direction.

    `unread`: whether something happened to the viewer since they looked; only where that was asked.
    """

    liked: set[int] = field(default_factory=set)
    follows: set[int] = field(default_factory=set)
    blocked: set[int] = field(default_factory=set)
    unread: bool = False


NOBODY = Own()


def facts(
    reader: Reader,
    viewer_id: int | None,
    photos: Iterable[int],
    people: Iterable[int],
    *,
    owners: Iterable[int] = (),
    with_unread: bool = False,
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
    own = (set[int](), set[int](), set[int](), set[int]())
    for kind, id in reader.at(viewer_id).rows(_OWN_AND_UNREAD if with_unread else _OWN, params):
        own[kind - 1].add(id)
    return Own(*own[:3], unread=bool(own[3]))


def unread(reader: Reader, viewer_id: int) -> bool:
    """Whether something happened to the viewer since they looked; one round trip."""
    return bool(reader.at(viewer_id).value(_UNREAD, {"viewer": viewer_id}))


def _array(ids: Iterable[int]) -> str:
    """An array as PostgreSQL reads it, made as JSON: a tenth of the time of the driver's way, element by element."""
    return "{" + orjson.dumps([*ids])[1:-1].decode() + "}"
