"""Comments: saying something, and taking it back."""

from __future__ import annotations

from django.http import HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_POST

from heliograph.core.errors import Invalid
from heliograph.flows import comment
from heliograph.pages import photo as photos
from heliograph.sharding.ids import CommentId, PhotoId, short_code
from heliograph.web import fragments
from heliograph.web.answers import done, see, wants_json
from heliograph.web.photo_views import COMMENTS, frame, said
from heliograph.web.session import SignedInRequest, signed_in


@require_POST
@signed_in
def add(request: SignedInRequest, photo_id: PhotoId) -> HttpResponse:
    """Say something; `key` makes a second click on the same form the same comment."""
    me, text = request.viewer.person_id, request.POST.get("text", "")
    try:
        comment_id = comment.add(me, photo_id, text, idempotency_key=request.POST.get("key") or None)
    except Invalid as error:
        if wants_json(request):
            raise
        return _again(request, photo_id, text, error)
    if not wants_json(request):
        return see(f"/p/{short_code(photo_id)}#comment-{comment_id}")
    return _as_row(request, photo_id, comment_id)


def _again(request: SignedInRequest, photo_id: PhotoId, text: str, error: Invalid) -> HttpResponse:
    """The photo's page with what was written, and why it cannot stay so."""
    shown = photos.one(request.viewer.person_id, photo_id)
    context = said(request, shown, before=None) | frame(shown)
    context |= {"text": text, "mistake": gettext(error.sentence)}
    return render(request, "web/photo.html", context, status=400)


def _as_row(request: SignedInRequest, photo_id: PhotoId, comment_id: CommentId) -> HttpResponse:
    me = request.viewer.person_id
    newest = photos.comments(me, photo_id, count=COMMENTS).items
    mine = next((row for row in newest if row.id == comment_id), None)
    owner = photos.one(me, photo_id).owner
    html = fragments.comment(mine, me, owner.id, get_token(request), get_language() or "") if mine else ""
    return JsonResponse({"html": html})


@require_POST
@signed_in
def remove(request: SignedInRequest, photo_id: PhotoId, comment_id: CommentId) -> HttpResponse:
    """Take a comment back: one's own, or any on one's own photo."""
    comment.remove(request.viewer.person_id, photo_id, comment_id)
    return done(request, f"/p/{short_code(photo_id)}")
