"""Between two people: following, answering requests, blocking."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from heliograph.flows import block as blocks
from heliograph.flows import follow as follows
from heliograph.pages import profile as profiles
from heliograph.sharding.ids import PersonId
from heliograph.web.answers import done
from heliograph.web.profile_views import PEOPLE
from heliograph.web.rendering import render
from heliograph.web.session import SignedInRequest, signed_in


@require_POST
@signed_in
def follow(request: SignedInRequest, person_id: PersonId) -> HttpResponse:
    """Follow or ask to (`on=1`), or no longer."""
    me, on = request.viewer.person_id, request.POST.get("on") == "1"
    (follows.follow if on else follows.unfollow)(me, person_id)
    between = profiles.relationship(me, person_id)
    return done(request, on=between.outgoing_status != "none", text=_label(between))


def _label(between: profiles.Relationship) -> str:
    """What the button says. Somebody public answers by themselves, in a moment: that is nobody's request."""
    if between.outgoing_status == "none":
        return gettext("Follow")
    asked = between.outgoing_status == "requested" and between.target_user_is_private
    return gettext("Requested") if asked else gettext("Following")


@require_safe
@signed_in
def requests(request: SignedInRequest) -> HttpResponse:
    """Who asks to follow."""
    people = profiles.requested_by(request.viewer.person_id, cursor=request.GET.get("after"), count=PEOPLE)
    return render(request, "web/requests.html", {"tab": "activity", "people": people})


@require_POST
@signed_in
def answer(request: SignedInRequest, person_id: PersonId) -> HttpResponse:
    """Let somebody follow (`yes=1`), or not."""
    yes = request.POST.get("yes") == "1"
    (follows.approve if yes else follows.deny)(request.viewer.person_id, person_id)
    return done(request, "/requests")


@require_POST
@signed_in
def remove(request: SignedInRequest, person_id: PersonId) -> HttpResponse:
    """Make somebody no longer follow. With `undo`, what that gave back: undo it."""
    me, sealed = request.viewer.person_id, request.POST.get("undo")
    if sealed is None:
        return done(request, "/me", undo=follows.remove(me, person_id))
    follows.put_back(me, person_id, sealed)
    return done(request, "/me")


@require_safe
@signed_in
def block_page(request: SignedInRequest, username: str) -> HttpResponse:
    """What blocking means, and the button."""
    person = profiles.one(request.viewer.person_id, username).person
    return render(request, "web/block.html", {"person": person})


@require_POST
@signed_in
def block(request: SignedInRequest, person_id: PersonId) -> HttpResponse:
    """Block (`on=1`) or no longer."""
    on = request.POST.get("on") == "1"
    (blocks.block if on else blocks.unblock)(request.viewer.person_id, person_id)
    messages.success(request, gettext("Blocked.") if on else gettext("No longer blocked."))
    return done(request, "/settings/blocked")
