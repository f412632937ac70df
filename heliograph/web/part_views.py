"""`/post/uploads/start` and `/post/uploads/parts/…`: a photo in chunks, for the script of the composer.

Always JSON. A chunk at the wrong place is answered with 409 and the right one, so that the script can go on there.
"""

from __future__ import annotations

import json
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from heliograph.core.errors import Invalid
from heliograph.flows import upload_parts
from heliograph.flows.upload_parts import State
from heliograph.media.errors import WrongOffset
from heliograph.media.parts import CHUNK
from heliograph.web import arriving
from heliograph.web.post_views import facts
from heliograph.web.session import SignedInRequest, signed_in

_DIGITS = 10  # of an offset


@require_POST
@signed_in
def start(request: SignedInRequest) -> HttpResponse:
    """Begin with `{"length": n}`: 201; the same Idempotency-Key finds the session again: 200."""
    key = request.headers.get("Idempotency-Key") or None
    state = upload_parts.start(request.viewer.person_id, _length(request), idempotency_key=key)
    new = state.offset == 0 and state.upload is None
    return JsonResponse(_told(state) | {"chunk": CHUNK}, status=201 if new else 200)


@require_http_methods(["GET", "HEAD", "PATCH"])
@signed_in
def part(request: SignedInRequest, token: str) -> HttpResponse:
    """How far a session is; or its next chunk, as the body, with its place in `Upload-Offset`."""
    owner_id = request.viewer.person_id
    if request.method != "PATCH":
        return JsonResponse(_told(upload_parts.look(owner_id, token)))
    try:
        return JsonResponse(
            _told(upload_parts.add(owner_id, token, _offset(request), arriving.Body(request)))
        )
    except WrongOffset as error:
        return JsonResponse({"offset": error.offset, "error": gettext(error.sentence)}, status=409)


def _told(state: State) -> dict[str, Any]:
    told = {"session": state.session, "offset": state.offset}
    return told | facts(state.upload) if state.upload else told


def _length(request: SignedInRequest) -> int:
    try:
        said = json.loads(request.body)
    except (ValueError, RecursionError, RequestDataTooBig) as error:
        raise Invalid(cause=error) from None
    length = said.get("length") if isinstance(said, dict) else None
    if not isinstance(length, int) or isinstance(length, bool):
        raise Invalid(cause=f"length {length!r:.40}")
    return length


def _offset(request: SignedInRequest) -> int:
    text = request.headers.get("Upload-Offset", "")
    if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS):
        raise Invalid(cause=f"offset {text!r:.40}")
    return int(text)
