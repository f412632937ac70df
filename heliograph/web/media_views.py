"""The bytes of pictures. An address carries its own permission: nobody is asked who they are."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from heliograph.core.errors import HeliographError
from heliograph.pages import media
from heliograph.web import errors


@require_safe
def picture(request: HttpRequest, token: str, size: str) -> HttpResponse:
    """One rendition, to be kept by the browser as long as its address is good."""
    try:
        allowed = media.permission(token, size, request.GET.get("e", ""), request.GET.get("s", ""))
        response = _bytes(request, allowed)
    except HeliographError as error:
        return _no_picture(error)
    whose = "private" if allowed.private else "public"
    response.headers["Cache-Control"] = f"{whose}, max-age={allowed.keep_seconds}, immutable"
    response.headers["ETag"] = f'"{allowed.name}"'
    return response


def _bytes(request: HttpRequest, allowed: media.Permission) -> HttpResponse:
    known = request.headers.get("If-None-Match", "")
    if known.removeprefix("W/") == f'"{allowed.name}"':
        return HttpResponse(status=304)
    with allowed.open() as file:
        response = HttpResponse(file.read(), content_type="image/jpeg")
    response.headers["Content-Disposition"] = "inline"
    return response


def _no_picture(error: HeliographError) -> HttpResponse:
    """A few plain words: nobody looks at a page where a picture should be."""
    response = HttpResponse(
        error.sentence, status=errors.status_of(error), content_type="text/plain; charset=utf-8"
    )
    response.headers["Cache-Control"] = "no-store"
    return response
