"""Comments on a photo."""

from __future__ import annotations

from typing import Annotated, Any

from heliograph.api import parameters, render
from heliograph.api.answers import Listing
from heliograph.api.endpoint import Call, delete, get, post
from heliograph.api.parameters import CommentId, Count, Cursor, PhotoId
from heliograph.core.errors import NotFound
from heliograph.flows import comment as flow
from heliograph.pages import photo as page

_COUNT = 100  # the old API gave all there were up to 150, and no pages


@get("/media/{photo_id}/comments", gives="[Comment]", pages="max_id")
def show(call: Call, photo_id: PhotoId, count: Count = None, max_id: Cursor = None) -> Listing:
    """The newest comments, what was said first standing first; the next page has older ones."""
    found = page.comments(call.viewer_id, photo_id, before=max_id, count=count or _COUNT)
    return Listing([render.comment(card) for card in reversed(found.items)], found.next_cursor)


@post("/media/{photo_id}/comments", gives="Comment", scope="comments", repeats=True)
def add(call: Call, photo_id: PhotoId, text: Annotated[str, parameters.text(300)]) -> dict[str, Any]:
    """Comment on a photo: at most 4 tags and one address, and not everything in capitals."""
    comment_id = flow.add(call.viewer_id, photo_id, text, idempotency_key=call.idempotency_key)
    newest = page.comments(call.viewer_id, photo_id, before=comment_id + 1, count=1)
    if not newest.items:  # deleted again in between
        raise NotFound(cause=comment_id)
    return render.comment(newest.items[0])


@delete("/media/{photo_id}/comments/{comment_id}", gives="null", scope="comments")
def remove(call: Call, photo_id: PhotoId, comment_id: CommentId) -> None:
    """Delete one's own comment, or one on one's own photo."""
    flow.remove(call.viewer_id, photo_id, comment_id)
