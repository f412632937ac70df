"""Rows that mirror rows: a truth changes on one shard, its projection follows on another.

    truth row + outbox row          one transaction on the source shard
        │  projector (or the request itself, at once, for at most 100 ms)
        ▼
    read the truth now ──▶ apply it on the target shard WHERE version <  ──▶ delete the outbox row
                               │                       └── before that: `forget`, copies in memory
                               │ refused (blocked, deleted, not visible)
                               └──▶ answer back: the truth row goes off, only where its version is the one refused

At least once, in any order, perhaps two at a time. So: whoever applies reads the truth, never the message;
upserts only what is newer; and moves a counter only by the change it observed, under the lock of the counted
row (lock order: counted row, then member row; within a batch by ascending id).

The outbox is for rows that mirror rows. Work (photos, feeds, mail) is a job: sharding/queue.py.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from django.db import DatabaseError

from heliograph.core import clock, environment, metrics
from heliograph.core.errors import HeliographError, NotFound, Unavailable
from heliograph.sharding import hurry, map, nodes, sessions
from heliograph.sharding.bounded import PATIENT
from heliograph.sharding.ids import shard_of
from heliograph.sharding.map import Node

log = logging.getLogger(__name__)

#: `source_of` or `target_of` gives this for rows in the directory.
DIRECTORY: Final = 0

#: A truth that was read longer ago than this (a machine that slept) is not applied but read again: what it was
#: overtaken by may have been swept since, and then no version there would turn it away (flows/sweep.py).
MOST_SECONDS = 3600

Row = tuple[Any, ...]  # begins with (a, b) of the outbox row


@dataclass(frozen=True)
class Mirror:
    """How one kind of truth row is mirrored.

    `source_of(a, b)`, `target_of(a, b)`: an id whose shard holds the truth, or the projection (DIRECTORY: 0).
    `read(reader, pairs)`: the truths now, each a tuple beginning (a, b); a pair without a truth row is left out.
    `apply(tx, rows)`: put them on one target shard, newer ones only; returns the rows it refused.
    `refuse(tx, rows)`: on the source shard, switch off where the version is still the one refused.
    `forget(rows)`: after that, drop what memory keeps of them; one call for a batch. What it raises (Unavailable)
        lets the rows wait: so a process that died between a commit and telling Valkey of it is made up for.
    `write`: opens the target (flows/homes.py gives one that also makes missing home rows).
    """

    kind: str
    source_of: Callable[[int, int], int]
    target_of: Callable[[int, int], int]
    read: Callable[[Any, Sequence[tuple[int, int]]], list[Row]]
    apply: Callable[[Any, list[Row]], list[Row] | None]
    refuse: Callable[[Any, list[Row]], None] | None = None
    forget: Callable[[list[Row]], None] | None = None
    write: Callable[[int, Callable[[Any], Any]], Any] = sessions.write


MIRRORS: dict[str, Mirror] = {}

_TAKE = """
SELECT id, kind, a, b FROM public.outbox WHERE not_before <= now()
ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
"""
_DONE = "DELETE FROM public.outbox WHERE id = ANY(%s)"
_OF_PAIR = "SELECT id FROM public.outbox WHERE kind = %s AND a = %s AND b = %s"
# Not waited for by the disk: a row that comes back with a power cut is mirrored once more, which changes nothing.
_DONE_AT_ONCE = """
DELETE FROM public.outbox WHERE id IN (SELECT id FROM public.outbox WHERE id = ANY(%s) FOR UPDATE SKIP LOCKED)
    AND set_config('synchronous_commit', 'off', true) = 'off'
RETURNING id
"""
_LATER = """
UPDATE public.outbox SET attempts = attempts + 1,
    not_before = now() + make_interval(secs => least(300, 0.2 * power(2, least(attempts, 12))))
WHERE id = ANY(%s)
"""


def register(mirror: Mirror) -> Mirror:
    """Make a kind known; the projector and the request's own attempt then carry it."""
    MIRRORS[mirror.kind] = mirror
    return mirror


