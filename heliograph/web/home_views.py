"""`/`: the home feed, or what this is for somebody who is not signed in."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from heliograph.pages import home as feeds
from heliograph.web import session

PHOTOS = 20  # on one page


@require_safe
@session.with_feed
def home(request: session.PageRequest) -> HttpResponse:
    """The newest photos of the people one follows, one's own unfinished ones first."""
    if request.viewer is None:
        return render(request, "web/landing.html")
    me = request.viewer.person_id
    after = request.GET.get("after")
    feed = feeds.page(me, count=PHOTOS, cursor=after, feed=request.feed)
    unfinished = [] if after else feeds.unfinished(me)
    context = {"tab": "home", "feed": feed, "unfinished": unfinished, "first_page": not after}
    return render(request, "web/home.html", context)
