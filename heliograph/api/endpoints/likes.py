"""Likes of a photo."""

from __future__ import annotations

from typing import Any

from heliograph.api import render
from heliograph.api.endpoint import Call, delete, get, post
from heliograph.api.parameters import PhotoId
from heliograph.flows import like
from heliograph.pages import photo as page


@get("/media/{photo_id}/likes", gives="[UserShort]")
def show(call: Call, photo_id: PhotoId) -> list[dict[str, Any]]:
    """Who likes a photo, the newest first, at most a hundred."""
    return [render.person(card) for card in page.likers(call.viewer_id, photo_id, count=100)]


@post("/media/{photo_id}/likes", gives="null", scope="likes")
def add(call: Call, photo_id: PhotoId) -> None:
    """Like a photo; twice is once."""
    like.add(call.viewer_id, photo_id)


@delete("/media/{photo_id}/likes", gives="null", scope="likes")
def remove(call: Call, photo_id: PhotoId) -> None:
    """Take a like back."""
    like.remove(call.viewer_id, photo_id)
