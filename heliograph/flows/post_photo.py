"""Posting a photo: the row at once, the pictures soon, then everybody who follows.

The request writes one row in state processing and one job, in one transaction. The job makes the pictures
in the cage, stores them, and turns the row to published: of two runners one wins, and the winner's
transaction counts the photo and enqueues its fan-out. So a photo is in feeds only when its files are there.
A photo that cannot be made becomes `failed` with a code that its owner reads, and may be tried again.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

import orjson

from heliograph.accounts import home
from heliograph.core import clock, environment, limits, metrics
from heliograph.core.errors import Invalid, Unavailable
from heliograph.flows import homes, mention, mentions
from heliograph.flows.upload_photo import Suspended
from heliograph.media import (
    cage_client,
    captions,
    checks,
    filters,
    frames,
    photos,
    recipes,
    storage,
    upload_rows,
    uploads,
)
from heliograph.media.errors import Unprocessable, UploadGone
from heliograph.media.frames import WHOLE, Frame
from heliograph.media.photos import NewPhoto, Photo
from heliograph.media.places.spots import Spot
from heliograph.media.recipes import Recipe, Rendered
from heliograph.sharding import idempotency, sessions
from heliograph.sharding.queue import task
from heliograph.sharding.sessions import Tx

#: A photo that still waits for the cage or the disk after so long has failed; its owner may try again.
GIVE_UP = timedelta(minutes=5)


def post(
    owner_id: int,
    *,
    upload_id: int,
    caption: str = "",
    alt_text: str = "",
    filter_name: str = "",
    strength: int = 100,
    frame: Frame = WHOLE,
    place: Spot | None = None,
    taken_at: datetime | None = None,
    idempotency_key: str | None = None,
) -> int:
    """Post an upload; the id of the photo, which is `processing`. Raises UploadGone, UploadUsed, BadText,
    UnknownFilter, BadStrength, BadCrop, Limited."""
    limits.spend("posts", owner_id, allowed=environment.get().posts_per_hour, seconds=3600)
    text = captions.parse(caption)
    description = captions.alt_text(alt_text)
    filters.check(filter_name, strength)
    recipe = Recipe(filter=filter_name, strength=strength, frame=frame)
    entities = text.stored(mentions.people(text.mentions))
    asked = [upload_id, text.text, description, filter_name, taken_at, recipes.kept(recipe), place]
    asked_hash = hashlib.sha256(orjson.dumps(asked)).digest()

    def body(tx: Tx) -> int:
        def make() -> dict[str, Any]:
            upload = upload_rows.take(tx, owner_id, upload_id)
            frames.check(frame, upload.width, upload.height)
            width, height = recipes.largest(upload.width, upload.height, frame)
            photo_id = photos.add(
                tx,
                NewPhoto(
                    owner_id=owner_id,
                    caption=text.text,
                    entities=entities,
                    alt_text=description,
                    filter=filter_name,
                    recipe=recipes.kept(recipe),
                    width=width,
                    height=height,
                    placeholder=upload.placeholder,
                    upload_id=upload_id,
                    taken_at=taken_at,
                    place=place,
                ),
            )
            upload_rows.use(tx, upload_id, photo_id)
            tx.enqueue("publish_photo.v1", photo_id=photo_id)
            return {"photo_id": photo_id}

        if not home.lock(tx, [owner_id])[owner_id].active:
            raise Suspended()
        answer, _ = idempotency.run(tx, owner_id, "post_photo", idempotency_key, asked_hash, make)
        return int(answer["photo_id"])

    with metrics.time("flow_seconds", flow="post_photo"):
        return homes.write(owner_id, body, repeatable=idempotency_key is not None)


def retry(owner_id: int, photo_id: int) -> None:
    """Try a failed photo again. Nothing happens when it is not failed. Raises PhotoNotFound, UploadGone."""

    def body(tx: Tx) -> None:
        if photos.lock_own(tx, owner_id, photo_id).state != "failed":
            return
        if upload_rows.of_photo(tx, photo_id) is None:
            raise UploadGone()
        if photos.try_again(tx, photo_id):
            tx.enqueue("publish_photo.v1", photo_id=photo_id, since_ms=clock.now_ms())

    homes.write(photo_id, body, repeatable=True)


@task("publish_photo.v1", lane="photo")
def publish(photo_id: int, since_ms: int | None = None) -> None:
    """Make a photo's pictures and publish it. Raises Unavailable when another try may help.

    `since_ms`: from when on our patience counts; None: since it was posted.
    """
    photo = photos.load(sessions.reader(), [photo_id]).get(photo_id)
    if photo is None:
        return
    if photo.state == "deleted":
        remove_files(photo.token)  # an earlier attempt may have been killed between its files and its row
    if photo.state != "processing":
        return
    try:
        rendered = _rendered(photo)
        _stored(photo, rendered)
    except (Invalid, UploadGone) as refused:
        _failed(photo_id, refused.code)
        return
    except (Unavailable, OSError) as away:
        began_ms = since_ms or photo.created_at.timestamp() * 1000
        if clock.now_ms() - began_ms < GIVE_UP.total_seconds() * 1000:
            # A full disk, too: Unavailable is tried again until it is given up here, other errors only a few times.
            raise away if isinstance(away, Unavailable) else Unavailable(cause=away) from away
        _failed(photo_id, Unprocessable.code)
        return
    _published(photo, rendered)


def _rendered(photo: Photo) -> Rendered:
    upload = upload_rows.of_photo(sessions.reader().at(photo.id), photo.id)
    if upload is None:
        raise UploadGone()
    checks.require(upload.kind)  # nothing of a kind is decoded any more once it was switched off
    try:
        with uploads.path_of(upload.file).open("rb") as file:
            return cage_client.render(
                file.fileno(), recipes.unpacked(photo.recipe | {"filter": photo.filter})
            )
    except FileNotFoundError as error:
        raise UploadGone(cause=error) from None


def _stored(photo: Photo, rendered: Rendered) -> None:
    """Keep all pictures; two runners write the same bytes under the same names."""
    keep = storage.get()
    if rendered.master is not None:
        keep.put(storage.master(photo.token), rendered.master.data)
    for size, picture in rendered.renditions.items():
        keep.put(storage.rendition(photo.token, size), picture.data)


def _published(photo: Photo, rendered: Rendered) -> None:
    largest = rendered.largest

    def body(tx: Tx) -> tuple[bool, str | None]:
        home.lock_counters(tx, [photo.owner_id])
        size = {"width": largest.width, "height": largest.height}
        if not photos.publish(tx, photo.id, **size, placeholder=rendered.placeholder):
            return False, None
        home.move_counters(tx, photo.owner_id, photos=1)
        # The caption as it is now: it may have been changed while the pictures were made.
        mention.in_caption(tx, photo.id, photos.lock(tx, photo.id).entities)
        tx.enqueue("fan_out.v1", photo_id=photo.id, owner_id=photo.owner_id)
        return True, upload_rows.remove_of_photo(tx, photo.id)

    won, file = sessions.write(photo.id, body, repeatable=True)
    if won:
        metrics.count("photos_total")
        metrics.observe("publish_seconds", (clock.now() - photo.created_at).total_seconds())
    if file is not None:
        uploads.forget(file)
    if not won:
        _cleared_if_deleted(photo)


def _cleared_if_deleted(photo: Photo) -> None:
    """Deleted while it was being made: its files came after the job that removes them."""
    now = photos.load(sessions.reader(), [photo.id]).get(photo.id)
    if now is None or now.state == "deleted":
        remove_files(photo.token)


def _failed(photo_id: int, code: str) -> None:
    if sessions.write(photo_id, lambda tx: photos.fail(tx, photo_id, code), repeatable=True):
        metrics.count("photos_failed_total", code=code)


def remove_files(token: str) -> None:
    """Forget all pictures of a photo."""
    keep = storage.get()
    for size in recipes.SIZES:
        keep.delete(storage.rendition(token, size))
    keep.delete(storage.master(token))
