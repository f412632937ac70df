"""Errors as pages: what happened, what to do. Statuses of the web door live here and nowhere else.

Every HeliographError that leaves a view becomes a page, or one JSON sentence when our script asked. The
true cause goes to the log.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import quote

from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation, TooManyFieldsSent
from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotAllowed,
    HttpResponsePermanentRedirect,
    JsonResponse,
)
from django.middleware.csrf import REASON_NO_CSRF_COOKIE
from django.urls import Resolver404, resolve
from django.utils.encoding import iri_to_uri
from django.utils.html import escape
from django.utils.translation import gettext, gettext_noop

from heliograph.core import refused
from heliograph.core.errors import (
    Conflict,
    HeliographError,
    Invalid,
    Limited,
    NotAllowed,
    NotFound,
    NotSignedIn,
    Unavailable,
)
from heliograph.web import session
from heliograph.web.answers import local, see, wants_json
from heliograph.web.arriving import has_files
from heliograph.web.rendering import render

_log = logging.getLogger(__name__)


class _Look(NamedTuple):
    status: int
    title: str
    picture: str


_LOOKS: list[tuple[type[HeliographError], _Look]] = [
    (Invalid, _Look(400, gettext_noop("That did not fit"), "pen")),
    (NotFound, _Look(404, gettext_noop("There is nothing here"), "search")),
    (NotAllowed, _Look(403, gettext_noop("This is not open to you"), "lock")),
    (Conflict, _Look(409, gettext_noop("Something changed meanwhile"), "again")),
    (Limited, _Look(429, gettext_noop("A little slower"), "again")),
    (Unavailable, _Look(503, gettext_noop("We will be right back"), "again")),
]
_ANY = _Look(500, gettext_noop("Something broke on our side"), "again")
_BY_CODE = {
    "too_large": 413,
    "body_too_large": 413,
    "unsupported_type": 415,
    "too_slow": 408,
    "no_room": 507,
}
#: Where the sentence of an error speaks of what only programs know.
_FOR_PEOPLE = {
    "idempotency_key_reused": gettext_noop(
        "You sent this before, with other words. Send it once more if you want both."
    ),
}
_OTHER_DOORS = ("/v1/", "/m/")
_SOONEST = 5  # seconds until a page for "right back" loads itself again


class ErrorPages:
    """Middleware: turns the errors of flows and pages into answers."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        refusal = refused.why(request.META)
        if refusal is not None and not request.path.startswith(_OTHER_DOORS):
            told = answer(request, refusal)
            told._has_been_logged = True  # type: ignore[attr-defined]  # counted where it was refused
            return told
        response = self._get_response(request)
        if isinstance(response, HttpResponseNotAllowed) and not request.path.startswith(_OTHER_DOORS):
            return _wrong_method(request, response)
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(
            error, OperationalError | InterfaceError
        ):  # the directory, asked through Django's models
            error = Unavailable(cause=error)
        return answer(request, error) if isinstance(error, HeliographError) else None


def status_of(error: HeliographError) -> int:
    """The HTTP status of an error."""
    return _BY_CODE.get(error.code, _look(error).status)


def answer(request: HttpRequest, error: HeliographError) -> HttpResponse:
    """The page, or the sentence, of an error."""
    if error.cause:
        _log.info("%s %s: %s", request.method, request.path, error)
    if isinstance(error, NotSignedIn) and not wants_json(request):
        return see(session.SIGN_IN)
    look = _look(error)._replace(status=status_of(error))
    later = error.retry_after_seconds if isinstance(error, Unavailable) else 0
    response = _say(request, look, said(error), later=later)
    if isinstance(error, Limited | Unavailable):
        response.headers["Retry-After"] = str(error.retry_after_seconds)
    return response


def said(error: HeliographError) -> str:
    """The sentence of an error, for somebody who looks at a page."""
    return gettext(_FOR_PEOPLE.get(error.code, error.sentence))


def _look(error: HeliographError) -> _Look:
    return next((look for kind, look in _LOOKS if isinstance(error, kind)), _ANY)


