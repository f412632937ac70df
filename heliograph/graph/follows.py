"""Deeds on follows, inside a transaction that somebody else opened.

Every deed takes the lock on the counted row first (`counters` of the person whose shard this is), then, when it
decides about a wish, the lock on `person`, then reads the pairs, applies a rule of `pairs`, and moves the counters
by the change of *in force* that it has seen. Each gives back what changed: the flow projects and enqueues.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from heliograph.accounts import home
from heliograph.accounts.errors import Suspended
from heliograph.core import clock, undo
from heliograph.core.errors import Invalid, NotAllowed, NotFound
from heliograph.graph import pairs, store
from heliograph.graph.pairs import Pair
from heliograph.graph.store import FOLLOWER, FOLLOWING, Key, Side

GRANT_CHUNK = 500  # requests granted in one transaction when somebody goes public


class Yourself(Invalid):
    """You cannot do that to yourself."""

    code = "yourself"


class NoRequest(NotFound):
    """This person has not asked to follow you, or has changed their mind."""

    code = "no_request"


class YouBlockThem(NotAllowed):
    """You blocked this person. Unblock them first."""

    code = "you_block_them"


@dataclass(frozen=True)
class Change:
    """A pair before and after a deed. `mine` is the person whose shard it is, `theirs` the other one."""

    mine: int
    theirs: int
    before: Pair
    after: Pair

    @property
    def key(self) -> Key:
        return (self.mine, self.theirs)

    @property
    def flip(self) -> int:
        """How the number of follows in force moved: +1, 0, -1."""
        return int(self.after.in_force) - int(self.before.in_force)

    @property
    def wish_moved(self) -> bool:
        return self.after.wish_version != self.before.wish_version

    @property
    def permit_moved(self) -> bool:
        return self.after.permit_version != self.before.permit_version


def ask(tx: store.Shard, actor_id: int, owner_id: int) -> bool:
    """Wish to follow somebody; whether that is a new wish. The statement notes it in the outbox itself.

    Asking again after a refusal is a new wish; asking again while one waits or holds is nothing.
    """
    state = store.lock_actor(tx, actor_id)
    if state is None:
        raise home.HomeMissing([actor_id])
    if state != "active":
        raise Suspended()
    blocking, is_new = store.wish(tx, actor_id, owner_id, clock.now())
    if blocking:
        raise YouBlockThem()
    return is_new


def withdraw(tx: store.Shard, actor_id: int, owner_id: int) -> Change | None:
    """Stop wishing: unfollow, or cancel a request. None when there was no wish."""
    home.lock_counters(tx, [actor_id])
    return _withdraw(tx, actor_id, owner_id)


def approve(tx: store.Shard, owner_id: int, actor_id: int) -> Change | None:
    """Grant the request that is pending; None when it is granted already. Raises NoRequest."""
    home.lock_counters(tx, [owner_id])
    pair = _one(tx, FOLLOWER, owner_id, actor_id)
    if pair.in_force:
        return None
    if not pair.requested:
        raise NoRequest()
    return _answer(tx, {(owner_id, actor_id): pair}, "granted", by_hand=True)[0]


def refuse(tx: store.Shard, owner_id: int, actor_id: int) -> Change | None:
    """Deny the wish that is known here, pending or granted. None when there is none."""
    home.lock_counters(tx, [owner_id])
    return _refuse(tx, owner_id, actor_id)


def put_back(
    tx: store.Shard, owner_id: int, actor_id: int, *, version: int, by_hand: bool, since: datetime
) -> Change | None:
    """Undo this very removal (`version`: of the permit that it made); None when it is undone already.

    TooLate when something else has happened between the two: a block, a wish taken back or made anew.
    """
    home.lock_counters(tx, [owner_id])
    pair = _one(tx, FOLLOWER, owner_id, actor_id)
    if pair.in_force:
        return None
    stands = pair.wish_on and not pair.unanswered and pair.permit_version == version
    if (
        not stands
        or not home.lock(tx, [owner_id])[owner_id].active
        or store.blocked_since(tx, owner_id, actor_id, version)
    ):
        raise undo.TooLate(cause=f"{actor_id} follows {owner_id}: {pair}")
    [newer] = store.versions(tx, 1)
    granted = pairs.answered(pair, "granted", newer, clock.now(), by_hand=by_hand)
    # As if nothing had been: at the same place of the list, and no news.
    after = replace(granted, since=since)
    return _keep(tx, FOLLOWER, {(owner_id, actor_id): pair}, {(owner_id, actor_id): after})[0]


def part(tx: store.Shard, actor_id: int, target_id: int) -> list[Change]:
    """What a block does to the two follows between the two, on the blocker's side: [permit change, wish change].

    The lock on the counted row is the caller's.
    """
    changes = [_refuse(tx, actor_id, target_id), _withdraw(tx, actor_id, target_id)]
    return [change for change in changes if change is not None]


def grant_pending(tx: store.Shard, owner_id: int) -> list[Change]:
    """Grant one chunk of what is pending, if the owner is still public; empty when there is nothing to do."""
    home.lock_counters(tx, [owner_id])
    owner = home.lock(tx, [owner_id])[owner_id]
    if owner.private or not owner.active:
        return []
    waiting = [(owner_id, actor_id) for actor_id in store.pending(tx, owner_id, GRANT_CHUNK)]
    return _answer(tx, store.load(tx, FOLLOWER, waiting), "granted", by_hand=True)


def wishes_arrive(tx: store.Shard, wishes: Sequence[tuple[int, int, bool, int]]) -> list[Change]:
    """Wishes (actor, owner, on, version) reach the owners' shard and are answered if nobody has answered them.

    Decided under the lock on the owner's person row, so that a switch to private cannot be raced.
    """
    owners = {owner for _, owner, _, _ in wishes}
    home.lock_counters(tx, owners)
    homes = home.lock(tx, sorted(owners))
    keys = [(owner, actor) for actor, owner, _, _ in wishes]
    blocking = store.blocking(tx, keys)
    before = store.load(tx, FOLLOWER, keys)
    now = clock.now()
    arrived = {
        (owner, actor): pairs.wished(before[owner, actor], on, version, now)
        for actor, owner, on, version in wishes
    }
    open_keys = [key for key, pair in arrived.items() if pair.unanswered]
    for key, version in zip(open_keys, store.versions(tx, len(open_keys)), strict=True):
        owner = homes[key[0]]
        state = pairs.verdict(blocked=key in blocking, active=owner.active, private=owner.private)
        arrived[key] = pairs.answered(arrived[key], state, version, now)
    return _keep(tx, FOLLOWER, before, arrived)


def permits_arrive(
    tx: store.Shard, permits: Sequence[tuple[int, int, pairs.State, int, int, bool]]
) -> list[Change]:
    """Permits (owner, actor, state, answers, version, by hand) reach the followers' shard."""
    actors = {permit[1] for permit in permits}
    home.require(tx, *actors)
    home.lock_counters(tx, actors)
    before = store.load(tx, FOLLOWING, [(permit[1], permit[0]) for permit in permits])
    now = clock.now()
    arrived = {
        (actor, owner): pairs.permitted(before[actor, owner], state, answers, version, now, by_hand=by_hand)
        for owner, actor, state, answers, version, by_hand in permits
    }
    return _keep(tx, FOLLOWING, before, arrived)


