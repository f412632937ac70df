"""`/places/…`: towns to choose from, for the script of the composer. Always JSON; nobody outside is asked."""

from __future__ import annotations

import math
from collections.abc import Iterable

from django.http import HttpResponse, JsonResponse
from django.views.decorators.http import require_POST, require_safe

from heliograph.media.errors import BadPlace
from heliograph.media.places import gazetteer, spots
from heliograph.media.places.gazetteer import Place
from heliograph.web.session import SignedInRequest, signed_in

_CHOICES = 6
_LONGEST = 100  # characters of a name


@require_POST
@signed_in
def near(request: SignedInRequest) -> HttpResponse:
    """Towns around a point; the one that it is in comes first. The point comes in the body, which no log keeps."""
    lat, lng = (_coordinate(request.POST.get(name, "")) for name in ("lat", "lng"))
    if abs(lat) > 90 or abs(lng) > 180:
        raise BadPlace()
    return _told(spots.near(lat, lng, _CHOICES))


@require_safe
@signed_in
def find(request: SignedInRequest) -> HttpResponse:
    """Towns whose name begins as `q`, the largest first."""
    return _told(gazetteer.named(request.GET.get("q", "")[:_LONGEST], _CHOICES))


def _told(places: Iterable[Place]) -> HttpResponse:
    told = [
        {
            "id": str(place.id),
            "name": place.name,
            "region": place.region,
            "country": place.country,
            "lat": place.lat,
            "lng": place.lng,
        }
        for place in places
    ]
    response = JsonResponse({"places": told})
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _coordinate(text: str) -> float:
    try:
        number = float(text[:30])
    except ValueError as error:
        raise BadPlace(cause=error) from None
    if not math.isfinite(number):
        raise BadPlace()
    return number
