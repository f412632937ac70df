"""`/`: the home feed, or what this is for somebody who is not signed in."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from heliograph import pages
from heliograph.web.session import PageRequest, open_to_all

PHOTOS = 20  # on one page


@require_safe
@open_to_all
def home(request: PageRequest) -> HttpResponse:
    """The newest photos of the people one follows, one's own unfinished ones first."""
    if request.viewer is None:
        return render(request, "web/landing.html")
    me = request.viewer.person_id
    after = request.GET.get("after")
    feed = pages.home.page(me, count=PHOTOS, cursor=after)
    unfinished = [] if after else pages.unfinished.of(me)
    context = {"tab": "home", "feed": feed, "unfinished": unfinished, "first_page": not after}
    return render(request, "web/home.html", context)
