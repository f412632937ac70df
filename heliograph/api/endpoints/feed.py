"""Lists of photos: the home feed, and what one person posted."""

from __future__ import annotations

from datetime import datetime

from heliograph.api import render
from heliograph.api.answers import Listing
from heliograph.api.endpoint import Call, get
from heliograph.api.parameters import Count, Cursor, PersonId, Seconds
from heliograph.core.paging import Page
from heliograph.pages import home, profile
from heliograph.pages.cards import PhotoCard
from heliograph.sharding import ids


@get("/users/self/feed", gives="[Media]", pages="max_id", feed=True)
def own(call: Call, count: Count = None, min_id: Cursor = None, max_id: Cursor = None) -> Listing:
    """The newest photos of oneself and of the people one follows."""
    return _listing(home.page(call.viewer_id, count=count, min_id=min_id, max_id=max_id, feed=call.feed))


@get("/users/{person_id}/media/recent", gives="[Media]", pages="max_id")
def recent(
    call: Call,
    person_id: PersonId,
    count: Count = None,
    max_id: Cursor = None,
    min_id: Cursor = None,
    max_timestamp: Seconds = None,
    min_timestamp: Seconds = None,
) -> Listing:
    """What somebody posted, newest first."""
    page = profile.photos(
        call.viewer_id,
        person_id,
        count=count,
        max_id=_earlier(max_id, max_timestamp),
        min_id=_later(min_id, min_timestamp),
    )
    return _listing(page)


def _listing(page: Page[PhotoCard]) -> Listing:
    return Listing([render.photo(card) for card in page.items], page.next_cursor)


def _earlier(place: str | None, moment: datetime | None) -> str | None:
    """Whichever ends the list sooner; a place that is no plain number goes before a moment."""
    if moment is None:
        return place
    first = ids.first_of(moment)
    return str(min(first, int(place))) if place and place.isdigit() else place or str(first)


def _later(place: str | None, moment: datetime | None) -> str | None:
    if moment is None:
        return place
    # Ids from the moment on, itself included: newer than the last one before it.
    last = max(0, ids.first_of(moment) - 1)
    return str(max(last, int(place))) if place and place.isdigit() else place or str(last)
