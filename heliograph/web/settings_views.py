"""Settings: all of them at a glance; the profile, its picture, who sees the photos, who is blocked."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_safe

from heliograph.core.errors import Invalid
from heliograph.flows import edit_profile, homes, upload_photo
from heliograph.pages import profile as profiles
from heliograph.pages import settings as pages
from heliograph.web import arriving, preferences
from heliograph.web.answers import see
from heliograph.web.choices import NotAChoice
from heliograph.web.profile_views import PEOPLE, own
from heliograph.web.rendering import render
from heliograph.web.session import SignedInRequest, signed_in


@require_safe
@signed_in
def settings(request: SignedInRequest) -> HttpResponse:
    """All that can be set, by topic, and how it is set now."""
    me = request.viewer.person_id
    found = homes.at_home(me, lambda: pages.of(me))
    known = {
        "tab": "settings",
        "person": found.person,
        "account": found.account,
        "others": found.account.browsers - 1,
        "zone": preferences.zone(request),
    }
    return render(request, "web/settings.html", known)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def profile(request: SignedInRequest) -> HttpResponse:
    """Name, words and website."""
    if request.method != "POST":
        return _form(request)
    typed = {name: request.POST.get(name, "") for name in ("full_name", "bio", "website")}
    try:
        edit_profile.edit(request.viewer.person_id, private=None, **typed)
    except Invalid as error:
        mistakes = {name: gettext(said) for name, said in edit_profile.by_field(error).items()}
        return _form(request, {**typed, "mistakes": mistakes}, status=400)
    messages.success(request, gettext("Saved."))
    return see("/me")


def _form(request: HttpRequest, more: dict[str, Any] | None = None, status: int = 200) -> HttpResponse:
    me = request.viewer.person_id  # type: ignore[attr-defined]
    mine = own(me)
    known = {
        "profile": mine,
        "full_name": mine.person.full_name,
        "bio": mine.bio,
        "website": mine.website,
    }
    return render(request, "web/edit_profile.html", known | (more or {}), status=status)


@csrf_exempt  # checked by `_send_avatar`, once somebody watches over the body as it arrives
@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def avatar(request: SignedInRequest) -> HttpResponseBase:
    """A new picture of oneself. Its form is on the page of the profile."""
    if request.method != "POST":
        return see("/settings/profile")
    arriving.watch(request)
    return _send_avatar(request)


@csrf_protect
def _send_avatar(request: SignedInRequest) -> HttpResponse:
    me = request.viewer.person_id
    try:
        arrived = upload_photo.accept(me, arriving.file_of(request, "photo"))
        edit_profile.set_avatar(me, arrived.id)
    except Invalid as error:
        return _form(request, {"avatar_mistake": gettext(error.sentence)}, status=400)
    messages.success(request, gettext("That is you now."))
    return see("/settings/profile")


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def privacy(request: SignedInRequest) -> HttpResponse:
    """Who sees the photos, and what that means."""
    me = request.viewer.person_id
    if request.method == "POST":
        edit_profile.edit(me, private=_switch(request, "private"))
        messages.success(request, gettext("Saved."))
        return see("/settings/privacy")
    return render(request, "web/settings_privacy.html", {"private": own(me).person.private})


def _switch(request: HttpRequest, name: str) -> bool:
    """Whether a switch of the form is on; anything but its own words is not guessed at."""
    said = request.POST.get(name, "0")
    if said not in ("0", "1"):
        raise NotAChoice(fields={name: "is neither 1 nor 0"})
    return said == "1"


@require_safe
@signed_in
def blocked(request: SignedInRequest) -> HttpResponse:
    """Whom one has blocked."""
    people = profiles.blocked_by(request.viewer.person_id, cursor=request.GET.get("after"), count=PEOPLE)
    return render(request, "web/blocked.html", {"people": people})
