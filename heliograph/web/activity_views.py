"""What happened to the viewer, and whether anything did since they looked."""

from __future__ import annotations

from django.http import HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from heliograph.core import load
from heliograph.core.load import Level
from heliograph.flows import see_activity
from heliograph.pages import activity as pages
from heliograph.web import answers
from heliograph.web.rendering import render
from heliograph.web.session import SignedInRequest, signed_in


@require_safe
@signed_in
def activity(request: SignedInRequest) -> HttpResponse:
    """The sentences, new ones first; whoever gets them has seen them."""
    me, after = request.viewer.person_id, request.GET.get("after")
    page = pages.grouped(me, cursor=after)
    if page.newest is not None and request.method == "GET":
        see_activity.see(me, page.newest)
    context = {
        "tab": "activity",
        "activity": page,
        "new": [sentence for sentence in page.sentences if sentence.new],
        "earlier": [sentence for sentence in page.sentences if not sentence.new],
        "more_asking": len(page.asking) - 2,
        "first_page": not after,
        "next": answers.after(page.next_cursor),
    }
    part = answers.wants_part(request)
    return render(request, "web/parts/activity_list.html" if part else "web/activity.html", context)


@require_safe
@signed_in
def unread(request: SignedInRequest) -> JsonResponse:
    """Whether there is anything new: asked at most once a minute by a page that somebody looks at."""
    if load.leaves_out(Level.PLAIN, "unread"):
        return JsonResponse({"unread": False})
    return JsonResponse({"unread": pages.unread(request.viewer.person_id)})
