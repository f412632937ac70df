"""Who may see whom, asked where the truth is.

Each question is one round trip a node for the owners' side (person, block, permit) and one for the viewer's own
side (whom they block). The permit on the owner's side is the truth: who was removed a moment ago no longer sees.
Somebody who is blocked, in either direction, is told nothing that a stranger's typing error would not be told.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from heliograph.graph import blocks, store


@dataclass(frozen=True)
class Standing:
    """What an owner's shard says of a viewer: exists, active and blocks them not."""

    private: bool
    permitted: bool  # in force by the owner's row


def known(reader: store.Shards, viewer_id: int | None, owner_ids: Iterable[int]) -> set[int]:
    """Those who exist, are active, and are not blocked in either direction."""
    return set(standings(reader, viewer_id, owner_ids))


def may(reader: store.Shards, viewer_id: int | None, owner_ids: Iterable[int]) -> set[int]:
    """Those whose photos the viewer may see: known, and public, permitted, or the viewer themself."""
    return {
        owner_id
        for owner_id, standing in standings(reader, viewer_id, owner_ids).items()
        if not standing.private or standing.permitted or owner_id == viewer_id
    }


def standings(reader: store.Shards, viewer_id: int | None, owner_ids: Iterable[int]) -> dict[int, Standing]:
    """The same with the facts, by owner. A viewer of None is somebody not signed in."""
    found = {
        row[0]: Standing(private=row[1], permitted=row[2])
        for row in store.standings(reader, viewer_id, set(owner_ids))
    }
    others = found.keys() - {viewer_id}
    if viewer_id is not None and others:
        for target_id in blocks.of(reader, viewer_id, others):
            del found[target_id]
    return found


def seen_from_there(reader: store.Shards, viewer_id: int, owner_id: int) -> bool | None:
    """Whether the owner's side lets the viewer know of them; None when it has no row of the owner. One round trip."""
    return store.seen_from_there(reader.at(owner_id), viewer_id, owner_id)
