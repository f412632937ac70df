"""What mirrors what, as audit sees it: its own SQL, so that a mistake in a store is not made twice.

Each pair is walked from the truth to its projection, and back, for projections without a truth.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Values = tuple[Any, ...]


@dataclass(frozen=True)
class Pair:
    """A truth row (a, b) in the shard of a, and its projection in the shard of b.

    `scan` and `scan_back` page through a shard: rows (a, b, *values), and (b, a). `find` and `find_truth` look
    many pairs up on the other side. `absent` is what a missing row stands for. `agree(truth, projection)`.
    `lower` makes the projection older than any truth, so that mirroring it again replaces it.
    """

    kind: str
    scan: str
    find: str
    scan_back: str
    find_truth: str
    absent: Values
    agree: Callable[[Values, Values], bool]
    lower: str


def _page(table: str, a: str, b: str, columns: str) -> str:
    return (
        f"SELECT {a}, {b}{columns} FROM {{s}}.{table} WHERE ({a}, {b}) > (%(a)s, %(b)s)"
        f" ORDER BY {a}, {b} LIMIT %(most)s"
    )


def _lookup(table: str, near: str, far: str, columns: str, extra: str = "") -> str:
    """Rows (near, far, *columns) of the pairs that exist."""
    return (
        f"SELECT t.{near}, t.{far}{columns}{extra} FROM {{s}}.{table} t"
        f" JOIN unnest(%(ids)s::bigint[], %(others)s::bigint[]) AS k(x, y) ON t.{near} = k.x AND t.{far} = k.y"
    )


def _equal(truth: Values, projection: Values) -> bool:
    return truth == projection


def _same_while_on(truth: Values, projection: Values) -> bool:
    """On with the same version on both sides, or off on both: of rows that are off nobody keeps the version."""
    return truth[:2] == projection[:2] if truth[0] or projection[0] else True


def _like(truth: Values, projection: Values) -> bool:
    # A like of a photo that is gone may stay as it was on either side: nobody sees it.
    on_a_published_photo = projection[2] == "published"
    return not on_a_published_photo or _same_while_on(truth, projection)


_WISH = ", wish_on, wish_version"
_PERMIT = ", state, answers, permit_version"
_ON = ', "on", version'
_FIND_LIKE = """
SELECT k.x, k.y, coalesce(l."on", false), coalesce(l.version, 0), coalesce(p.state, 'gone')
FROM unnest(%(ids)s::bigint[], %(others)s::bigint[]) AS k(x, y)
LEFT JOIN {s}.photo_like l ON l.photo_id = k.x AND l.actor_id = k.y
LEFT JOIN {s}.photo p ON p.id = k.x
"""
_SCAN_LIKE_BACK = """
SELECT l.photo_id, l.actor_id, l."on", l.version, coalesce(p.state, 'gone')
FROM {s}.photo_like l LEFT JOIN {s}.photo p ON p.id = l.photo_id
WHERE (l.photo_id, l.actor_id) > (%(a)s, %(b)s) ORDER BY 1, 2 LIMIT %(most)s
"""

PAIRS = (
    Pair(
        "wish",
        scan=_page("following", "actor_id", "owner_id", _WISH),
        find=_lookup("follower", "owner_id", "actor_id", _WISH),
        scan_back=_page("follower", "owner_id", "actor_id", _WISH),
        find_truth=_lookup("following", "actor_id", "owner_id", _WISH),
        absent=(False, 0),
        agree=_equal,
        lower="UPDATE {s}.follower SET wish_version = -1 WHERE owner_id = %s AND actor_id = %s",
    ),
    Pair(
        "permit",
        scan=_page("follower", "owner_id", "actor_id", _PERMIT),
        find=_lookup("following", "actor_id", "owner_id", _PERMIT),
        scan_back=_page("following", "actor_id", "owner_id", _PERMIT),
        find_truth=_lookup("follower", "owner_id", "actor_id", _PERMIT),
        absent=("pending", 0, 0),
        agree=_equal,
        lower="UPDATE {s}.following SET permit_version = -1 WHERE actor_id = %s AND owner_id = %s",
    ),
    Pair(
        "block",
        scan=_page("block", "actor_id", "target_id", _ON),
        find=_lookup("blocked_by", "target_id", "actor_id", _ON),
        scan_back=_page("blocked_by", "target_id", "actor_id", _ON),
        find_truth=_lookup("block", "actor_id", "target_id", _ON),
        absent=(False, 0),
        agree=_equal,
        lower="UPDATE {s}.blocked_by SET version = -1 WHERE target_id = %s AND actor_id = %s",
    ),
    Pair(
        "like",
        scan=_page("liked", "actor_id", "photo_id", _ON),
        find=_FIND_LIKE,
        scan_back=_SCAN_LIKE_BACK,
        find_truth=_lookup("liked", "actor_id", "photo_id", _ON),
        absent=(False, 0, "gone"),
        agree=_like,
        lower="UPDATE {s}.photo_like SET version = -1 WHERE photo_id = %s AND actor_id = %s",
    ),
    Pair(
        "commented",
        scan=_page("comment", "id", "author_id", _ON),
        find=_lookup("commented", "actor_id", "comment_id", _ON),
        scan_back=_page("commented", "actor_id", "comment_id", _ON),
        find_truth=_lookup("comment", "id", "author_id", _ON),
        absent=(False, 0),
        agree=_same_while_on,
        lower="UPDATE {s}.commented SET version = -1 WHERE actor_id = %s AND comment_id = %s",
    ),
)

_IN_FORCE = "wish_on AND state = 'granted' AND answers = wish_version"

#: (kind, id, what is written, what is counted): rows where the two differ.
COUNTED = {
    "counters": f"""
