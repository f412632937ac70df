"""`/`: the home feed, or what this is for somebody who is not signed in."""

from __future__ import annotations

from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_safe

from heliograph.core.errors import NotFound
from heliograph.pages import home as feeds
from heliograph.pages import landing, suggestions
from heliograph.sharding.ids import from_short_code, short_code
from heliograph.web import answers, session
from heliograph.web.rendering import render

PHOTOS = 20  # on one page
_COLUMNS_FROM = 12  # photos on the first page of strangers
_EAGER = 2  # photos that are fetched before anybody scrolls


@require_safe
@session.with_feed
def home(request: session.PageRequest) -> HttpResponse:
    """The newest photos of the people one follows, one's own that are arriving first.

    `part=1` leaves out the frame. It may come with `count`, for who comes back to a long list, and with `newer`,
    the code of the newest photo that is there already.
    """
    if request.viewer is None:
        return render(request, "web/landing.html", _sample())
    me, after, newer = request.viewer.person_id, request.GET.get("after"), request.GET.get("newer")
    count = answers.asked_count(request, PHOTOS)
    since = None if newer is None else _id_of(newer)
    first_page = not after and newer is None
    feed = feeds.page(me, count=count, min_id=since, cursor=after, feed=request.feed, with_unread=first_page)
    arriving = feeds.arriving(me, feed) if first_page else []
    nothing = first_page and not (arriving or feed.items or feed.next_cursor or feed.gaps)
    context = {
        "tab": "home",
        "feed": feed,
        "newest": short_code(feed.items[0].id) if feed.items else "",
        "unread": feed.unread,
        "arriving": arriving,
        "first_page": first_page,
        "eager": _EAGER if first_page else 0,
        "gaps": feed.gaps and newer is None,  # on top of a page that stands, only what is new comes
        "nothing": nothing,
        "suggested": suggestions.people(me) if nothing else [],
        "next": answers.after(feed.next_cursor),
    }
    return render(request, "web/parts/feed.html" if answers.wants_part(request) else "web/home.html", context)


def _sample() -> dict[str, object]:
    """Photos for the first page: enough for columns of their own shapes, else whole rows of squares."""
    photos = landing.newest()
    few = len(photos) < _COLUMNS_FROM
    return {"sample": photos[: len(photos) // 3 * 3 or None] if few else photos, "few": few}


@require_safe
@session.with_feed
def new(request: session.PageRequest) -> HttpResponse:
    """How many photos came since the one whose code is `since`: asked every minute by every open page."""
    if request.viewer is None:
        return JsonResponse({"error": gettext("Sign in first.")}, status=401)
    since = _id_of(request.GET.get("since", ""))
    count = feeds.newer(request.viewer.person_id, since, feed=request.feed)
    text = ngettext("%(count)s new photo", "%(count)s new photos", count) % {"count": count}
    return JsonResponse({"count": count, "text": text})


def _id_of(code: str) -> int:
    """The photo of a code; 0, which is older than any, for what is none."""
    try:
        return from_short_code(code)
    except NotFound:
        return 0
