"""Finding people, and completing names and tags while somebody writes."""

from __future__ import annotations

from django.http import HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from heliograph.accounts.finding import LONGEST_QUERY
from heliograph.pages import search, suggestions
from heliograph.web.rendering import render
from heliograph.web.session import SignedInRequest, signed_in

_OFFERED = 6  # while somebody writes


@require_safe
@signed_in
def find(request: SignedInRequest) -> HttpResponse:
    """People by the beginning of a name."""
    return render(request, "web/find.html", {"tab": "find", **_found(request)})


@require_safe
@signed_in
def results(request: SignedInRequest) -> HttpResponse:
    """Only what was found, for the page's script."""
    return render(request, "web/parts/find_results.html", _found(request))


@require_safe
@signed_in
def people(request: SignedInRequest) -> HttpResponse:
    """Who may be meant by `@al`."""
    found = search.people(request.viewer.person_id, _asked(request), count=_OFFERED)
    rows = [{"username": one.username, "full_name": one.full_name, "avatar": one.avatar_url} for one in found]
    return JsonResponse({"people": rows})


@require_safe
@signed_in
def tags(request: SignedInRequest) -> HttpResponse:
    """Which tag may be meant by `#su`."""
    found = search.tags(request.viewer.person_id, _asked(request), count=_OFFERED)
    return JsonResponse({"tags": [{"name": tag.name, "photos": tag.photos} for tag in found]})


def _found(request: SignedInRequest) -> dict[str, object]:
    asked = _asked(request)
    found = search.people_with_status(request.viewer.person_id, asked) if asked else []
    suggested = [] if asked else suggestions.people(request.viewer.person_id)
    return {"asked": asked, "found": found, "suggested": suggested}


def _asked(request: SignedInRequest) -> str:
    return request.GET.get("q", "").strip()[:LONGEST_QUERY]
