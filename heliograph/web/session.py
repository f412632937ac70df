"""Who is looking at a page: the cookie of a web session, and nothing of `request.user`."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec
from urllib.parse import quote

from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect, JsonResponse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext

from heliograph.pages import who
from heliograph.sharding.ids import PersonId
from heliograph.web.answers import wants_json
from heliograph.web.arriving import has_files

COOKIE = "session"
SIGN_IN = "/sign-in"
READER = "Heliograph-Reader"

P = ParamSpec("P")


class PageRequest(HttpRequest):
    """A request of which we know who asks, or that nobody is signed in."""

    viewer: who.Viewer | None
    feed: list[bytes] | None  # the viewer's list as it came along; only where `with_feed` asked for it


def viewer_id(request: PageRequest | SignedInRequest) -> PersonId | None:
    """The person who looks, if they are signed in."""
    return request.viewer.person_id if request.viewer else None


class SignedInRequest(HttpRequest):
    """A request of somebody who is signed in."""

    viewer: who.Viewer


View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def look(request: HttpRequest) -> who.Viewer | None:
    """The person this browser is signed in as; asked once a request."""
    if not hasattr(request, "viewer"):
        key = request.COOKIES.get(COOKIE)
        request.viewer = who.from_web_session(key) if key else None  # type: ignore[attr-defined]
    return request.viewer  # type: ignore[attr-defined,no-any-return]


def open_to_all(view: Callable[Concatenate[PageRequest, P], HttpResponseBase]) -> View[P]:
    """For pages that strangers may see: `request.viewer` is a Viewer or None."""

    @wraps(view)
    def inner(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        look(request)
        return _kept_private(request, view(request, *args, **kwargs))  # type: ignore[arg-type]

    return inner


def with_feed(view: Callable[Concatenate[PageRequest, P], HttpResponseBase]) -> View[P]:
    """`open_to_all` for the home page: the viewer's feed is read in the round trip that tells who they are."""

    @wraps(view)
    def inner(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        key = request.COOKIES.get(COOKIE)
        found = who.from_web_session_and_feed(key) if key else (None, None)
        request.viewer, request.feed = found  # type: ignore[attr-defined]
        return _kept_private(request, view(request, *args, **kwargs))  # type: ignore[arg-type]

    return inner


def signed_in(view: Callable[Concatenate[SignedInRequest, P], HttpResponseBase]) -> View[P]:
    """For everything that needs somebody: others are sent to the sign-in page and come back."""

    @wraps(view)
    def inner(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if look(request) is None:
            return _kept_private(request, _to_sign_in(request))
        return _kept_private(request, view(request, *args, **kwargs))  # type: ignore[arg-type]

    return inner


def _to_sign_in(request: HttpRequest) -> HttpResponseBase:
    if wants_json(request):
        return JsonResponse({"error": gettext("Sign in first.")}, status=401)
    # After a POST one comes back to the page that had the form, not to the address of the deed.
    looks = request.method in {"GET", "HEAD"} or has_files(request)
    target = request.get_full_path() if looks else request.POST.get("next", "/")
    return HttpResponseRedirect(f"{SIGN_IN}?next={quote(target, safe='/')}", status=303)


def _kept_private(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Pages differ by who looks: no cache on the way may keep them, and a personal one not even the browser's.

    What a browser keeps in its history is readable after signing out; only the worker of the site (js/worker.js)
    keeps personal pages, and lets them go in time.
    """
    viewer = getattr(request, "viewer", None)
    response.headers.setdefault("Cache-Control", "private, no-store" if viewer else "private, no-cache")
    patch_vary_headers(response, ["Cookie"])
    return tell_reader(request, response)


def tell_reader(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Say whose page this is, for the worker of the site; nothing where nobody asked who looks."""
    if hasattr(request, "viewer"):
        viewer = request.viewer
        response.headers[READER] = str(viewer.person_id) if viewer else "none"
    return response
