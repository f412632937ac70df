"""Colours, clock and language of the pages in this browser."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from heliograph.core import clock
from heliograph.web import preferences, times
from heliograph.web.answers import see
from heliograph.web.session import SignedInRequest, signed_in


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def appearance(request: SignedInRequest) -> HttpResponse:
    """Light or dark, which time zone, which language."""
    if request.method == "POST":
        return _keep(request)
    chosen = {
        "theme": preferences.theme(request),
        "zones": preferences.zones(),
        "zone": preferences.chosen_zone(request),
        "zone_here": preferences.zone_here(request),
        "clock": times.exact(clock.now()),
        "languages": settings.LANGUAGES if len(settings.LANGUAGES) > 1 else (),
        "spoken": request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, ""),
    }
    return render(request, "web/settings_appearance.html", chosen)


def _keep(request: HttpRequest) -> HttpResponse:
    """What is not among the choices counts as none chosen."""
    said = {name: request.POST.get(name, "") for name in ("theme", "zone", "language")}
    kept = [
        (preferences.THEME, said["theme"] if said["theme"] in preferences.THEMES else ""),
        (preferences.ZONE, said["zone"] if preferences.known_zone(said["zone"]) else ""),
    ]
    if "language" in request.POST:
        known = said["language"] in dict(settings.LANGUAGES)
        kept.append((settings.LANGUAGE_COOKIE_NAME, said["language"] if known else ""))
    response = see("/settings/appearance")
    preferences.keep(response, kept)
    messages.success(request, gettext("Saved."))
    return response