def _say(request: HttpRequest, look: _Look, sentence: str, *, later: int = 0) -> HttpResponse:
    """`later`: seconds after which a page that was only looked at may try by itself."""
    if wants_json(request):
        return JsonResponse({"error": sentence}, status=look.status)
    looked = request.method in ("GET", "HEAD")
    context = {
        "title": gettext(look.title),
        "sentence": sentence,
        "picture": look.picture,
        "back": _back(request),
        "search": look.status == 404 and getattr(request, "viewer", None) is not None,
        "again": request.get_full_path() if looked and look.status >= 500 else "",
        "refresh": max(later, _SOONEST) if looked and later else 0,
        "ours": look.status >= 500,
    }
    response = _rendered(request, context, look.status)
    response.headers["Cache-Control"] = "private, no-store"
    if look.status < 500:
        session.tell_reader(request, response)
    return response


def _rendered(request: HttpRequest, context: dict[str, Any], status: int) -> HttpResponse:
    """The page in its frame; without one when even that is broken."""
    try:
        return render(request, "web/error.html", context, status=status)
    except Exception:
        _log.exception("the page of an error could not be rendered")
        words = f"<title>{escape(context['title'])}</title><h1>{escape(context['title'])}</h1>"
        return HttpResponse(f"<!doctype html>{words}<p>{escape(context['sentence'])}</p>", status=status)


def _back(request: HttpRequest) -> str:
    """The page that had the form, after a POST."""
    if request.method != "POST":
        return ""
    if has_files(request):
        return request.path
    try:
        return local(request.POST.get("next"), "")
    except (BadRequest, SuspiciousOperation):
        return ""  # the form cannot be read, which is what this page tells


def _frame(request: HttpRequest) -> None:
    """Let the page show who is signed in, when that can be found out."""
    try:
        session.look(request)
    except (HeliographError, DatabaseError):
        _log.info("who asked for %s could not be found out", request.path)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400 of Django itself: too many fields, a form as large as a photo."""
    _frame(request)
    if isinstance(exception, RequestDataTooBig | TooManyFieldsSent):
        look = _Look(413, gettext_noop("That is too much"), "pen")
        return _say(
            request, look, gettext("A form here cannot be this large. Shorten it, and send it once more.")
        )
    return _say(request, _look(Invalid()), gettext("Your browser sent something we do not understand."))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403 of Django itself."""
    _frame(request)
    return _say(request, _look(NotAllowed()), gettext("You cannot do that here."))


def stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 of the CSRF check: an old page, or a form of another site."""
    _frame(request)
    _log.info("%s %s: csrf: %s", request.method, request.path, reason)
    look = _Look(403, gettext_noop("This page is too old"), "again")
    if reason == REASON_NO_CSRF_COOKIE:
        sentence = gettext(
            "Forms here need a small cookie, against forms of other sites, and your browser sent none. Allow cookies "
            "of this site, load the page again, and send it once more."
        )
    else:
        sentence = gettext(
            "You may have signed in or out in another tab meanwhile. Go back, load the page again, and send it once "
            "more."
        )
    return _say(request, look, sentence)


def _wrong_method(request: HttpRequest, response: HttpResponseNotAllowed) -> HttpResponse:
    """405: an address that is only for a form, opened like a page, or the other way round."""
    _frame(request)
    look = _Look(405, gettext_noop("This is not a page"), "search")
    page = _say(
        request, look, gettext("This address belongs to a form. Find what you want from the home page.")
    )
    page.headers["Allow"] = response.headers["Allow"]
    return page


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404: no such address. One with a slash too many leads on: links of the API end in one, as they always did."""
    bare = _without_slash(request)
    if bare is not None:
        return HttpResponsePermanentRedirect(bare)
    _frame(request)
    return _say(request, _look(NotFound()), gettext("This does not exist, or is not visible to you."))


def _without_slash(request: HttpRequest) -> str | None:
    """The same address without its last slash, if a page is there; never one that names another host."""
    path = request.path_info
    bare = path.rstrip("/")
    if bare == path or not bare or path.startswith("//") or request.method not in ("GET", "HEAD"):
        return None
    try:
        resolve(bare)
    except Resolver404:
        return None
    query = request.META.get("QUERY_STRING", "")
    return iri_to_uri(quote(bare, safe="/@:") + (f"?{query}" if query else ""))


def broken(request: HttpRequest) -> HttpResponse:
    """500: our mistake. Asks nobody anything: whatever broke may break again."""
    sentence = gettext("It was written down, and nothing of yours was lost. Try again in a moment.")
    return _say(request, _ANY, sentence)
