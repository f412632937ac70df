"""What is under way: ids that an outbox row or a job that is not done yet names, in any database.

Any kind of row and any task: whoever asks wants to take something away, and is better told once too often.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, LiteralString

from heliograph.sharding import map, nodes, sessions

_OUTBOX = "SELECT a, b FROM public.outbox WHERE (a = ANY(%(ids)s) OR b = ANY(%(ids)s))"
#: Every number in the arguments of a job, however deep; `aborted` is what a worker's graceful end makes of a job.
_JOBS = """
SELECT numbers FROM (
    SELECT ARRAY(
        SELECT trunc((value #>> '{}')::numeric)::bigint FROM jsonb_path_query(args, 'strict $.**') AS value
        WHERE jsonb_typeof(value) = 'number'
    ) AS numbers
    FROM public.procrastinate_jobs WHERE status IN ('todo', 'doing', 'aborted')
) AS live WHERE numbers && %(ids)s::bigint[]
"""


def pairs(keys: Iterable[tuple[int, int]]) -> set[tuple[int, int]]:
    """Those of these pairs whose two ids one outbox row or one live job names, in either order."""
    wanted = set(keys)
    named = _named(sorted({id for key in wanted for id in key}))
    return {(a, b) for a, b in wanted if any(a in numbers and b in numbers for numbers in named)}


def ids(wanted: Iterable[int]) -> set[int]:
    """Those of these ids that an outbox row or a live job names."""
    asked = set(wanted)
    return asked.intersection(id for numbers in _named(sorted(asked)) for id in numbers)


def mirrored(wanted: Iterable[int], *, but: str) -> set[int]:
    """Those of these ids that an outbox row names, of any kind but one: something of theirs has not arrived yet."""
    asked = set(wanted)
    rows = _asked(_OUTBOX + " AND kind <> %(but)s", sorted(asked), but=but)
    return asked.intersection(id for row in rows for id in row)


def _named(asked: Sequence[int]) -> list[frozenset[int]]:
    if not asked:
        return []
    found = _asked(_OUTBOX, asked) + [tuple(row[0]) for row in _asked(_JOBS, asked)]
    return [frozenset(row) for row in found]


def _asked(sql: LiteralString, ids: Sequence[int], **more: str) -> list[tuple[Any, ...]]:
    """Rows of all databases."""
    values = {"ids": list(ids), **more}
    found: list[tuple[Any, ...]] = []
    for node in map.nodes():
        with nodes.connection(node) as connection:
            found += connection.execute(sql, values).fetchall()
    return found + sessions.directory(lambda tx: tx.rows(sql, values))
