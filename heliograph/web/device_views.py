"""Where one is signed in, and ending that elsewhere."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from heliograph.flows import web_sessions
from heliograph.pages import devices as pages
from heliograph.web import agents
from heliograph.web.answers import see
from heliograph.web.rendering import render
from heliograph.web.session import SignedInRequest, key_of, signed_in


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def devices(request: SignedInRequest) -> HttpResponse:
    """The list; a form of it ends one (`name`), or all others."""
    me, key = request.viewer.person_id, key_of(request)
    if request.method == "POST":
        return _end(request)
    found = [
        {
            "device": device,
            "words": agents.words(device.user_agent),
            "hand": agents.in_the_hand(device.user_agent),
        }
        for device in pages.of(me, key)
    ]
    return render(request, "web/settings_devices.html", {"devices": found})


def _end(request: SignedInRequest) -> HttpResponse:
    me, name = request.viewer.person_id, request.POST.get("name", "")
    if name:
        web_sessions.close_one(me, name)
        messages.success(request, gettext("That browser is signed out."))
    else:
        web_sessions.close_all(me, but=key_of(request))
        messages.success(request, gettext("All other devices are signed out."))
    return see("/settings/devices")
