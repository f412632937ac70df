"""Deeds on blocks. A block is truth with the one who blocks; the other side has a mirror of it.

It voids the permit that the blocked person has, and the blocker's own wish, in its own transaction; every wish,
like and comment that arrives afterwards meets it. Taking it back restores nothing: follows begin anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from heliograph.accounts import home
from heliograph.core import clock
from heliograph.graph import follows, store


def block(tx: store.Shard, actor_id: int, target_id: int) -> tuple[bool, list[follows.Change]]:
    """Block somebody: whether that is new, and what it did to the follows between the two."""
    # The same lock as a follow takes: a wish and a block of one person never stand side by side.
    if store.lock_actor(tx, actor_id) is None:
        raise home.HomeMissing([actor_id])
    is_new = store.block(tx, actor_id, target_id, clock.now())
    return is_new, follows.part(tx, actor_id, target_id)


def unblock(tx: store.Shard, actor_id: int, target_id: int) -> bool:
    """Take a block back; whether there was one."""
    return store.unblock(tx, actor_id, target_id, clock.now())


def read(reader: store.Shards, pairs: Sequence[tuple[int, int]]) -> store.Rows:
    """The truths of these (actor, target): (actor, target, on, version, at)."""
    return store.blocks(reader, pairs)


def arrive(tx: store.Shard, rows: Sequence[tuple[int, int, bool, int, datetime]]) -> None:
    """Mirror blocks on the shard of the people blocked."""
    store.block_arrives(tx, rows)


def of(reader: store.Shards, actor_id: int, target_ids: Iterable[int]) -> set[int]:
    """Whom of these `actor_id` blocks, by the truth; one round trip."""
    targets = list(target_ids)
    if not targets:
        return set()
    return {target for _, target in store.blocking(reader.at(actor_id), [(actor_id, t) for t in targets])}
