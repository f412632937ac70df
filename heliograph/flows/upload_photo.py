"""Uploading a photo, while its caption is still being written.

The request takes the bytes in, looks at their structure, has a JPEG decoded once at 1/8 in the cage (20 to
50 ms, which also finds broken pixels), and answers. What is refused here is the answer; nothing of it stays.
An upload that nobody posts is forgotten after 24 hours.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from heliograph.accounts import home
from heliograph.core import clock, environment, limits
from heliograph.core.errors import NotAllowed, Unavailable
from heliograph.flows import homes
from heliograph.media import cage_client, checks, filters, frames, upload_rows, uploads
from heliograph.media.errors import UploadGone
from heliograph.media.recipes import Picture, Recipe
from heliograph.media.upload_rows import NewUpload, Upload
from heliograph.media.uploads import Received, UploadSource
from heliograph.sharding import idempotency, map, sessions
from heliograph.sharding.ids import ShardNumber
from heliograph.sharding.periodic import periodic
from heliograph.sharding.sessions import Tx

_FOR_EACH_POST = 2  # uploads that one person may send: some are thought better of
PREVIEW_SIDE = 640  # pixels, of what the composer shows large
_ORPHAN_SECONDS = 2 * 24 * 3600  # a file without a row for so long came from a request that died


class Suspended(NotAllowed):
    """This account cannot post right now."""

    code = "suspended"


def accept(owner_id: int, source: UploadSource, *, idempotency_key: str | None = None) -> Upload:
    """Take a photo in. Raises leaves of `media.errors` and Limited, and nothing is left of what is refused."""
    # What is never posted lies about for a day: without an end one person could fill the disk with it.
    allowed = _FOR_EACH_POST * environment.get().posts_per_hour
    limits.spend("uploads", owner_id, allowed=allowed, seconds=3600)
    received = uploads.receive(owner_id, source)
    try:
        new = _looked_at(owner_id, received)
    except BaseException:
        uploads.forget(received.name)
        raise
    upload = _kept(owner_id, received, new, idempotency_key)
    if upload.file != received.name:
        uploads.forget(received.name)
    return upload


def _kept(owner_id: int, received: Received, new: NewUpload, key: str | None) -> Upload:
    try:
        return homes.write(owner_id, lambda tx: _added(tx, new, key), repeatable=True)
    except Unavailable:
        # Perhaps it was committed, and only the answer was lost. Then a row names the file; if none does, the
        # sweep removes it.
        raise
    except BaseException:
        uploads.forget(received.name)
        raise


def previews(owner_id: int, upload_id: int) -> dict[str, Picture]:
    """One's upload in small and square, once with each filter: what the composer shows."""
    upload = upload_rows.load(sessions.reader().at(owner_id), owner_id, upload_id)
    with _file_of(upload) as file:
        return cage_client.previews(file.fileno(), filters.names())


def preview(owner_id: int, upload_id: int, recipe: Recipe) -> Picture:
    """One's upload as it would be posted, with sides of PREVIEW_SIDE pixels at most. Raises BadCrop and others."""
    upload = upload_rows.load(sessions.reader().at(owner_id), owner_id, upload_id)
    filters.check(recipe.filter, recipe.strength)
    frames.check(recipe.frame, upload.width, upload.height)
    with _file_of(upload) as file:
        return cage_client.preview(file.fileno(), recipe, PREVIEW_SIDE)


@contextmanager
def _file_of(upload: Upload) -> Iterator[BinaryIO]:
    checks.require(upload.kind)
    try:
        file = uploads.path_of(upload.file).open("rb")
    except FileNotFoundError as error:
        raise UploadGone(cause=error) from None
    with file:
        yield file


def _looked_at(owner_id: int, received: Received) -> NewUpload:
    with received.path.open("rb") as file:
        header = checks.check_file(file.fileno())
        placeholder = cage_client.probe(file.fileno()) if header.kind == "jpeg" else ""
    width, height = header.turned
    return NewUpload(
        owner_id=owner_id,
        file=received.name,
        kind=header.kind,
        width=width,
        height=height,
        size_bytes=received.size_bytes,
        sha256=received.sha256,
        placeholder=placeholder,
    )


def _added(tx: Tx, new: NewUpload, key: str | None) -> Upload:
    home.require(tx, new.owner_id)

    def make() -> dict[str, int]:
        return {"upload_id": upload_rows.add(tx, new).id}

    answer, repeated = idempotency.run(tx, new.owner_id, "upload_photo", key, new.sha256, make)
    try:
        return upload_rows.load(tx, new.owner_id, answer["upload_id"])
    except UploadGone:
        if not repeated:
            raise
        return _published_since(new, answer["upload_id"])


def _published_since(new: NewUpload, upload_id: int) -> Upload:
    """An upload whose photo is published, and whose row is gone: who repeats the request gets the same number."""
    now = clock.now()
    values = {**new.__dict__, "file": ""}
    return Upload(id=upload_id, photo_id=None, created_at=now, expires_at=now, **values)


@periodic(3600)
def sweep() -> None:
    """Forget uploads whose time is over, their files, and files that no row names. Each hour."""
    for shard in map.shards():
        try:
            _sweep_shard(shard)
        except Unavailable:
            continue  # its node is away; the others need not wait for it
    _sweep_orphans()


def _sweep_shard(shard: ShardNumber) -> None:
    while files := sessions.write(_some_id(shard), upload_rows.sweep):
        for name in files:
            uploads.forget(name)


def _sweep_orphans() -> None:
    reader = sessions.reader()
    for name, owner_id in list(uploads.lying_about(_ORPHAN_SECONDS)):
        try:
            known = upload_rows.known_files(reader.at(owner_id), [name])
        except Unavailable:
            continue
        if not known:
            uploads.forget(name)


def _some_id(shard: int) -> int:
    """Any id of a shard: it says where to write, nobody has it."""
    return 1 << 23 | shard << 10
