"""How many likes and comments a photo has: one small row, moved under its lock by the changes that were observed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from heliograph.engagement import store


@dataclass(frozen=True)
class Counts:
    likes: int = 0
    comments: int = 0


def load(reader: store.Shards, photo_ids: Iterable[int]) -> dict[int, Counts]:
    """The counts of every photo that was asked for; one round trip a node. No row is no likes."""
    wanted = set(photo_ids)
    found = {row[0]: Counts(row[1], row[2]) for row in store.counts(reader, wanted)}
    return {id: found.get(id, Counts()) for id in wanted}


def forget(tx: store.Shard, photo_id: int) -> bool:
    """Forget what a photo has gathered when no like or comment, on or off, is left; whether that is so.

    Under the lock of the counted row: what arrives meanwhile waits, and then finds the photo gone.
    """
    store.lock_counts(tx, [photo_id])
    if store.gathered(tx, photo_id):
        return False
    store.forget_counts(tx, photo_id)
    return True
