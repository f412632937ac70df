"""Likes: truth with whoever likes, mirrored beside the photo, where they are counted.

A like that the photo's side refuses (blocked, deleted, no longer visible) is answered back: the truth goes off under
a *new* version, and that is mirrored too. With the old version, a late second delivery of the same like could be
let in while the answer is on its way, and both rows would stand there with one version and two meanings.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TypeAlias

from heliograph.accounts import home
from heliograph.accounts.errors import Suspended
from heliograph.core import clock
from heliograph.core.errors import NotFound
from heliograph.engagement import store
from heliograph.engagement.counts import Counts

#: (actor, photo, on, version, at): a like as its truth says it
Like: TypeAlias = "tuple[int, int, bool, int, datetime]"


def owner_seen_by(reader: store.Shards, viewer_id: int, photo_id: int) -> int:
    """One look at the photo's side: its owner, or NotFound when the photo is not for the viewer."""
    owner_id = store.owner_seen_by(reader.at(photo_id), viewer_id, photo_id)
    if owner_id is None:
        raise NotFound(cause=f"photo {photo_id} for {viewer_id}")
    return owner_id


def add(tx: store.Shard, actor_id: int, photo_id: int, owner_id: int) -> bool:
    """Like a photo; whether that is new. The statement notes it in the outbox itself."""
    state, blocking, is_new = store.like(tx, actor_id, photo_id, owner_id, clock.now())
    if state is None:
        raise home.HomeMissing([actor_id])
    if state != "active":
        raise Suspended()
    if blocking:
        raise NotFound(cause=f"{actor_id} blocks {owner_id}")
    return is_new


def remove(tx: store.Shard, actor_id: int, photo_id: int) -> bool:
    """Take a like back; whether there was one."""
    return store.unlike(tx, actor_id, photo_id, clock.now())


def read(reader: store.Shards, pairs: Sequence[tuple[int, int]]) -> store.Rows:
    """The truths of these (actor, photo)."""
    return store.likes(reader, pairs)


def arrive(tx: store.Shard, rows: Sequence[Like]) -> tuple[list[Like], dict[int, Counts]]:
    """Likes reach the photos' shard: those refused, and what photos have now whose likes changed, if not their number.

    A like taken back is written down too, also where there was none: an older delivery may still be on its way.
    """
    counted = store.lock_counts(tx, (row[1] for row in rows))
    here = store.likes_here(tx, rows)
    newer = [row for row in rows if row[1] in counted and row[3] > here[row[0], row[1]][1]]
    refused = [row for row in rows if row[2] and row[1] not in counted]
    refused += [row for row in newer if row[2] and not here[row[0], row[1]][2]]
    kept = [row for row in newer if not row[2] or here[row[0], row[1]][2]]
    if kept:
        store.save_likes(tx, kept)
    moves = Counter[int]()
    for actor_id, photo_id, on, _, _ in kept:
        moves[photo_id] += int(on) - int(here[actor_id, photo_id][0])
    changed: dict[int, Counts] = {}
    for photo_id, move in sorted(moves.items()):
        if move:
            store.move_likes(tx, photo_id, move)
        likes, comments = counted[photo_id]
        changed[photo_id] = Counts(likes + move, comments)
    return refused, changed


def refuse(tx: store.Shard, row: Like) -> bool:
    """On the actor's shard: switch the like off where its version is still the one refused; whether it was."""
    return store.refuse_like(tx, row[0], row[1], row[3])


def standing(shard: store.Shard, photo_id: int, *, after: int = 0, count: int) -> list[Like]:
    """Likes that stand beside a photo, by ascending actor, beginning after `after`."""
    return [(row[0], row[1], row[2], row[3], row[4]) for row in store.standing(shard, photo_id, after, count)]


def of_person(shard: store.Shard, actor_id: int, *, after: int = 0, count: int) -> list[int]:
    """Photos that somebody likes, by ascending id, beginning after `after`."""
    return store.likes_of(shard, actor_id, after, count)


def liked_by(reader: store.Shards, viewer_id: int | None, photo_ids: Iterable[int]) -> set[int]:
    """Which of these photos the viewer likes, by their own truth; one round trip."""
    wanted = list(photo_ids)
    if viewer_id is None or not wanted:
        return set()
    return set(store.liked_by(reader.at(viewer_id), viewer_id, wanted))


def newest(reader: store.Shards, photo_ids: Iterable[int], per_photo: int = 3) -> dict[int, list[int]]:
    """The newest people who like each photo, newest first; photos without likes are left out."""
    found: dict[int, list[tuple[datetime, int]]] = {}
    for photo_id, actor_id, at in store.likers(reader, set(photo_ids), per_photo):
        found.setdefault(photo_id, []).append((at, actor_id))
    return {id: [actor for _, actor in sorted(likers, reverse=True)] for id, likers in found.items()}
