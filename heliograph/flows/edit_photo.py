"""Changing what is said about a photo: its words, and where it was taken."""

from __future__ import annotations

from typing import Literal

from heliograph.flows import forget_photo as _its_task_is_enqueued_here  # noqa: F401
from heliograph.flows import homes, mention, mentions
from heliograph.media import captions, photos
from heliograph.media.places.spots import Spot
from heliograph.sharding.sessions import Tx


def edit(
    owner_id: int,
    photo_id: int,
    *,
    caption: str | None = None,
    alt_text: str | None = None,
    place: Spot | Literal["same"] | None = "same",
) -> None:
    """Change caption, description, place; what is not given stays. Raises PhotoNotFound, BadText.

    A `place` of None takes it away.
    """
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
        if place != "same":
            photos.move(tx, owner_id, photo_id, place)
        tx.enqueue("forget_photo.v1", photo_id=photo_id)
        if before is not None and before.published:
            mention.in_caption(tx, photo_id, before.entities, entities or ())

    homes.write(photo_id, body, repeatable=True)
