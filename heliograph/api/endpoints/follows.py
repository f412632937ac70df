"""Lists of people: whom somebody follows, who follows them, who asks to."""

from __future__ import annotations

from heliograph.api import render
from heliograph.api.answers import Listing
from heliograph.api.endpoint import Call, get
from heliograph.api.parameters import Count, Cursor, PersonId
from heliograph.core.paging import Page
from heliograph.pages import profile
from heliograph.pages.cards import PersonCard

_COUNT = 50  # people on a page, when nobody says how many


@get("/users/{person_id}/follows", gives="[UserShort]", pages="cursor")
def follows(call: Call, person_id: PersonId, cursor: Cursor = None, count: Count = None) -> Listing:
    """Whom somebody follows, the newest first."""
    return _listing(profile.following(call.viewer_id, person_id, cursor=cursor, count=count or _COUNT))


@get("/users/{person_id}/followed-by", gives="[UserShort]", pages="cursor")
def followed_by(call: Call, person_id: PersonId, cursor: Cursor = None, count: Count = None) -> Listing:
    """Who follows somebody, the newest first."""
    return _listing(profile.followers(call.viewer_id, person_id, cursor=cursor, count=count or _COUNT))


@get("/users/self/requested-by", gives="[UserShort]", scope="relationships", pages="cursor")
def requested_by(call: Call, cursor: Cursor = None, count: Count = None) -> Listing:
    """Who asks to follow, and waits for an answer."""
    return _listing(profile.requested_by(call.viewer_id, cursor=cursor, count=count or _COUNT))


def _listing(page: Page[PersonCard]) -> Listing:
    return Listing([render.person(card) for card in page.items], page.next_cursor)
