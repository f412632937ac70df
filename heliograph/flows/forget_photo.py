"""What is kept of a photo in memory is dropped once more, by a job of the transaction that changed what people read.

The commit drops it at once; but a process may die between the two, or Valkey not answer, and then others would read
the old words until they expire (pages/memory.py: ten minutes). So whatever takes words away or changes them enqueues
this: a caption edited, a comment deleted, a photo taken down. Likes and new comments need no job: the outbox row that
mirrors each does the same at no cost (sharding/outbox.py, `forget`).
"""

from __future__ import annotations

from heliograph.pages import cards
from heliograph.sharding.queue import task


@task("forget_photo.v1", lane="feed", away_pause=4)
def forget(photo_id: int) -> None:
    """Cards ask the node for this photo. May be repeated."""
    cards.changed(photos=[photo_id], counts=[photo_id])
