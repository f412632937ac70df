"""What there is between two people, as one of them may know it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from heliograph.graph import store
from heliograph.graph.pairs import Pair

Outgoing: TypeAlias = Literal["none", "follows", "requested"]
Incoming: TypeAlias = Literal["none", "followed_by", "requested_by", "blocked_by_you"]


@dataclass(frozen=True)
class Relation:
    """`outgoing`: what the viewer is to the other. `incoming`: what the other is to the viewer."""

    outgoing: Outgoing
    incoming: Incoming
    private: bool


def between(reader: store.Shards, viewer_id: int, other_id: int) -> Relation | None:
    """Both directions, from both truths: two round trips. None when the other is not there for the viewer.

    A wish that is still on its way to its owner counts as requested: whoever has just asked is shown that they did.
    """
    there = store.other_side(reader.at(other_id), viewer_id, other_id)
    if there is None:
        return _blocked_back(reader, viewer_id, other_id)
    private, state, answers = there
    if other_id == viewer_id:
        return Relation("none", "none", private)
    on, version, their_on, their_version, my_state, my_answers, blocking = store.own_side(
        reader.at(viewer_id), viewer_id, other_id
    )
    mine = Pair(bool(on), version or 0, state or "pending", answers or 0)
    theirs = Pair(bool(their_on), their_version or 0, my_state or "pending", my_answers or 0)
    return Relation(_outgoing(mine), "blocked_by_you" if blocking else _incoming(theirs), private)


def outgoing(reader: store.Shards, viewer_id: int, other_ids: Iterable[int]) -> dict[int, Outgoing]:
    """What the viewer is to each of these, by their own row: one round trip."""
    keys = [(viewer_id, other_id) for other_id in other_ids]
    pairs = store.load(reader.at(viewer_id), store.FOLLOWING, keys) if keys else {}
    return {other_id: _outgoing(pair) for (_, other_id), pair in pairs.items()}


def _blocked_back(reader: store.Shards, viewer_id: int, other_id: int) -> Relation | None:
    """Whom one blocks is there, also when they block the viewer: else the block would tell that they do."""
    if not store.blocking(reader.at(viewer_id), [(viewer_id, other_id)]):
        return None
    private = store.private(reader.at(other_id), other_id)
    return None if private is None else Relation("none", "blocked_by_you", private)


def _outgoing(pair: Pair) -> Outgoing:
    if pair.in_force:
        return "follows"
    return "requested" if pair.requested or pair.unanswered else "none"


def _incoming(pair: Pair) -> Incoming:
    if pair.in_force:
        return "followed_by"
    return "requested_by" if pair.requested else "none"
