"""Block and unblock. A block ends both follows between two people and looks, from then on, like absence."""

from __future__ import annotations

from heliograph.core import metrics
from heliograph.flows import follow, homes
from heliograph.graph import blocks
from heliograph.sharding import outbox, sessions
from heliograph.sharding.sessions import Tx


@metrics.time("flow_seconds", flow="block")
def block(actor_id: int, target_id: int) -> None:
    """Block somebody: their permit and one's own wish are void in the same transaction. May be repeated."""
    follow.somebody_else(actor_id, target_id)
    if not blocks.of(sessions.reader(), actor_id, [target_id]):
        follow.look(actor_id, target_id)

    def body(tx: Tx) -> None:
        is_new, changes = blocks.block(tx, actor_id, target_id)
        if is_new:
            tx.project("block", actor_id, target_id)
        follow.spread(tx, changes)
        follow.tell_feeds(tx, (change for change in changes if change.wish_moved))

    homes.write(actor_id, body, repeatable=True)


@metrics.time("flow_seconds", flow="unblock")
def unblock(actor_id: int, target_id: int) -> None:
    """Take a block back; follows that it ended do not come back by themselves."""
    follow.somebody_else(actor_id, target_id)

    def body(tx: Tx) -> None:
        if blocks.unblock(tx, actor_id, target_id):
            tx.project("block", actor_id, target_id)

    homes.write(actor_id, body, repeatable=True)


BLOCK = outbox.register(
    outbox.Mirror(
        "block",
        source_of=lambda actor_id, target_id: actor_id,
        target_of=lambda actor_id, target_id: target_id,
        read=blocks.read,
        apply=blocks.arrive,
        write=homes.write,
    )
)
