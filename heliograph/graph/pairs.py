"""One follow, as one side has it, and everything that can happen to it.

    follower's home shard:  following(actor, owner, wish_on, wish_version | state, answers, permit_version)
    owner's home shard:     follower (owner, actor, wish_on, wish_version | state, answers, permit_version)

The wish half is truth with the follower, the permit half with the owner; the other half of each row is a
mirror of the other side. Versions come from a sequence of the shard that owns the half. A permit counts only
for the wish that it answers: so approve, cancel, re-request, remove and block cannot cross on their way.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final, Literal, TypeAlias

State: TypeAlias = Literal["pending", "granted", "denied"]

_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Pair:
    """Both halves of one follow. `answers` is the version of the wish that `state` is the answer to."""

    wish_on: bool = False
    wish_version: int = 0
    state: State = "pending"
    answers: int = 0
    permit_version: int = 0
    since: datetime = _NEVER
    by_hand: bool = False  # of the permit half: the owner has said yes to a request

    @property
    def in_force(self) -> bool:
        return self.status == "granted"

    @property
    def requested(self) -> bool:
        return self.status == "pending"

    @property
    def unanswered(self) -> bool:
        """A wish that the owner has not decided on: on its way, or just arrived."""
        return self.wish_on and self.answers != self.wish_version

    @property
    def status(self) -> State:
        """What the two halves come to; "denied" for everything that is neither in force nor requested."""
        return self.state if self.wish_on and not self.unanswered else "denied"


def wished(pair: Pair, on: bool, version: int, now: datetime) -> Pair:
    """The pair with a newer wish, made here or arrived from the follower; an older one changes nothing."""
    if version <= pair.wish_version:
        return pair
    return _dated(pair, replace(pair, wish_on=on, wish_version=version), now)


def answered(pair: Pair, state: State, version: int, now: datetime, *, by_hand: bool = False) -> Pair:
    """The pair when the owner answers the wish they know, under a new version of the permit."""
    after = replace(pair, state=state, answers=pair.wish_version, permit_version=version, by_hand=by_hand)
    return _dated(pair, after, now)


def permitted(
    pair: Pair, state: State, answers: int, version: int, now: datetime, *, by_hand: bool = False
) -> Pair:
    """The pair with a newer permit, arrived from the owner; an older one changes nothing."""
    if version <= pair.permit_version:
        return pair
    after = replace(pair, state=state, answers=answers, permit_version=version, by_hand=by_hand)
    return _dated(pair, after, now)


def verdict(*, blocked: bool, active: bool, private: bool) -> State:
    """The owner's answer to a wish nobody has answered yet."""
    if blocked or not active:
        return "denied"
    return "pending" if private else "granted"


def _dated(before: Pair, after: Pair, now: datetime) -> Pair:
    # Lists are ordered by when somebody began to follow, or asked to: not by when a row was last touched.
    return after if after.status == before.status else replace(after, since=now)
