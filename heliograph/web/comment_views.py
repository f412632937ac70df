"""Comments: saying something, and taking it back."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from heliograph.core.errors import Invalid
from heliograph.flows import comment
from heliograph.pages import photo as photos
from heliograph.sharding.ids import CommentId, PhotoId, short_code
from heliograph.web import errors, forged, fragments
from heliograph.web.answers import done, key_of, see, wants_json
from heliograph.web.photo_views import COMMENTS, whole
from heliograph.web.rendering import render
from heliograph.web.session import SignedInRequest, signed_in


@require_POST
@signed_in
def add(request: SignedInRequest, photo_id: PhotoId) -> HttpResponse:
    """Say something; `key` makes a second click on the same form the same comment."""
    me, text = request.viewer.person_id, request.POST.get("text", "")
    try:
        comment_id = comment.add(me, photo_id, text, idempotency_key=key_of(request))
    except Invalid as error:
        if wants_json(request):
            raise
        return _again(request, photo_id, text, error)
    if not wants_json(request):
        return see(f"/p/{short_code(photo_id)}#comment-{comment_id}")
    return _as_row(request, photo_id, comment_id)


def _again(request: SignedInRequest, photo_id: PhotoId, text: str, error: Invalid) -> HttpResponse:
    """The photo's page with what was written, and why it cannot stay so."""
    context = whole(request, photo_id) | {"text": text, "mistake": errors.said(error)}
    return render(request, "web/photo.html", context, status=400)


def _as_row(request: SignedInRequest, photo_id: PhotoId, comment_id: CommentId) -> HttpResponse:
    me = request.viewer.person_id
    found = photos.whole(me, photo_id, count=COMMENTS)
    mine = next((row for row in found.comments.items if row.id == comment_id), None)
    html = fragments.said([mine], found.photo.owner.id, request.viewer, forged.Token(request)) if mine else ""
    return JsonResponse({"html": html})


@require_POST
@signed_in
def remove(request: SignedInRequest, photo_id: PhotoId, comment_id: CommentId) -> HttpResponse:
    """Delete a comment: one's own, or any on one's own photo. With `undo`, what that gave back: undo it."""
    me, back = request.viewer.person_id, f"/p/{short_code(photo_id)}"
    sealed = request.POST.get("undo")
    if sealed is None:
        sealed = comment.remove(me, photo_id, comment_id)
        if not wants_json(request):  # a script offers to undo it instead
            messages.success(request, gettext("The comment is deleted."))
        return done(request, back, undo=sealed)
    comment.restore(me, photo_id, comment_id, sealed)
    return done(request, back)
