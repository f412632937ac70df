"""Removing, once a day and shard, rows that have said nothing for `off_rows_days`: follows that ended, likes and
blocks taken back, deleted comments, on both sides; tombstones of photos.

Why no late delivery can count again what was swept:

1.  Off for 30 days means that no version in the row is above its shard's mark of 30 days ago
    (sharding/off_rows.py), so whatever was overtaken by "off" was read from its truth before that.
2.  A mirror reads its truth when it is carried. Once the truth is gone there is nothing to carry. One that read it
    earlier and comes an hour later is turned away (outbox.MOST_SECONDS); a machine may have slept in between.
3.  A pair that an outbox row or a live job names, on any node, is left for another day; and so is one whose other
    side is not off as well: that is damage, and audit must see it.
4.  Versions come from a sequence that goes on: whoever likes or follows anew has a version above all that is
    forgotten, and an absent row counts as off. Hence the two sides may go in two transactions, in any order.
    The truth goes first, and mirrors are looked for too, so what an ended sweep leaves behind goes the next day.
5.  A row is deleted only where it still is what was seen. Two sweeps at once do not wait for each other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from heliograph.accounts import home
from heliograph.activity import mentions
from heliograph.core import clock, environment, metrics
from heliograph.core.errors import NotFound, Unavailable
from heliograph.engagement import counts, likes
from heliograph.engagement import off_rows as engagement
from heliograph.flows import delete_photo as _its_tasks_are_enqueued_here  # noqa: F401
from heliograph.graph import off_rows as graph
from heliograph.media import photos, recipes, storage
from heliograph.media.photos import Photo
from heliograph.sharding import in_flight, map, off_rows, sessions
from heliograph.sharding.ids import SEQUENCE_BITS, ShardNumber, shard_of
from heliograph.sharding.off_rows import Key, Marks, OffRow, Side
from heliograph.sharding.periodic import periodic
from heliograph.sharding.queue import task
from heliograph.sharding.sessions import Tx

DAY = 24 * 3600  # seconds
CHUNK = 200  # rows looked at together and deleted in one transaction


def _no_lock(tx: Tx, home_ids: Iterable[int]) -> None:
    """Rows that are written by single statements, which their own lock guards."""


@dataclass(frozen=True)
class Kind:
    """Two mirrored tables, the truth that is asked for first. `lock`: what their writers hold, by home id."""

    name: str
    sides: tuple[Side, Side]
    lock: Callable[[Tx, Iterable[int]], None] = _no_lock


KINDS = (
    Kind("follow", graph.FOLLOW, lock=home.lock_counters),
    Kind("block", graph.BLOCK),
    Kind("like", engagement.LIKE),
    Kind("comment", engagement.COMMENT),
)


@periodic(DAY)
def sweep() -> None:
    """Mark how far each shard's versions have come, and have it swept; once a day, however often this is called."""
    now = clock.now()
    for shard in map.shards():
        try:
            sessions.write(_place(shard), lambda tx: _begin(tx, now), repeatable=True)
        except Unavailable:
            metrics.count("sweeps_missed_total")  # a node is away; the others are swept


def _begin(tx: Tx, now: datetime) -> None:
    if off_rows.mark(tx, now, _cutoff(now)):
        tx.enqueue("sweep_shard.v1", shard=tx.shard, queueing_lock=f"sweep:{tx.shard}")


@task("sweep_shard.v1", lane="slow")
def sweep_shard(shard: int) -> None:
    """Sweep one shard: what lives there, and of each truth that goes its mirror elsewhere. May be repeated."""
    cutoff = _cutoff(clock.now())
    marks = off_rows.marks(sessions.reader(), cutoff)
    for kind in KINDS:
        truth, mirror = kind.sides
        _walk(shard, truth, lambda rows, kind=kind: _truths(kind, rows, marks))  # type: ignore[misc]
        _walk(shard, mirror, lambda rows, kind=kind: _mirrors(kind, rows, marks))  # type: ignore[misc]
    while sessions.write(_place(shard), lambda tx: mentions.sweep(tx, cutoff, count=CHUNK), repeatable=True):
        pass
    _tombstones(shard, cutoff)


def _cutoff(now: datetime) -> datetime:
    return now - timedelta(days=max(1, environment.get().off_rows_days))


