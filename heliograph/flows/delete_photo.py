"""Deleting a photo: a state first, which every read obeys at once, then its files, likes and comments by jobs.

Feeds are not searched for it: cards of deleted photos drop out where they are read. The row stays as a
tombstone for as long as likes, comments and feeds may name it, and is swept last (flows/sweep.py).
"""

from __future__ import annotations

from heliograph.accounts import home
from heliograph.flows import clear_photo as _its_task_is_enqueued_here  # noqa: F401
from heliograph.flows import forget_photo as _so_is_its_task  # noqa: F401
from heliograph.flows import homes, mention
from heliograph.flows.post_photo import remove_files
from heliograph.media import photos, upload_rows, uploads
from heliograph.sharding import sessions
from heliograph.sharding.queue import task
from heliograph.sharding.sessions import Tx


def delete(owner_id: int, photo_id: int) -> None:
    """Delete one's own photo. Raises PhotoNotFound, also the second time."""

    def body(tx: Tx) -> None:
        home.lock_counters(tx, [owner_id])
        photo = photos.lock_own(tx, owner_id, photo_id)
        photos.delete(tx, photo_id)
        if photo.published:
            mention.in_caption(tx, photo_id, photo.entities)
        home.move_counters(tx, owner_id, photos=-1 if photo.published else 0)
        tx.enqueue("forget_photo.v1", photo_id=photo_id)
        tx.enqueue("remove_photo_files.v1", photo_id=photo_id)
        tx.enqueue("clear_photo.v1", photo_id=photo_id)

    homes.write(photo_id, body)


@task("remove_photo_files.v1", lane="slow")
def remove(photo_id: int) -> None:
    """Remove the files of a deleted photo. Does nothing for any other."""
    photo = photos.load(sessions.reader(), [photo_id]).get(photo_id)
    if photo is None or photo.state != "deleted":
        return
    remove_files(photo.token)
    file = sessions.write(photo_id, lambda tx: upload_rows.remove_of_photo(tx, photo_id), repeatable=True)
    if file is not None:
        uploads.forget(file)
