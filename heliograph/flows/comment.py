"""Comment on a photo, delete a comment and undo that: written beside the photo, mirrored at the author's."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from typing import Any

from heliograph.accounts.errors import Suspended
from heliograph.core import environment, limits, metrics, undo
from heliograph.engagement import comments, words
from heliograph.flows import forget_photo as _its_task_is_enqueued_here  # noqa: F401
from heliograph.flows import homes, mention, mentions
from heliograph.pages import cards, photo
from heliograph.sharding import idempotency, outbox, sessions
from heliograph.sharding.sessions import Tx

_HOUR = 3600  # seconds


@metrics.time("flow_seconds", flow="comment")
def add(actor_id: int, photo_id: int, text: str, *, idempotency_key: str | None = None) -> int:
    """Write a comment; its id. NotFound when the photo is not for the author, Invalid for what it may not say."""
    parsed = words.parse(text)
    limits.spend("write", actor_id, allowed=environment.get().writes_per_hour, seconds=_HOUR)
    _look_at_author(actor_id)
    entities = parsed.stored(mentions.people(parsed.mentions))

    def make(tx: Tx) -> dict[str, Any]:
        comment_id = comments.add(tx, actor_id, photo_id, parsed.text, entities)
        tx.noted("commented", comment_id, actor_id)
        mention.in_comment(tx, comment_id, entities)
        tx.after_commit(lambda: cards.changed(counts=[photo_id]))
        return {"id": comment_id}

    def body(tx: Tx) -> int:
        # The row of the key lives where the comment does: its person is any id of this shard, and the route,
        # which is the photo's own, says whose key it is.
        answer, _ = idempotency.run(
            tx, photo_id, f"comment by {actor_id}", idempotency_key, _hash(text), lambda: make(tx)
        )
        return int(answer["id"])

    comment_id = sessions.write(photo_id, body, repeatable=bool(idempotency_key))
    metrics.count("comments_total")
    return comment_id


@metrics.time("flow_seconds", flow="delete_comment")
def remove(actor_id: int, photo_id: int, comment_id: int) -> str:
    """Delete one's own comment, or one on one's own photo; what `restore` takes, "" when it was deleted already.

    May be repeated. NotYours when it is there for the actor, NotFound when it is not.
    """

    def body(tx: Tx) -> comments.Removed | None:
        gone = comments.remove(tx, actor_id, photo_id, comment_id)
        if gone is not None:
            _tell(tx, photo_id, gone)
        return gone

    try:
        gone = sessions.write(photo_id, body, repeatable=True)
    except comments.NotYours:
        # "Not yours" says that it is there. Whoever may not know of its author, whose shard says so, is not told.
        photo.comment(actor_id, photo_id, comment_id)
        raise
    return undo.seal("comment", actor_id, photo=photo_id, gone=asdict(gone)) if gone else ""


@metrics.time("flow_seconds", flow="restore_comment")
def restore(actor_id: int, photo_id: int, comment_id: int, sealed: str) -> None:
    """Undo a deletion by what it gave back: the same comment, at its old place. May be repeated. Raises TooLate."""
    facts = undo.unseal("comment", actor_id, sealed)
    gone = comments.Removed(**facts["gone"])
    if (facts["photo"], gone.id) != (photo_id, comment_id):
        raise undo.TooLate(cause="sealed for another comment")
    if comments.state_of(sessions.reader(), gone.author_id) != "active":
        raise undo.TooLate(cause=f"{gone.author_id} is not active")

    def body(tx: Tx) -> None:
        if comments.restore(tx, actor_id, photo_id, gone):
            _tell(tx, photo_id, gone)

    sessions.write(photo_id, body, repeatable=True)


def _tell(tx: Tx, photo_id: int, changed: comments.Removed) -> None:
    """Whoever mirrors or remembers the comment hears that it is gone, or back."""
    tx.noted("commented", changed.id, changed.author_id)
    mention.in_comment(tx, changed.id, changed.entities)
    # Not left to the mirror alone, which has to wait when the author's node is away.
    tx.enqueue("forget_photo.v1", photo_id=photo_id)
    tx.after_commit(lambda: cards.changed(counts=[photo_id]))


def _look_at_author(actor_id: int) -> None:
    """One look at the other side: the author's own home."""
    state = comments.state_of(sessions.reader(), actor_id)
    if state is None:
        homes.ensure([actor_id])
    elif state != "active":
        raise Suspended()


def _forget(rows: list[outbox.Row]) -> None:
    photo_ids = {row[2] for row in rows}
    cards.changed(photos=photo_ids, counts=photo_ids)


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


COMMENTED = outbox.register(
    outbox.Mirror(
        "commented",
        source_of=lambda comment_id, author_id: comment_id,
        target_of=lambda comment_id, author_id: author_id,
        read=comments.read,
        apply=comments.arrive,
        forget=_forget,
        write=homes.write_person,
    )
)
