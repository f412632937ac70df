"""Uploading a photo in chunks, over a connection that may break.

The bytes lie under incoming/parts (media/parts.py). With the last of them the whole goes where an upload in one
piece goes, `flows.upload_photo.accept`, under a key of the session: whoever asks twice gets the same upload.
"""

from __future__ import annotations

from dataclasses import dataclass

from heliograph.core.errors import Invalid
from heliograph.flows import upload_photo
from heliograph.media import parts, upload_rows
from heliograph.media.parts import Session
from heliograph.media.upload_rows import Upload
from heliograph.media.uploads import UploadSource
from heliograph.sharding import sessions
from heliograph.sharding.periodic import periodic


@dataclass(frozen=True)
class State:
    """How far a session is; `upload` once all of it has arrived and was found to be a photo."""

    session: str
    offset: int
    upload: Upload | None = None


def start(owner_id: int, length: int, *, idempotency_key: str | None = None) -> State:
    """Begin, or go on with what the same key began."""
    return _state(parts.start(owner_id, length, idempotency_key))


def add(owner_id: int, token: str, offset: int, source: UploadSource) -> State:
    """Take a chunk. Raises WrongOffset, with the real one, when it does not begin where the last one ended."""
    return _state(parts.add(owner_id, token, offset, source))


def look(owner_id: int, token: str) -> State:
    """How far one's own session is. Raises UploadGone."""
    return _state(parts.load(owner_id, token))


def _state(session: Session) -> State:
    upload = None
    if session.upload_id is not None:
        upload = upload_rows.load(sessions.reader().at(session.owner_id), session.owner_id, session.upload_id)
    elif session.complete:
        upload = _accepted(session)
    return State(session.token, session.offset, upload)


def _accepted(session: Session) -> Upload:
    """The upload of a session whose bytes are all there; what is refused is forgotten, what failed may be repeated."""
    try:
        with parts.whole(session) as source:
            key = f"parts:{session.token}"
            upload = upload_photo.accept(session.owner_id, source, idempotency_key=key)
    except Invalid:
        parts.forget(session)
        raise
    parts.finish(session, upload.id)
    return upload


@periodic(3600)
def sweep() -> None:
    """Forget sessions that were left alone for a day. Each hour."""
    parts.sweep()
