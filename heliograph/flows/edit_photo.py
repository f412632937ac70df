"""Changing what is said about a photo."""

from __future__ import annotations

from heliograph.flows import forget_photo as _its_task_is_enqueued_here  # noqa: F401
from heliograph.flows import homes, mention, mentions
from heliograph.media import captions, photos
from heliograph.sharding.sessions import Tx


def edit(owner_id: int, photo_id: int, *, caption: str | None = None, alt_text: str | None = None) -> None:
    """Change caption, description or both; None leaves it. Raises PhotoNotFound, BadText."""
    text = None if caption is None else captions.parse(caption)
    description = None if alt_text is None else captions.alt_text(alt_text)
    entities = None if text is None else text.stored(mentions.people(text.mentions))

    def body(tx: Tx) -> None:
        before = photos.lock_own(tx, owner_id, photo_id) if entities is not None else None
        photos.edit(
            tx,
            owner_id,
            photo_id,
            caption=None if text is None else text.text,
            entities=entities,
            alt_text=description,
        )
        tx.enqueue("forget_photo.v1", photo_id=photo_id)
        if before is not None and before.published:
            mention.in_caption(tx, photo_id, before.entities, entities or ())

    homes.write(photo_id, body, repeatable=True)
