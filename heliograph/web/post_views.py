"""`/post`: choosing a photo, saying something about it, sending it off.

With scripts the photo travels ahead to /post/uploads while the caption is typed; without them one form
sends everything. A photo that has arrived is kept when only the words must be changed.
"""

from __future__ import annotations

import json
import uuid
from base64 import b64encode
from typing import Any

from django.http import HttpResponse, HttpResponseBase, JsonResponse
from django.templatetags.static import static
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from heliograph.core import environment
from heliograph.core.errors import Conflict, HeliographError, Invalid, NotFound
from heliograph.flows import post_photo, upload_photo
from heliograph.media import checks, filters
from heliograph.media.upload_rows import Upload
from heliograph.sharding.ids import PersonId, UploadId
from heliograph.web import arriving, composing, errors
from heliograph.web.answers import done, key_of, wants_json
from heliograph.web.rendering import render
from heliograph.web.session import SignedInRequest, signed_in


@csrf_exempt  # checked by `_send`, once somebody watches over the body as it arrives
@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def compose(request: SignedInRequest) -> HttpResponseBase:
    """The form, and what it sends."""
    if request.method != "POST":
        return _form(request)
    arriving.watch(request)
    return _send(request)


@csrf_protect
def _send(request: SignedInRequest) -> HttpResponse:
    upload_id: UploadId | None = None
    try:
        upload_id = _arrived(request)
        _post(request, upload_id)
    except (Invalid, NotFound, Conflict) as error:
        if wants_json(request):
            raise  # our script says it, and keeps what was typed
        return _form(request, error, None if isinstance(error, NotFound | Conflict) else upload_id)
    return done(request)


def _arrived(request: SignedInRequest) -> UploadId:
    """The photo that travelled ahead, else the one in the form."""
    ahead = request.POST.get("upload_id", "")
    if ahead.isascii() and ahead.isdigit() and len(ahead) < 20:
        return int(ahead)
    file = arriving.file_of(request, "photo")
    return upload_photo.accept(request.viewer.person_id, file, idempotency_key=key_of(request)).id


def _post(request: SignedInRequest, upload_id: UploadId) -> None:
    recipe = composing.recipe(request.POST)
    post_photo.post(
        request.viewer.person_id,
        upload_id=upload_id,
        caption=request.POST.get("caption", ""),
        alt_text=request.POST.get("alt_text", ""),
        filter_name=recipe.filter,
        strength=recipe.strength,
        frame=recipe.frame,
        place=composing.place(request.POST),
        idempotency_key=key_of(request),
    )


def _form(
    request: SignedInRequest, error: HeliographError | None = None, upload_id: UploadId | None = None
) -> HttpResponse:
    """The composer; after an error with all that was typed, and the photo if it can be used."""
    typed = request.POST if error else {}
    pictures = _pictures_if_any(request.viewer.person_id, upload_id) if upload_id else {}
    context = {
        "tab": "post",
        "key": uuid.uuid4().hex,
        "accept": ",".join(checks.accepted()),
        "modern": environment.get().accept_heic,
        "largest": environment.get().upload_max_bytes,
        "upload_id": upload_id or "",
        "mistake": errors.said(error) if error else "",
        "caption": typed.get("caption", ""),
        "alt_text": typed.get("alt_text", ""),
        "filter_name": typed.get("filter", ""),
        "typed": {name: typed.get(name, "") for name in composing.FIELDS + composing.PLACE_FIELDS},
        "filters": [
            {"name": name, "title": gettext(filters.title(name)), "picture": pictures.get(name)}
            for name in filters.names()
        ],
        "luts": json.dumps({name: static(f"luts/{name}.bin") for name in filters.names() if name}),
    }
    return render(request, "web/composer.html", context, status=errors.status_of(error) if error else 200)


def _pictures_if_any(owner_id: PersonId, upload_id: UploadId) -> dict[str, str]:
    """The same for a page, which is worth showing without them."""
    try:
        return _pictures(owner_id, upload_id)
    except HeliographError:
        return {}


def _pictures(owner_id: PersonId, upload_id: UploadId) -> dict[str, str]:
    """The upload once with each filter, as addresses that need no second request."""
    made = upload_photo.previews(owner_id, upload_id)
    return {name: "data:image/jpeg;base64," + b64encode(p.data).decode() for name, p in made.items()}


@csrf_exempt  # checked by `_upload`, once somebody watches over a form as it arrives
@require_POST
@signed_in
def upload(request: SignedInRequest) -> HttpResponseBase:
    """A photo by itself: as the body, as the script of the composer sends it, or as `photo` of a form."""
    if arriving.has_files(request):
        arriving.watch(request)
    return _upload(request)


@csrf_protect
def _upload(request: SignedInRequest) -> HttpResponse:
    key = request.headers.get("Idempotency-Key") or None
    source = arriving.file_of(request, "photo") if arriving.has_files(request) else arriving.Body(request)
    return JsonResponse(facts(upload_photo.accept(request.viewer.person_id, source, idempotency_key=key)))


def facts(arrived: Upload) -> dict[str, Any]:
    """What the composer's script wants to know of an upload."""
    return {
        "upload_id": str(arrived.id),
        "width": arrived.width,
        "height": arrived.height,
        "placeholder": arrived.placeholder,
        "previews": f"/post/uploads/{arrived.id}/previews",
    }


@require_safe
@signed_in
def previews(request: SignedInRequest, upload_id: UploadId) -> HttpResponse:
    """What each filter would make of an upload. While the cage is away or busy: 503, and when to ask again."""
    return JsonResponse(_pictures(request.viewer.person_id, upload_id))


@require_safe
@signed_in
def preview(request: SignedInRequest, upload_id: UploadId) -> HttpResponse:
    """An upload as it would be posted, for browsers that cannot draw it themselves."""
    made = upload_photo.preview(request.viewer.person_id, upload_id, composing.recipe(request.GET))
    response = HttpResponse(made.data, content_type="image/jpeg")
    response.headers["Cache-Control"] = "private, no-store"
    return response
