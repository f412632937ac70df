"""Follow, unfollow, request, approve, deny, remove. Each is one transaction on one's own shard; the other side
hears of it by a mirrored row, and the feed by a job.

    follow      wish on  ──wish──▶  answered there  ──permit──▶  in force here: merge the feed
    unfollow    wish off ──wish──▶  counted there                 ceased here: rewrite the feed
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from heliograph.core import environment, limits, metrics, undo
from heliograph.core.errors import NotFound
from heliograph.flows import homes
from heliograph.flows import rebuild_feed as _its_tasks_are_enqueued_here  # noqa: F401
from heliograph.graph import follows, visibility
from heliograph.sharding import outbox, sessions
from heliograph.sharding.ids import shard_of
from heliograph.sharding.queue import task
from heliograph.sharding.sessions import Tx

_HOUR = 3600  # seconds
MERGE, REWRITE = "merge_feed.v1", "rewrite_feed.v1"


@metrics.time("flow_seconds", flow="follow")
def follow(actor_id: int, owner_id: int) -> None:
    """Wish to follow somebody: at once in force when they are public, else a request. May be repeated."""
    somebody_else(actor_id, owner_id)
    limits.spend("write", actor_id, allowed=environment.get().writes_per_hour, seconds=_HOUR)
    look(actor_id, owner_id)

    def body(tx: Tx) -> None:
        if follows.ask(tx, actor_id, owner_id):
            tx.noted("wish", actor_id, owner_id)

    homes.write_person(actor_id, body, repeatable=True)
    metrics.count("follows_total")


@metrics.time("flow_seconds", flow="unfollow")
def unfollow(actor_id: int, owner_id: int) -> None:
    """Take a follow or a request back; nothing happens when there is none."""
    somebody_else(actor_id, owner_id)

    def body(tx: Tx) -> None:
        change = follows.withdraw(tx, actor_id, owner_id)
        if change:
            spread(tx, [change])
            tell_feeds(tx, [change])

    homes.write_person(actor_id, body, repeatable=True)


@metrics.time("flow_seconds", flow="approve")
def approve(owner_id: int, actor_id: int) -> None:
    """Grant somebody's request. NoRequest when they have not asked, or no longer."""
    somebody_else(owner_id, actor_id)

    def body(tx: Tx) -> None:
        change = follows.approve(tx, owner_id, actor_id)
        if change:
            spread(tx, [change])

    homes.write_person(owner_id, body, repeatable=True)


@metrics.time("flow_seconds", flow="deny")
def deny(owner_id: int, actor_id: int) -> None:
    """Refuse somebody's request; they are not told, and may ask again."""
    _refuse(owner_id, actor_id)


def remove(owner_id: int, actor_id: int) -> str:
    """Have somebody follow you no longer: the same answer, to a wish that was granted before.

    What `put_back` takes, "" when they did not follow.
    """
    change = _refuse(owner_id, actor_id)
    if change is None or not change.before.in_force:
        return ""
    before, version = change.before, change.after.permit_version
    return undo.seal(
        "follower", owner_id, actor=actor_id, version=version, by_hand=before.by_hand, since=before.since
    )


@metrics.time("flow_seconds", flow="put_back_follower")
def put_back(owner_id: int, actor_id: int, sealed: str) -> None:
    """Undo a removal by what it gave back. May be repeated. Raises TooLate."""
    facts = undo.unseal("follower", owner_id, sealed)
    if facts["actor"] != actor_id:
        raise undo.TooLate(cause="sealed for another follower")
    since = datetime.fromisoformat(facts["since"])

    def body(tx: Tx) -> None:
        change = follows.put_back(
            tx, owner_id, actor_id, version=facts["version"], by_hand=facts["by_hand"], since=since
        )
        if change:
            spread(tx, [change])

    homes.write_person(owner_id, body, repeatable=True)


def _refuse(owner_id: int, actor_id: int) -> follows.Change | None:
    somebody_else(owner_id, actor_id)

    def body(tx: Tx) -> follows.Change | None:
        change = follows.refuse(tx, owner_id, actor_id)
        if change:
            spread(tx, [change])
        return change

    return homes.write_person(owner_id, body, repeatable=True)


def look(viewer_id: int, person_id: int) -> None:
    """One look at the other side: NotFound unless they exist, are active and do not block the viewer."""
    reader = sessions.reader()
    standing = visibility.seen_from_there(reader, viewer_id, person_id)
    if standing is None:  # nobody, or a newcomer whose home is not made yet
        homes.ensure([person_id])
        standing = visibility.seen_from_there(reader, viewer_id, person_id)
    if not standing:
        raise NotFound(cause=f"{person_id} seen by {viewer_id}")


def spread(tx: Tx, changes: Sequence[follows.Change]) -> None:
    """Have the halves that changed mirrored on the other side: permits of `mine`, and wishes of `mine`."""
    tx.project_all("permit", [c.key for c in changes if c.permit_moved])
    tx.project_all("wish", [c.key for c in changes if c.wish_moved])


def tell_feeds(tx: Tx, changes: Iterable[follows.Change]) -> None:
    """On the follower's shard: a follow that came into force is merged into the feed, one that ceased is taken out."""
    for change in follows.flips(changes):
        job = MERGE if change.flip > 0 else REWRITE
        tx.enqueue(job, reader_id=change.mine, owner_id=change.theirs)


@task("grant_pending.v1", lane="feed")
def grant_pending(owner_id: int) -> None:
    """Somebody went public: everybody who asked follows, chunk by chunk. Stops when they are private again."""

    def body(tx: Tx) -> int:
        changes = follows.grant_pending(tx, owner_id)
        spread(tx, changes)
        return len(changes)

    while homes.write_person(owner_id, body):
        pass


def _wishes_arrive(tx: Tx, rows: list[outbox.Row]) -> None:
    changes = follows.wishes_arrive(tx, rows)
    tx.project_all("permit", [change.key for change in changes if change.permit_moved])


def _permits_arrive(tx: Tx, rows: list[outbox.Row]) -> None:
    tell_feeds(tx, follows.permits_arrive(tx, rows))


def somebody_else(actor_id: int, other_id: int) -> None:
    """Raises Yourself, and NotFound for what nobody can be called."""
    if actor_id == other_id:
        raise follows.Yourself()
    shard_of(other_id)


def _first(a: int, b: int) -> int:
    return a


def _second(a: int, b: int) -> int:
    return b


def _mirror(kind: str, read: Any, apply: Any) -> outbox.Mirror:
    return outbox.register(
        outbox.Mirror(
            kind, source_of=_first, target_of=_second, read=read, apply=apply, write=homes.write_person
        )
    )


WISH = _mirror("wish", follows.read_wishes, _wishes_arrive)
PERMIT = _mirror("permit", follows.read_permits, _permits_arrive)