SELECT p.id,
    ARRAY[coalesce(c.photos, 0), coalesce(c.followers, 0), coalesce(c.following, 0)],
    ARRAY[coalesce(n.photos, 0), coalesce(r.followers, 0), coalesce(g.following, 0)]
FROM {{s}}.person p LEFT JOIN {{s}}.counters c ON c.person_id = p.id
LEFT JOIN (SELECT owner_id, count(*)::int AS photos FROM {{s}}.photo WHERE state = 'published' GROUP BY 1) n
    ON n.owner_id = p.id
LEFT JOIN (SELECT owner_id, count(*)::int AS followers FROM {{s}}.follower WHERE {_IN_FORCE} GROUP BY 1) r
    ON r.owner_id = p.id
LEFT JOIN (SELECT actor_id, count(*)::int AS following FROM {{s}}.following WHERE {_IN_FORCE} GROUP BY 1) g
    ON g.actor_id = p.id
WHERE ROW(coalesce(c.photos, 0), coalesce(c.followers, 0), coalesce(c.following, 0))
    <> ROW(coalesce(n.photos, 0), coalesce(r.followers, 0), coalesce(g.following, 0))
""",
    "photo_counts": """
SELECT p.id, ARRAY[coalesce(c.likes, 0), coalesce(c.comments, 0)],
    ARRAY[coalesce(l.likes, 0), coalesce(m.comments, 0)]
FROM {s}.photo p LEFT JOIN {s}.photo_counts c ON c.photo_id = p.id
LEFT JOIN (SELECT photo_id, count(*)::int AS likes FROM {s}.photo_like WHERE "on" GROUP BY 1) l
    ON l.photo_id = p.id
LEFT JOIN (SELECT photo_id, count(*)::int AS comments FROM {s}.comment WHERE "on" GROUP BY 1) m
    ON m.photo_id = p.id
WHERE ROW(coalesce(c.likes, 0), coalesce(c.comments, 0)) <> ROW(coalesce(l.likes, 0), coalesce(m.comments, 0))
""",
}

#: Under the lock of the counted row: count again, and write that.
RECOUNT = {
    "counters": (
        "SELECT 1 FROM {s}.counters WHERE person_id = %(id)s FOR NO KEY UPDATE",
        f"""
INSERT INTO {{s}}.counters AS c (person_id, photos, followers, following) VALUES (%(id)s,
    (SELECT count(*) FROM {{s}}.photo WHERE owner_id = %(id)s AND state = 'published'),
    (SELECT count(*) FROM {{s}}.follower WHERE owner_id = %(id)s AND {_IN_FORCE}),
    (SELECT count(*) FROM {{s}}.following WHERE actor_id = %(id)s AND {_IN_FORCE}))
ON CONFLICT (person_id) DO UPDATE SET photos = excluded.photos, followers = excluded.followers,
    following = excluded.following
""",
    ),
    "photo_counts": (
        "SELECT 1 FROM {s}.photo_counts WHERE photo_id = %(id)s FOR NO KEY UPDATE",
        """
INSERT INTO {s}.photo_counts AS c (photo_id, likes, comments) VALUES (%(id)s,
    (SELECT count(*) FROM {s}.photo_like WHERE photo_id = %(id)s AND "on"),
    (SELECT count(*) FROM {s}.comment WHERE photo_id = %(id)s AND "on"))
ON CONFLICT (photo_id) DO UPDATE SET likes = excluded.likes, comments = excluded.comments
""",
    ),
}
