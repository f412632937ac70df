"""Errors as pages: what happened, what to do. Statuses of the web door live here and nowhere else.

Every HeliographError that leaves a view becomes a page, or one JSON sentence when our script asked. The
true cause goes to the log.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import quote

from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponsePermanentRedirect,
    JsonResponse,
)
from django.shortcuts import render
from django.urls import Resolver404, resolve
from django.utils.encoding import iri_to_uri
from django.utils.translation import gettext, gettext_noop

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
_BY_CODE = {"too_large": 413}


class ErrorPages:
    """Middleware: turns the errors of flows and pages into answers."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self._get_response(request)

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
    response = _say(request, look, gettext(error.sentence))
    if isinstance(error, Limited | Unavailable):
        response.headers["Retry-After"] = str(error.retry_after_seconds)
    return response


def _look(error: HeliographError) -> _Look:
    return next((look for kind, look in _LOOKS if isinstance(error, kind)), _ANY)


def _say(request: HttpRequest, look: _Look, sentence: str) -> HttpResponse:
    if wants_json(request):
        return JsonResponse({"error": sentence}, status=look.status)
    context = {
        "title": gettext(look.title),
        "sentence": sentence,
        "picture": look.picture,
        "back": _back(request),
    }
    response = render(request, "web/error.html", context, status=look.status)
    response.headers["Cache-Control"] = "private, no-store"
    if look.status < 500:
        session.tell_reader(request, response)
    return response


def _back(request: HttpRequest) -> str:
    """The page that had the form, after a POST."""
    if request.method != "POST":
        return ""
    return request.path if has_files(request) else local(request.POST.get("next"), "")


def _frame(request: HttpRequest) -> None:
    """Let the page show who is signed in, when that can be found out."""
    try:
        session.look(request)
    except (HeliographError, DatabaseError):
        _log.info("who asked for %s could not be found out", request.path)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400 of Django itself: too many fields, a suspicious host."""
    _frame(request)
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
    return _say(request, look, gettext("Go back, load the page again, and send it once more."))


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
