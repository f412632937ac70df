"""Uploads: a photo on its way, while its caption is still being written."""

from __future__ import annotations

from typing import Annotated, Any

from heliograph.api import parameters, render
from heliograph.api.endpoint import Call, post
from heliograph.api.parameters import Upload
from heliograph.flows import upload_photo
from heliograph.media.errors import NoFile


@post("/uploads", gives="Upload", repeats=True)
def upload(call: Call, photo: Annotated[Upload | None, parameters.FILE] = None) -> dict[str, Any]:
    """Upload a photo; POST /media within 24 hours makes it a post."""
    if photo is None:
        raise NoFile()
    upload = upload_photo.accept(call.viewer_id, photo, idempotency_key=call.idempotency_key)
    return {"upload_id": str(upload.id), "expires": render.seconds(upload.expires_at)}
