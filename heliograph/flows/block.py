"""Block and unblock. A block ends both follows between two people and looks, from then on, like absence."""

from __future__ import annotations

from heliograph.accounts import home
from heliograph.core import metrics
from heliograph.core.errors import NotFound
from heliograph.flows import follow, homes
from heliograph.graph import blocks
from heliograph.sharding import outbox, sessions
from heliograph.sharding.sessions import Tx


@metrics.time("flow_seconds", flow="block")
def block(actor_id: int, target_id: int) -> None:
    """Block somebody: their permit and one's own wish are void in the same transaction. May be repeated.

    Anybody who is active can be blocked, also who has blocked the actor: a refusal would tell them so.
    """
    follow.somebody_else(actor_id, target_id)
    if not blocks.of(sessions.reader(), actor_id, [target_id]):
        _look(target_id)

    def body(tx: Tx) -> None:
        is_new, changes = blocks.block(tx, actor_id, target_id)
        if is_new:
            tx.project("block", actor_id, target_id)
        follow.spread(tx, changes)
        follow.tell_feeds(tx, (change for change in changes if change.wish_moved))

    homes.write_person(actor_id, body, repeatable=True)


def _look(target_id: int) -> None:
    """One look at the other side: NotFound unless they exist and are active."""
    there = home.load(sessions.reader(), [target_id]).get(target_id)
    if there is None:  # nobody, or a newcomer whose home is not made yet
        homes.ensure([target_id])
    elif not there.active:
        raise NotFound(cause=f"{target_id} is {there.state}")


@metrics.time("flow_seconds", flow="unblock")
def unblock(actor_id: int, target_id: int) -> None:
    """Take a block back; follows that it ended do not come back by themselves."""
    follow.somebody_else(actor_id, target_id)

    def body(tx: Tx) -> None:
        if blocks.unblock(tx, actor_id, target_id):
            tx.project("block", actor_id, target_id)

    homes.write_person(actor_id, body, repeatable=True)


BLOCK = outbox.register(
    outbox.Mirror(
        "block",
        source_of=lambda actor_id, target_id: actor_id,
        target_of=lambda actor_id, target_id: target_id,
        read=blocks.read,
        apply=blocks.arrive,
        write=homes.write_person,
    )
)