def _walk(shard: ShardNumber, side: Side, look_at: Callable[[list[OffRow]], None]) -> None:
    after = (0, 0)
    while rows := side.page(sessions.reader().at(_place(shard)), after, CHUNK):
        look_at(rows)
        after = rows[-1].key


def _truths(kind: Kind, rows: list[OffRow], marks: Marks) -> None:
    """Remove truths that are off as long as their mirrors, and those mirrors."""
    truth, mirror = kind.sides
    old = [row for row in rows if truth.settled(row, marks)]
    there = mirror.look(sessions.reader(), [_turned(row.key) for row in old])
    quiet = [row for row in old if _quiet(mirror, there, _turned(row.key), marks)]
    gone = _remove(kind, truth, _not_in_flight(quiet))
    for mirrors in _by_shard(there[_turned(key)] for key in gone if _turned(key) in there):
        _remove(kind, mirror, mirrors)


def _quiet(mirror: Side, there: dict[Key, OffRow | None], key: Key, marks: Marks) -> bool:
    """Whether the mirror is absent, or off as long."""
    if key not in there:
        return True
    row = there[key]
    return row is not None and mirror.settled(row, marks)


def _mirrors(kind: Kind, rows: list[OffRow], marks: Marks) -> None:
    """Remove mirrors without a truth: what a sweep that was interrupted has left, or a late "off" has made anew."""
    truth, mirror = kind.sides
    old = [row for row in rows if mirror.settled(row, marks)]
    there = truth.look(sessions.reader(), [_turned(row.key) for row in old])
    _remove(kind, mirror, _not_in_flight([row for row in old if _turned(row.key) not in there]))


def _remove(kind: Kind, side: Side, rows: Sequence[OffRow]) -> list[Key]:
    """Delete rows of one shard that are still what was seen; the keys of those."""
    if not rows:
        return []

    def body(tx: Tx) -> list[Key]:
        kind.lock(tx, sorted({row.key[0] for row in rows}))
        return side.remove(tx, rows)

    gone = sessions.write(rows[0].key[0], body, repeatable=True)
    metrics.count("rows_swept_total", len(gone), table=side.table)
    return gone


def _not_in_flight(rows: list[OffRow]) -> list[OffRow]:
    named = in_flight.pairs(row.key for row in rows)
    return [row for row in rows if row.key not in named]


def _by_shard(rows: Iterable[OffRow | None]) -> list[list[OffRow]]:
    groups: dict[ShardNumber, list[OffRow]] = defaultdict(list)
    for row in rows:
        if row is not None:
            groups[shard_of(row.key[0])].append(row)
    return list(groups.values())


def _tombstones(shard: ShardNumber, cutoff: datetime) -> None:
    """Forget deleted photos of which nothing is left; what should have been cleared is cleared again."""
    after = 0
    while found := photos.tombstones(sessions.reader().at(_place(shard)), cutoff, after=after, count=CHUNK):
        named = in_flight.ids(photo.id for photo in found)
        for photo in found:
            if photo.id not in named:
                _tombstone(photo)
        after = found[-1].id


def _tombstone(photo: Photo) -> None:
    if _has_files(photo):
        sessions.write(photo.id, lambda tx: tx.enqueue("remove_photo_files.v1", photo_id=photo.id))
    elif likes.standing(sessions.reader().at(photo.id), photo.id, count=1):
        sessions.write(photo.id, lambda tx: tx.enqueue("clear_photo.v1", photo_id=photo.id))
    else:
        sessions.write(photo.id, lambda tx: _bury(tx, photo.id), repeatable=True)


def _bury(tx: Tx, photo_id: int) -> None:
    if photos.nothing_left(tx, photo_id) and counts.forget(tx, photo_id):
        photos.bury(tx, photo_id)
        metrics.count("rows_swept_total", table="photo")


def _has_files(photo: Photo) -> bool:
    keep = storage.get()
    keys = [storage.master(photo.token), *(storage.rendition(photo.token, size) for size in recipes.SIZES)]
    return any(_there(keep, key) for key in keys)


def _there(keep: storage.Storage, key: str) -> bool:
    try:
        return keep.exists(key)
    except NotFound:  # not even an address
        return False


def _turned(key: Key) -> Key:
    return (key[1], key[0])


def _place(shard: ShardNumber) -> int:
    """An id of this shard, for the way there; nobody has it."""
    return shard << SEQUENCE_BITS
