"""Uploads as rows: a file of incoming/, whose it is, and until when it may be posted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from heliograph.core.errors import Conflict
from heliograph.media import store
from heliograph.media.errors import UploadGone

EXPIRE_HOURS = 24  # an upload that nobody posts
KEEP_FAILED_DAYS = 7  # the file of a photo that failed, for another try


class UploadUsed(Conflict):
    """This upload was posted already."""

    code = "upload_used"


class Savepoint(store.Shard, Protocol):
    def retry_clash(self, insert: Any) -> Any: ...


@dataclass(frozen=True)
class Upload:
    """An upload's row; width and height are as people see the photo, before cropping."""

    id: int
    owner_id: int
    file: str
    kind: str
    width: int
    height: int
    size_bytes: int
    sha256: bytes
    placeholder: str
    photo_id: int | None
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class NewUpload:
    owner_id: int
    file: str
    kind: str
    width: int
    height: int
    size_bytes: int
    sha256: bytes
    placeholder: str


def add(tx: Savepoint, new: NewUpload) -> Upload:
    """Keep a new upload for EXPIRE_HOURS."""
    values = {**new.__dict__, "hours": EXPIRE_HOURS}
    return Upload(*tx.retry_clash(lambda: tx.row(store.ADD_UPLOAD, values)))


def load(shard: store.Shard, owner_id: int, upload_id: int) -> Upload:
    """One's own upload, used or not. Raises UploadGone."""
    row = shard.row(store.ONE_UPLOAD, {"id": upload_id, "owner_id": owner_id})
    if row is None:
        raise UploadGone()
    return Upload(*row)


def take(tx: store.Shard, owner_id: int, upload_id: int) -> Upload:
    """One's own upload, locked, not posted yet. Raises UploadGone, UploadUsed."""
    row = tx.row(store.LOCK_UPLOAD, {"id": upload_id, "owner_id": owner_id})
    if row is None:
        raise UploadGone()
    upload = Upload(*row)
    if upload.photo_id is not None:
        raise UploadUsed()
    return upload


def use(tx: store.Shard, upload_id: int, photo_id: int) -> None:
    """It belongs to this photo from now on."""
    tx.run(store.USE_UPLOAD, {"id": upload_id, "photo_id": photo_id})


def of_photo(shard: store.Shard, photo_id: int) -> Upload | None:
    """The upload from which a photo is made, while it is there."""
    row = shard.row(store.UPLOAD_OF_PHOTO, (photo_id,))
    return None if row is None else Upload(*row)


def remove_of_photo(tx: store.Shard, photo_id: int) -> str | None:
    """Forget the upload of a photo; the name of its file, which is the caller's to remove."""
    file: str | None = tx.value(store.REMOVE_UPLOAD, (photo_id,))
    return file


def remove(tx: store.Shard, owner_id: int, upload_id: int) -> str | None:
    """Forget an upload that was used for something else than a photo; the name of its file."""
    file: str | None = tx.value(store.TAKE_UPLOAD, {"id": upload_id, "owner_id": owner_id})
    return file


def remove_unused(tx: store.Shard, owner_id: int) -> list[str]:
    """Forget what somebody uploaded and did not post; the names of the files."""
    return [row[0] for row in tx.rows(store.UNUSED_UPLOADS, (owner_id,))]


def sweep(tx: store.Shard, *, limit: int = 500) -> list[str]:
    """Forget uploads whose time is over, at most `limit`; the names of their files."""
    rows = tx.rows(store.SWEEP_UPLOADS, {"failed_days": KEEP_FAILED_DAYS, "limit": limit})
    return [row[0] for row in rows]


def known_files(shard: store.Shard, files: list[str]) -> set[str]:
    """Which of these files some upload of the shard still needs."""
    return {row[0] for row in shard.rows(store.KNOWN_FILES, (files,))}
