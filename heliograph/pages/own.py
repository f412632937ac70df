"""What the viewer's own shard knows of a page: what they like, whom they follow, who is blocked. One round trip.

Asked anew for every page and never kept: it is what makes a page *this* viewer's. One statement over tables of
two parts, because a second one would be a second trip on the path of every home feed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import orjson

from heliograph.graph.relations import Outgoing, OwnSide
from heliograph.sharding.sessions import Reader

#: $1 viewer, $2 photos, $3 owners, $4 people.
_OWN = """
SELECT ARRAY(
    SELECT photo_id FROM {s}.liked WHERE actor_id = $1 AND photo_id = ANY($2::bigint[]) AND "on"
), ARRAY(
    SELECT owner_id FROM {s}.following WHERE actor_id = $1 AND owner_id = ANY($3::bigint[])
        AND wish_on AND state = 'granted' AND answers = wish_version
), ARRAY(
    SELECT target_id FROM {s}.block WHERE actor_id = $1 AND target_id = ANY($4::bigint[]) AND "on"
    UNION ALL
    SELECT actor_id FROM {s}.blocked_by WHERE target_id = $1 AND actor_id = ANY($4::bigint[]) AND "on"
)
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
        SELECT coalesce((SELECT until FROM {{s}}.activity_seen WHERE person_id = $1), '-infinity') AS until
    ) seen CROSS JOIN LATERAL (
        {_newer("actor_id", "photo_like", 'owner_id = $1 AND "on" AND actor_id <> owner_id')}
        UNION ALL {_newer("author_id", "comment", 'owner_id = $1 AND "on" AND author_id <> owner_id')}
        UNION ALL {_newer("actor_id", "mention", 'person_id = $1 AND "on"')}
        UNION ALL {_newer("actor_id", "follower", f"owner_id = $1 AND {_GRANTED}", "since")}
        UNION ALL {_newer("actor_id", "follower", f"owner_id = $1 AND {_PENDING}", "since")}
        UNION ALL {_newer("owner_id", "following", f"actor_id = $1 AND by_hand AND {_GRANTED}", "since")}
    ) news
    WHERE NOT EXISTS (
        SELECT FROM {{s}}.block WHERE actor_id = $1 AND target_id = who AND "on"
    ) AND NOT EXISTS (
        SELECT FROM {{s}}.blocked_by WHERE target_id = $1 AND actor_id = who AND "on"
    )
)"""
#: Of the owners, those who were asked, and have not said no.
_ASKED = """ARRAY(
    SELECT owner_id FROM {s}.following WHERE actor_id = $1 AND owner_id = ANY($3::bigint[])
        AND wish_on AND (state = 'pending' OR answers <> wish_version)
)"""
#: What there is between the viewer and $5, as graph/relations.py takes it.
_BETWEEN = """(
    SELECT json_build_array(f.wish_on, f.wish_version, r.wish_on, r.wish_version, r.state, r.answers, EXISTS (
        SELECT FROM {s}.block b WHERE b.actor_id = $1 AND b.target_id = $5 AND b."on"
    )) FROM (SELECT) one
    LEFT JOIN {s}.following f ON f.actor_id = $1 AND f.owner_id = $5
    LEFT JOIN {s}.follower r ON r.owner_id = $1 AND r.actor_id = $5
)"""
_UNREAD = f"SELECT {_NEWS}"
_OWN_AND_UNREAD = f"{_OWN}, {_NEWS}"
_OWN_AND_ASKED = f"{_OWN}, {_ASKED}"
_OWN_AND_BETWEEN = f"{_OWN}, {_ASKED}, {_BETWEEN}"
_FOLLOWED = f"""
SELECT ARRAY(
    SELECT owner_id FROM {{s}}.following WHERE actor_id = $1 AND {_GRANTED}
    ORDER BY since DESC, owner_id DESC LIMIT $2
)
"""


@dataclass(frozen=True)
class Own:
    """`liked`: photos. `follows`: people followed in force. `blocked`: people, in either direction.

    Only where they were wanted: `unread`, whether something happened to the viewer since they looked; `asked`, people
    who have not answered yet; `between`, the viewer's side of what there is with one person.
    """

    liked: set[int] = field(default_factory=set)
    follows: set[int] = field(default_factory=set)
    blocked: set[int] = field(default_factory=set)
    unread: bool = False
    asked: set[int] = field(default_factory=set)
    between: OwnSide | None = None

    def outgoing(self, ids: Iterable[int]) -> dict[int, Outgoing]:
        """What the viewer is to each of these, by their own rows: for buttons beside their names."""
        return {id: self._outgoing(id) for id in ids}

    def _outgoing(self, id: int) -> Outgoing:
        if id in self.follows:
            return "follows"
        return "requested" if id in self.asked else "none"


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
    sql = _OWN_AND_UNREAD if with_unread else _OWN
    values = (b"%d" % viewer_id, _array(photos), _array(owners), _array(people))
    liked, follows, blocked, *news = reader.at(viewer_id).quick(sql, values)
    return Own(_ids(liked), _ids(follows), _ids(blocked), unread=news == [b"t"])


def standing(
    reader: Reader,
    viewer_id: int | None,
    photos: Iterable[int],
    people: Iterable[int],
    *,
    to: Iterable[int] = (),
    other_id: int | None = None,
) -> Own:
    """The same, with what the viewer is `to` others, and their side of what there is with one person."""
    if viewer_id is None:
        return NOBODY
    sql = _OWN_AND_ASKED if other_id is None else _OWN_AND_BETWEEN
    values = [b"%d" % viewer_id, _array(photos), _array(to), _array(people)]
    if other_id is not None:
        values.append(b"%d" % other_id)
    liked, follows, blocked, asked, *between = reader.at(viewer_id).quick(sql, values)
    side = OwnSide(*orjson.loads(between[0])) if between and between[0] else None
    return Own(_ids(liked), _ids(follows), _ids(blocked), asked=_ids(asked), between=side)


def followed(reader: Reader, viewer_id: int, count: int) -> set[int]:
    """Whom the viewer follows, the newest `count`; one round trip."""
    return _ids(reader.at(viewer_id).quick(_FOLLOWED, (b"%d" % viewer_id, b"%d" % count))[0])


def unread(reader: Reader, viewer_id: int) -> bool:
    """Whether something happened to the viewer since they looked; one round trip."""
    return reader.at(viewer_id).quick(_UNREAD, (b"%d" % viewer_id,)) == (b"t",)


def _array(ids: Iterable[int]) -> bytes:
    """An array as PostgreSQL reads it, made as JSON: a tenth of the time of the driver's way, element by element."""
    return b"{%b}" % orjson.dumps([*ids])[1:-1]


def _ids(array: bytes | None) -> set[int]:
    """The ids in an array as PostgreSQL writes it."""
    return set() if array is None or array == b"{}" else {*orjson.loads(b"[%b]" % array[1:-1])}
