"""What happened to whoever asks, and finding people."""

from __future__ import annotations

from typing import Annotated, Any

from heliograph.api import parameters, render
from heliograph.api.answers import Listing
from heliograph.api.endpoint import Call, get
from heliograph.api.parameters import Count, Cursor
from heliograph.pages import activity as page
from heliograph.pages import search as pages


@get("/users/self/activity", gives="[Activity]", pages="cursor")
def activity(call: Call, cursor: Cursor = None, count: Count = None) -> Listing:
    """Likes, comments, mentions, follows and approvals, the newest first. Reading them here marks nothing as seen."""
    found = page.listed(call.viewer_id, cursor=cursor, count=count or page.LISTED)
    return Listing([render.activity(entry) for entry in found.items], found.next_cursor)


@get("/users/search", gives="[UserShort]")
def search(
    call: Call, q: Annotated[str, parameters.text(100, "The beginning of a name.")], count: Count = None
) -> list[dict[str, Any]]:
    """People by the beginning of their username or of any word of their name, the likeliest first."""
    return [render.person(card) for card in pages.people(call.viewer_id, q, count=count or pages.FOUND)]
