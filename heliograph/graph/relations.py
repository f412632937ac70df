"""What there is between two people, as one of them may know it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from heliograph.graph import store
from heliograph.graph.pairs import Pair, State

Outgoing: TypeAlias = Literal["none", "follows", "requested"]
Incoming: TypeAlias = Literal["none", "followed_by", "requested_by", "blocked_by_you"]


class OwnSide(NamedTuple):
    """The viewer's own rows: their wish, and the other's with the viewer's answer to it. None: there is no such row."""

    wish_on: bool | None
    wish_version: int | None
    their_wish_on: bool | None
    their_wish_version: int | None
    answer: State | None
    answers: int | None
    blocking: bool


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
    return of(private, state, answers, OwnSide(*store.own_side(reader.at(viewer_id), viewer_id, other_id)))


def of(private: bool, state: State | None, answers: int | None, mine: OwnSide) -> Relation:
    """Both directions: of the other's row whether they are private, and their answer to which version of the wish."""
    to = Pair(bool(mine.wish_on), mine.wish_version or 0, state or "pending", answers or 0)
    back = Pair(
        bool(mine.their_wish_on), mine.their_wish_version or 0, mine.answer or "pending", mine.answers or 0
    )
    return Relation(_outgoing(to), "blocked_by_you" if mine.blocking else _incoming(back), private)


def outgoing(reader: store.Shards, viewer_id: int, other_ids: Iterable[int]) -> dict[int, Outgoing]:
    """What the viewer is to each of these, by their own row: one round trip."""
    others = list(other_ids)
    pairs = store.outgoing(reader.at(viewer_id), viewer_id, others) if others else {}
    return {other_id: _outgoing(pairs[other_id]) if other_id in pairs else "none" for other_id in others}


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