def drain_node(node: Node, *, most: int | None = None) -> int:
    """Mirror one batch of a node's outbox; how many rows were done. Rows that fail wait, with growing pauses."""
    with nodes.connection(node) as connection, connection.transaction():
        connection.execute(PATIENT)
        taken = connection.execute(_TAKE, (most or environment.get().outbox_batch,)).fetchall()
        done, failed = carry(taken)
        _settle(lambda sql, ids: connection.execute(sql, (ids,)), done, failed)
    return len(done)


def drain_directory(*, most: int | None = None) -> int:
    """The same for the directory's own outbox."""

    def body(tx: sessions.DirectoryTx) -> int:
        tx.run(PATIENT.decode())
        taken = tx.rows(_TAKE, (most or environment.get().outbox_batch,))
        done, failed = carry(taken)
        _settle(lambda sql, ids: tx.run(sql, (ids,)), done, failed)
        return len(done)

    return sessions.directory(body)


def _settle(run: Callable[[str, list[int]], Any], done: list[int], failed: list[int]) -> None:
    if done:
        run(_DONE, done)
    if failed:
        metrics.count("outbox_failures_total", len(failed))
        run(_LATER, failed)


def carry(taken: Sequence[Row]) -> tuple[list[int], list[int]]:
    """Mirror these outbox rows; the ids that are done, and the ids that must wait."""
    ids: dict[tuple[str, int, int], list[int]] = defaultdict(list)
    for id, kind, a, b in taken:
        ids[kind, a, b].append(id)
    done: list[int] = []
    failed: list[int] = []
    away: set[int] = set()  # nodes found away: their rows wait, and nobody else's wait for them
    for kind in sorted({kind for kind, _, _ in ids}):
        pairs = [(a, b) for k, a, b in ids if k == kind]
        carried = _carry_kind(kind, pairs, away)
        for pair in pairs:
            (done if pair in carried else failed).extend(ids[kind, *pair])
    return done, failed


def _carry_kind(
    kind: str, pairs: list[tuple[int, int]], away: set[int] | None = None
) -> set[tuple[int, int]]:
    """The pairs of one kind whose truth now stands on its target (or has nothing to say). `away`: nodes to pass by."""
    away = set() if away is None else away
    mirror = MIRRORS.get(kind)
    if mirror is None:  # written by newer code; a newer worker will carry it
        return set()
    read_at_ms = clock.now_ms()
    try:
        truths = _read(mirror, pairs)
    except (HeliographError, psycopg.Error, DatabaseError) as error:
        _failed(kind, error)
        return set()
    carried = set(pairs) - {(row[0], row[1]) for row in truths}  # no truth row: nothing to mirror
    groups: dict[int, list[Row]] = defaultdict(list)
    for row in truths:
        target = mirror.target_of(row[0], row[1])
        try:
            groups[DIRECTORY if target == DIRECTORY else shard_of(target)].append(row)
        except NotFound:
            carried.add((row[0], row[1]))
    for shard, rows in groups.items():
        node = 0 if shard == DIRECTORY else _node_number(shard)
        if node in away:
            continue
        try:
            _apply(mirror, sorted(rows), read_at_ms)
            carried.update((row[0], row[1]) for row in rows)
        except NotFound:
            # One of them names somebody who does not exist: the others must not wait for that.
            carried.update(_one_by_one(mirror, rows, read_at_ms))
        except (HeliographError, psycopg.Error, DatabaseError) as error:
            if isinstance(error, nodes.NodeAway | sessions.DirectoryAway):
                away.add(node)
            _failed(kind, error)
    return carried - _unforgotten(mirror, [row for row in truths if (row[0], row[1]) in carried])


def _unforgotten(mirror: Mirror, rows: list[Row]) -> set[tuple[int, int]]:
    """Drop what memory keeps of rows that stand now; the pairs that must wait because it does not answer."""
    if mirror.forget is None or not rows:
        return set()
    try:
        mirror.forget(rows)
    except Unavailable as error:
        _failed(mirror.kind, error)
        return {(row[0], row[1]) for row in rows}
    return set()


def _node_number(shard: int) -> int:
    """The node of a shard; -1 for one that no map has, so that its rows fail by themselves."""
    try:
        return map.node_of(shard).number
    except NotFound:
        return -1


