"""What the audit asks and how it mends: one Pairing for each mirrored row and direction, one Count for each counter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

Values = tuple[Any, ...]


@dataclass(frozen=True)
class Pairing:
    """Rows `here`, each (a, b, values…), against rows `there` by (the id whose shard they are on, the other one).

    `there_first`: the row there lives with b. `absent`: the values of a counterpart that is not there.
    `named`: the pair as outbox rows and reports name it.
    """

    kind: str
    here: str
    there: str
    agree: Callable[[Values, Values], bool]
    absent: Values
    there_first: bool = True
    named: Callable[[int, int], tuple[int, int]] = lambda a, b: (a, b)


@dataclass(frozen=True)
class Count:
    """`sql` gives (id, counted, kept) where the two differ; `recount` puts it right for one `%(id)s`."""

    kind: str
    sql: str
    recount: str


@dataclass(frozen=True)
class Mending:
    """How a pair is made again: (shard's id, SQL) that forgets mirrors, truths to project, then recounts."""

    forget: Callable[[int, int], Sequence[tuple[int, str]]]
    project: Callable[[int, int], Sequence[tuple[int, str, int, int]]]
    recount: Callable[[int, int], Sequence[tuple[int, str]]]


def _swapped(a: int, b: int) -> tuple[int, int]:
    return b, a


def _page(table: str, a: str, b: str, values: str) -> str:
    return (
        f"SELECT {a}, {b}, {values} FROM {{s}}.{table} WHERE ({a}, {b}) > (%(a)s, %(b)s)"
        f" ORDER BY {a}, {b} LIMIT %(count)s"
    )


def _matching(table: str, a: str, b: str, values: str) -> str:
    return (
        f"SELECT t.{a}, t.{b}, {values} FROM {{s}}.{table} t"
        f" JOIN unnest(%(ids)s::bigint[], %(others)s::bigint[]) AS k (x, y) ON t.{a} = k.x AND t.{b} = k.y"
    )


_HALVES = "wish_on, wish_version, state, answers, permit_version"
_NO_FOLLOW: Values = (False, 0, "pending", 0, 0)
_SWITCH = '"on", version'
_OFF: Values = (False, 0)


def _same_halves(one: Values, other: Values) -> bool:
    """Equal; or one side is swept already, and the other says nothing that counts and will be swept, too."""
    return one == other or (other == _NO_FOLLOW and _idle(one))


def _idle(half: Values) -> bool:
    wish_on, wish_version, state, answers, _ = half
    return not wish_on or (state == "denied" and answers == wish_version)


def _same_on(one: Values, other: Values) -> bool:
    """A text has one version for all that is in it, and changes without its mentions."""
    return bool(one[0]) == bool(other[0])


def _same_switch(one: Values, other: Values) -> bool:
    """Both off is agreement whatever the versions: an off row may have been swept, or never have been mirrored."""
    return one == other if one[0] or other[0] else True


def _named_in(text: str, key: str, row: str) -> str:
    """(text, person) for everybody whom a text on this shard names, but its author and the photo's owner."""
    others = "x.person NOT IN (t.author_id, t.owner_id)" if row == "comment" else "x.person <> t.owner_id"
    on = 't."on"' if row == "comment" else "t.state = 'published'"
    return f"""
SELECT DISTINCT {key}, x.person, {on} FROM {{s}}.{row} t, LATERAL (
    SELECT (e ->> 'person_id')::bigint AS person FROM jsonb_array_elements(t.entities) AS e
    WHERE e ->> 'type' = 'mention'
) x
WHERE {others}{text}"""


_CHUNK_OF_MENTIONS = " AND (t.id, x.person) > (%(a)s, %(b)s) ORDER BY 1, 2 LIMIT %(count)s"
_THESE_MENTIONS = " AND (t.id, x.person) IN (SELECT * FROM unnest(%(ids)s::bigint[], %(others)s::bigint[]))"


def _mentions(kind: str, row: str, column: str, which: str) -> tuple[Pairing, Pairing]:
    """A text that names somebody is on as long as the row with them is."""
    chunk = (
        f'SELECT person_id, {column}, "on" FROM {{s}}.mention WHERE {which}'
        f" AND (person_id, {column}) > (%(a)s, %(b)s) ORDER BY person_id, {column} LIMIT %(count)s"
    )
    return (
        Pairing(
            kind,
            here=_named_in(_CHUNK_OF_MENTIONS, "t.id", row),
            there=_matching("mention", "person_id", column, 't."on"') + f" WHERE {which}",
            agree=_same_on,
            absent=(False,),
        ),
        Pairing(
            kind,
            here=chunk,
            there=_named_in(_THESE_MENTIONS, "t.id", row),
            agree=_same_on,
            absent=(False,),
            named=_swapped,
        ),
    )


PAIRINGS = (
    Pairing(
        "follow",
        here=_page("following", "actor_id", "owner_id", _HALVES),
        there=_matching("follower", "owner_id", "actor_id", _HALVES),
        agree=_same_halves,
        absent=_NO_FOLLOW,
    ),
    Pairing(
        "follow",
        here=_page("follower", "owner_id", "actor_id", _HALVES),
        there=_matching("following", "actor_id", "owner_id", _HALVES),
        agree=_same_halves,
        absent=_NO_FOLLOW,
        named=_swapped,
    ),
    Pairing(
        "block",
        here=_page("block", "actor_id", "target_id", _SWITCH),
        there=_matching("blocked_by", "target_id", "actor_id", _SWITCH),
        agree=_same_switch,
        absent=_OFF,
    ),
    Pairing(
        "block",
        here=_page("blocked_by", "target_id", "actor_id", _SWITCH),
        there=_matching("block", "actor_id", "target_id", _SWITCH),
        agree=_same_switch,
        absent=_OFF,
        named=_swapped,
    ),
    Pairing(
        "like",
        here=_page("liked", "actor_id", "photo_id", _SWITCH),
        there=_matching("photo_like", "photo_id", "actor_id", _SWITCH),
        agree=_same_switch,
        absent=_OFF,
    ),
    Pairing(
        "like",
        here=_page("photo_like", "photo_id", "actor_id", _SWITCH),
        there=_matching("liked", "actor_id", "photo_id", _SWITCH),
        agree=_same_switch,
        absent=_OFF,
        named=_swapped,
    ),
    Pairing(
        "commented",
        here=_page("comment", "id", "author_id", _SWITCH),
        there=_matching("commented", "actor_id", "comment_id", _SWITCH),
        agree=_same_switch,
        absent=_OFF,
    ),
    Pairing(
        "commented",
        here=_page("commented", "actor_id", "comment_id", _SWITCH),
        there=_matching("comment", "id", "author_id", _SWITCH),
        agree=_same_switch,
        absent=_OFF,
        named=_swapped,
    ),
    *_mentions("mention in a caption", "photo", "photo_id", "comment_id = 0"),
    *_mentions("mention in a comment", "comment", "comment_id", "comment_id > 0"),
)

#: Which outbox kinds carry what the audit calls by one name.
CARRIED_BY = {
    "follow": ("wish", "permit"),
    "block": ("block",),
    "like": ("like",),
    "commented": ("commented",),
    "mention in a caption": ("mention_caption",),
    "mention in a comment": ("mention_comment",),
    "face": ("face",),
}
OUTBOX = "SELECT kind, a, b FROM public.outbox"

_IN_FORCE = "wish_on AND state = 'granted' AND answers = wish_version"


def _counter(column: str, table: str, person: str, condition: str) -> Count:
    counted = f"(SELECT count(*) FROM {{s}}.{table} WHERE {person} = p.id AND {condition})"
    return Count(
        f"counter {column}",
        sql=f"""
SELECT id, counted, kept FROM (
    SELECT p.id, {counted} AS counted, c.{column} AS kept
    FROM {{s}}.person p LEFT JOIN {{s}}.counters c ON c.person_id = p.id
) AS counts_of WHERE counted IS DISTINCT FROM kept
""",
        recount=f"""
WITH locked AS (SELECT person_id FROM {{s}}.counters WHERE person_id = %(id)s FOR NO KEY UPDATE)
UPDATE {{s}}.counters SET {column} = {counted.replace("p.id", "locked.person_id")}
FROM locked WHERE counters.person_id = locked.person_id
""",
    )


def _photo_count(column: str, table: str) -> Count:
    counted = f'(SELECT count(*) FROM {{s}}.{table} t WHERE t.photo_id = p.id AND t."on")'
    return Count(
        f"counter {column}",
        sql=f"""
SELECT id, counted, kept FROM (
    SELECT p.id, {counted} AS counted, coalesce(c.{column}, 0) AS kept
    FROM {{s}}.photo p LEFT JOIN {{s}}.photo_counts c ON c.photo_id = p.id
) AS counts_of WHERE counted IS DISTINCT FROM kept
""",
        recount=f"""
INSERT INTO {{s}}.photo_counts AS c (photo_id, {column}) SELECT p.id, {counted} FROM {{s}}.photo p WHERE p.id = %(id)s
ON CONFLICT (photo_id) DO UPDATE SET {column} = excluded.{column}
""",
    )


def _owners(table: str) -> Count:
    """Each like and comment says whose photo it is on."""
    return Count(
        f"owner of-{table}",
        sql=f"SELECT p.id, p.owner_id, t.owner_id FROM {{s}}.{table} t JOIN {{s}}.photo p ON p.id = t.photo_id"
        " WHERE p.owner_id <> t.owner_id",
        recount=f"UPDATE {{s}}.{table} t SET owner_id = p.owner_id FROM {{s}}.photo p"
        " WHERE p.id = %(id)s AND t.photo_id = p.id",
    )


COUNTS = (
    _counter("photos", "photo", "owner_id", "state = 'published'"),
    _counter("followers", "follower", "owner_id", _IN_FORCE),
    _counter("following", "following", "actor_id", _IN_FORCE),
    _photo_count("likes", "photo_like"),
    _photo_count("comments", "comment"),
    _owners("photo_like"),
    _owners("comment"),
)
_BY_KIND = {count.kind.split()[1]: count.recount.replace("%(id)s", "%(who)s") for count in COUNTS}


def _recount(what: str, place: str) -> str:
    return _BY_KIND[what].replace("%(who)s", f"%({place})s")


_NO_WISH = (
    "UPDATE {s}.follower SET wish_on = false, wish_version = 0 WHERE owner_id = %(b)s AND actor_id = %(a)s"
)
_NO_PERMIT = (
    "UPDATE {s}.following SET state = 'pending', answers = 0, permit_version = 0"
    " WHERE actor_id = %(a)s AND owner_id = %(b)s"
)
_NOT_BLOCKED = (
    'UPDATE {s}.blocked_by SET "on" = false, version = 0 WHERE target_id = %(b)s AND actor_id = %(a)s'
)
_NOT_LIKED = 'UPDATE {s}.photo_like SET "on" = false, version = 0 WHERE photo_id = %(b)s AND actor_id = %(a)s'
_NOT_COMMENTED = (
    'UPDATE {s}.commented SET "on" = false, version = 0 WHERE actor_id = %(b)s AND comment_id = %(a)s'
)

_NOT_NAMED_IN_CAPTION = (
    'UPDATE {s}.mention SET "on" = false, version = 0'
    " WHERE person_id = %(b)s AND photo_id = %(a)s AND comment_id = 0"
)
_NOT_NAMED_IN_COMMENT = (
    'UPDATE {s}.mention SET "on" = false, version = 0 WHERE person_id = %(b)s AND comment_id = %(a)s'
)

MENDINGS = {
    "mention in a caption": Mending(
        forget=lambda a, b: [(b, _NOT_NAMED_IN_CAPTION)],
        project=lambda a, b: [(a, "mention_caption", a, b)],
        recount=lambda a, b: [],
    ),
    "mention in a comment": Mending(
        forget=lambda a, b: [(b, _NOT_NAMED_IN_COMMENT)],
        project=lambda a, b: [(a, "mention_comment", a, b)],
        recount=lambda a, b: [],
    ),
    "follow": Mending(
        forget=lambda a, b: [(b, _NO_WISH), (a, _NO_PERMIT)],
        project=lambda a, b: [(a, "wish", a, b), (b, "permit", b, a)],
        recount=lambda a, b: [(a, _recount("following", "a")), (b, _recount("followers", "b"))],
    ),
    "block": Mending(
        forget=lambda a, b: [(b, _NOT_BLOCKED)],
        project=lambda a, b: [(a, "block", a, b)],
        recount=lambda a, b: [],
    ),
    "like": Mending(
        forget=lambda a, b: [(b, _NOT_LIKED)],
        project=lambda a, b: [(a, "like", a, b)],
        recount=lambda a, b: [(b, _recount("likes", "b"))],
    ),
    "commented": Mending(
        forget=lambda a, b: [(b, _NOT_COMMENTED)],
        project=lambda a, b: [(a, "commented", a, b)],
        recount=lambda a, b: [],
    ),
}

_FACE = "id, username, full_name, avatar, private, state"
DIRECTORY_FACES = f"SELECT {_FACE} FROM person WHERE (id >> 10) & 8191 = %(shard)s"
HOME_FACES = f"SELECT {_FACE} FROM {{s}}.person"
HOMES_TO_BE_MADE = """
SELECT (args->>'person_id')::bigint FROM public.procrastinate_jobs
WHERE task_name = 'make_home.v1' AND status IN ('todo', 'doing')
"""
FORGET_FACE = "UPDATE person SET face_version = 0 WHERE id = %(id)s RETURNING username"
#: A name's truth is the directory; of all else in a face it is the home.
TAKE_NAME = "UPDATE {s}.person SET username = %(username)s WHERE id = %(id)s"
#: Photos whose files must all be there, or all be gone.
PUBLISHED = """
SELECT id, token, state FROM {s}.photo WHERE state IN ('published', 'deleted') AND id > %(after)s
ORDER BY id LIMIT %(count)s
"""
#: Of deleted photos too: what is left of them is told with their row, which knows whether a job is about to remove it.
TOKENS = "SELECT id, token FROM {s}.photo UNION ALL SELECT NULL, avatar FROM {s}.person"
#: Every number that a waiting job names, however deep: ids are among them.
WORKED_ON = """
SELECT DISTINCT trunc((value #>> '{}')::numeric)::bigint
FROM public.procrastinate_jobs, jsonb_path_query(args, 'strict $.**') AS value
WHERE status IN ('todo', 'doing') AND jsonb_typeof(value) = 'number'
"""