def _withdraw(tx: store.Shard, actor_id: int, owner_id: int) -> Change | None:
    pair = _one(tx, FOLLOWING, actor_id, owner_id)
    if not pair.wish_on:
        return None
    [version] = store.versions(tx, 1)
    after = pairs.wished(pair, False, version, clock.now())
    return _keep(tx, FOLLOWING, {(actor_id, owner_id): pair}, {(actor_id, owner_id): after})[0]


def _refuse(tx: store.Shard, owner_id: int, actor_id: int) -> Change | None:
    pair = _one(tx, FOLLOWER, owner_id, actor_id)
    if pair.status == "denied":
        return None
    return _answer(tx, {(owner_id, actor_id): pair}, "denied")[0]


def _one(tx: store.Shard, side: Side, mine: int, theirs: int) -> Pair:
    return store.load(tx, side, [(mine, theirs)])[mine, theirs]


def _answer(
    tx: store.Shard, before: dict[Key, Pair], state: pairs.State, *, by_hand: bool = False
) -> list[Change]:
    now = clock.now()
    versions = store.versions(tx, len(before))
    after = {
        key: pairs.answered(pair, state, version, now, by_hand=by_hand)
        for (key, pair), version in zip(before.items(), versions, strict=True)
    }
    return _keep(tx, FOLLOWER, before, after)


def _keep(tx: store.Shard, side: Side, before: dict[Key, Pair], after: dict[Key, Pair]) -> list[Change]:
    """Write what changed, and move the counters of `mine` by the flips."""
    changes = [Change(*key, before[key], pair) for key, pair in after.items() if pair != before[key]]
    if changes:
        store.save(tx, side, {change.key: change.after for change in changes})
    counter: Literal["followers", "following"] = "followers" if side is FOLLOWER else "following"
    moves = Counter[int]()
    for change in changes:
        moves[change.mine] += change.flip
    for person_id, move in sorted(moves.items()):
        home.move_counters(tx, person_id, **{counter: move})
    return changes


def flips(changes: Iterable[Change]) -> list[Change]:
    """Those that came into force or ceased to be."""
    return [change for change in changes if change.flip]


def read_wishes(reader: store.Shards, keys: Sequence[Key]) -> store.Rows:
    """The wishes of these (actor, owner): (actor, owner, on, version)."""
    return store.wishes(reader, keys)


def read_permits(reader: store.Shards, keys: Sequence[Key]) -> store.Rows:
    """The permits of these (owner, actor) that were ever given or refused:
    (owner, actor, state, answers, version, by hand)."""
    return store.permits(reader, keys)