def _one_by_one(mirror: Mirror, rows: list[Row], read_at_ms: int) -> Iterable[tuple[int, int]]:
    for row in rows:
        try:
            _apply(mirror, [row], read_at_ms)
        except NotFound:
            pass  # nobody there: there is nothing that could mirror it
        except (HeliographError, psycopg.Error, DatabaseError) as error:
            _failed(mirror.kind, error)
            continue
        yield (row[0], row[1])


def _read(mirror: Mirror, pairs: list[tuple[int, int]]) -> list[Row]:
    if mirror.source_of(*pairs[0]) == DIRECTORY:
        return sessions.directory(lambda tx: mirror.read(tx, pairs))
    return mirror.read(sessions.reader(), pairs)


def _apply(mirror: Mirror, rows: list[Row], read_at_ms: int) -> None:
    def apply(tx: Any) -> list[Row] | None:
        if clock.now_ms() - read_at_ms > MOST_SECONDS * 1000:
            raise Unavailable(cause="its truth was read too long ago")
        return mirror.apply(tx, rows)

    target = mirror.target_of(rows[0][0], rows[0][1])
    with metrics.time("projection_seconds", kind=mirror.kind):
        refused = sessions.directory(apply) if target == DIRECTORY else mirror.write(target, apply)
    if refused and mirror.refuse is not None:
        _answer_back(mirror, mirror.refuse, refused)


def _answer_back(mirror: Mirror, refuse: Callable[[Any, list[Row]], None], refused: list[Row]) -> None:
    groups: dict[int, list[Row]] = defaultdict(list)
    for row in refused:
        groups[shard_of(mirror.source_of(row[0], row[1]))].append(row)
    for rows in groups.values():
        source = mirror.source_of(rows[0][0], rows[0][1])
        sessions.write(source, lambda tx, rows=rows: refuse(tx, sorted(rows)))  # type: ignore[misc]


def _failed(kind: str, error: BaseException) -> None:
    metrics.count("projection_failures_total", kind=kind, error=type(error).__name__)
    if isinstance(error, Unavailable) or hurry.active():
        return  # expected where a node is away, or where a request had no time for it; the row waits
    log.error("mirroring %s failed, its rows will be tried again", kind, exc_info=error)


def try_at_once(projected: list[tuple[str, int, int]]) -> bool:
    """Mirror what a request has just changed, so that the person sees the right count; whether all of it is done.

    The outbox is the guarantee: whatever goes wrong or takes too long here is left to the projector. What is done here
    is taken out of the outbox, so that it is not done twice.
    """
    if hurry.active():
        # A projection that itself projects: a wish that is answered at once with a permit. Within the same
        # time limit, so that who follows a public person follows when the page comes back.
        return _carry_each(projected)
    with hurry.on(environment.get().inline_projection_ms):
        return _carry_each(projected)


def _carry_each(projected: list[tuple[str, int, int]]) -> bool:
    all_done = True
    for kind, a, b in projected:
        if hurry.over():
            return False
        with metrics.time("inline_projection_seconds", kind=kind):
            all_done &= _carry_one(kind, a, b)
    return all_done


def _carry_one(kind: str, a: int, b: int) -> bool:
    """Mirror one row and take it out of the outbox.

    Only rows that were seen before the truth was read: one that comes later may speak of a later truth. One that the
    projector has in hand is left to it.
    """
    mirror = MIRRORS.get(kind)
    source = DIRECTORY if mirror is None else mirror.source_of(a, b)
    try:
        ids = [row[0] for row in _ask_outbox(source, _OF_PAIR, (kind, a, b))]
        if not _carry_kind(kind, [(a, b)]):
            return False
        _ask_outbox(source, _DONE_AT_ONCE, (ids,))
    except (HeliographError, psycopg.Error, DatabaseError) as error:
        _failed(kind, error)
        return False
    return True


def _ask_outbox(source: int, sql: str, params: tuple[object, ...]) -> list[Row]:
    if source == DIRECTORY:
        return sessions.directory(lambda tx: tx.rows(sql, params))
    with nodes.connection(map.node_of_id(source)) as connection:
        return connection.execute(sql.encode(), params).fetchall()


sessions.on_projected = try_at_once


def waiting(node: Node) -> int:
    """How many outbox rows of a node are not mirrored yet."""
    with nodes.connection(node) as connection:
        row = connection.execute("SELECT count(*) FROM public.outbox").fetchone()
    return int(row[0]) if row else 0
