"""Like and unlike: one row on one's own shard, mirrored beside the photo, where it is counted."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from heliograph.core import environment, limits, metrics
from heliograph.engagement import likes
from heliograph.flows import homes
from heliograph.pages import cards
from heliograph.sharding import outbox, sessions
from heliograph.sharding.ids import shard_of
from heliograph.sharding.sessions import Tx

_HOUR = 3600  # seconds


@metrics.time("flow_seconds", flow="like")
def add(actor_id: int, photo_id: int) -> None:
    """Like a photo that one may see; NotFound otherwise. May be repeated."""
    limits.spend("write", actor_id, allowed=environment.get().writes_per_hour, seconds=_HOUR)
    owner_id = likes.owner_seen_by(sessions.reader(), actor_id, photo_id)

    def body(tx: Tx) -> None:
        if likes.add(tx, actor_id, photo_id, owner_id):
            tx.noted("like", actor_id, photo_id)

    homes.write_person(actor_id, body, repeatable=True)
    metrics.count("likes_total")


@metrics.time("flow_seconds", flow="unlike")
def remove(actor_id: int, photo_id: int) -> None:
    """Take a like back, also from a photo that one may no longer see; nothing happens when there is none."""

    shard_of(photo_id)  # NotFound for what no photo can be called

    def body(tx: Tx) -> None:
        if likes.remove(tx, actor_id, photo_id):
            tx.noted("like", actor_id, photo_id)

    homes.write_person(actor_id, body, repeatable=True)


def _arrive(tx: Tx, rows: list[outbox.Row]) -> list[outbox.Row]:
    return list(likes.arrive(tx, rows)[0])


def _forget(rows: list[outbox.Row]) -> None:
    """Counts are read anew; whether they moved this time or at an earlier attempt that did not come so far."""
    cards.changed(counts={row[1] for row in rows})


def refuse(tx: Tx, rows: Sequence[outbox.Row]) -> None:
    """On the actors' shard: switch off what the photos' side refuses, and have that mirrored."""
    off = [row for row in rows if likes.refuse(tx, row)]
    tx.project_all("like", [(row[0], row[1]) for row in off])


LIKE = outbox.register(
    outbox.Mirror(
        "like",
        source_of=lambda actor_id, photo_id: actor_id,
        target_of=lambda actor_id, photo_id: photo_id,
        read=likes.read,
        # Of a photo's two values in memory only the counts change, and `forget` drops those.
        write=partial(sessions.write, of_photo=False),
        apply=_arrive,
        refuse=refuse,
        forget=_forget,
    )
)
