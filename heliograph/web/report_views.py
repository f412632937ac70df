"""Reporting a photo, a comment or somebody: why, in a few words, and thanks."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from heliograph.accounts import reports
from heliograph.core.errors import Invalid
from heliograph.flows import report as flow
from heliograph.pages import photo as photos
from heliograph.pages import profile as profiles
from heliograph.pages.cards import PersonCard
from heliograph.sharding.ids import CommentId, PhotoId, short_code
from heliograph.web.answers import see
from heliograph.web.rendering import render
from heliograph.web.session import SignedInRequest, signed_in

_REASONS = {
    "spam": _("It is spam or a fraud"),
    "nudity": _("It shows nudity or sex"),
    "harassment": _("It bullies or harasses somebody"),
    "hate": _("It hates people for what they are"),
    "violence": _("It shows or threatens violence"),
    "self_harm": _("Somebody may hurt themselves"),
    "stolen": _("It is somebody else's work or identity"),
    "other": _("Something else"),
}


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def photo(request: SignedInRequest, photo_id: PhotoId) -> HttpResponse:
    """Report a photo."""
    me = request.viewer.person_id
    owner = photos.one(me, photo_id).owner
    title = gettext("Report this photo")
    return _page(request, title, owner, f"/p/{short_code(photo_id)}", lambda: flow.photo(me, photo_id))


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def comment(request: SignedInRequest, photo_id: PhotoId, comment_id: CommentId) -> HttpResponse:
    """Report a comment."""
    me = request.viewer.person_id
    author = photos.comment(me, photo_id, comment_id).author
    back = f"/p/{short_code(photo_id)}#comments"
    title = gettext("Report this comment")
    return _page(request, title, author, back, lambda: flow.comment(me, photo_id, comment_id))


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def person(request: SignedInRequest, username: str) -> HttpResponse:
    """Report somebody."""
    me = request.viewer.person_id
    found = profiles.one(me, username).person
    title = gettext("Report %(name)s") % {"name": found.username}
    return _page(request, title, found, f"/@{found.username}", lambda: flow.person(me, found.id))


def _page(
    request: SignedInRequest, title: str, owner: PersonCard, back: str, thing: Callable[[], reports.Thing]
) -> HttpResponse:
    """The form; after it has been sent, thanks."""
    context = {
        "title": title,
        "owner": owner,
        "back": back,
        "reasons": _REASONS.items(),
        "longest": reports.MAX_WORDS,
        "thanks": request.GET.get("thanks") == "1",
    }
    if request.method != "POST":
        return render(request, "web/report.html", context)
    reason, words = request.POST.get("reason", ""), request.POST.get("words", "")
    try:
        flow.send(request.viewer.person_id, thing(), reason=reason, words=words)
    except Invalid as error:
        context |= {"mistake": gettext(error.sentence), "reason": reason, "words": words}
        return render(request, "web/report.html", context, status=400)
    return see(f"{request.path}?thanks=1")
