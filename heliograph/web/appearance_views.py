"""Colours, clock and language of the pages in this browser."""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from heliograph.core import clock
from heliograph.web import preferences, times
from heliograph.web.answers import see
from heliograph.web.choices import NotAChoice
from heliograph.web.rendering import render
from heliograph.web.session import SignedInRequest, signed_in


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def appearance(request: SignedInRequest) -> HttpResponse:
    """Light or dark, which time zone, which language."""
    return _keep(request) if request.method == "POST" else _form(request)


def _form(request: HttpRequest, mistakes: Mapping[str, str] | None = None) -> HttpResponse:
    known = {
        "mistakes": mistakes or {},
        "theme": preferences.theme(request),
        "zones": preferences.zones(),
        "zone": preferences.chosen_zone(request),
        "zone_here": preferences.zone_here(request),
        "clock": times.exact(clock.now()),
        "languages": settings.LANGUAGES if len(settings.LANGUAGES) > 1 else (),
        "spoken": request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, ""),
    }
    return render(request, "web/settings_appearance.html", known, status=400 if mistakes else 200)


def _keep(request: HttpRequest) -> HttpResponse:
    """All of it, or nothing when one is not among the choices. Empty: nothing chosen."""
    said = {name: request.POST.get(name, "") for name in ("theme", "zone", "language")}
    offered = {
        "theme": said["theme"] in preferences.THEMES,
        "zone": not said["zone"] or preferences.known_zone(said["zone"]) is not None,
        "language": not said["language"] or said["language"] in dict(settings.LANGUAGES),
    }
    if not all(offered.values()):
        sentence = gettext(NotAChoice().sentence)
        return _form(request, {name: sentence for name, one in offered.items() if not one})
    kept = [(preferences.THEME, said["theme"]), (preferences.ZONE, said["zone"])]
    if "language" in request.POST:
        kept.append((settings.LANGUAGE_COOKIE_NAME, said["language"]))
    response = see("/settings/appearance")
    preferences.keep(response, kept)
    messages.success(request, gettext("Saved."))
    return response
