"""Who is looking at a page: the cookie of a web session, and nothing of `request.user`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Concatenate, ParamSpec
from urllib.parse import quote

from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect, JsonResponse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext

from heliograph.core import environment
from heliograph.pages import who
from heliograph.sharding.ids import PersonId
from heliograph.web.answers import wants_json
from heliograph.web.arriving import has_files

COOKIE = "session"
_FOR_THIS_HOST = (
    "__Host-session"  # a browser takes it from this host alone, over https, for all of its addresses
)
SIGN_IN = "/sign-in"
READER = "Heliograph-Reader"
_LIVES = timedelta(days=400)  # the most that browsers keep; the directory decides (accounts/browsers.py)

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


def cookie_name() -> str:
    """The name under which a browser is given its key. Without https a name with a prefix would be refused."""
    return _FOR_THIS_HOST if environment.get().secure else COOKIE


def key_of(request: HttpRequest) -> str | None:
    """What this browser keeps of being signed in."""
    return next(iter(keys_of(request)), None)


def keys_of(request: HttpRequest) -> list[str]:
    """The same under each of its names. The older name counts where the newer one is not there: whoever was signed
    in before, or before the address became https, stays so.
    """
    return [key for name in dict.fromkeys((cookie_name(), COOKIE)) if (key := request.COOKIES.get(name))]


def give_key(response: HttpResponseBase, key: str) -> None:
    """Sign the browser in that gets this answer."""
    secure = environment.get().secure
    response.set_cookie(cookie_name(), key, max_age=_LIVES, httponly=True, samesite="Lax", secure=secure)
    if secure:
        response.delete_cookie(COOKIE, samesite="Lax")


def take_key(response: HttpResponseBase) -> None:
    """Sign it out."""
    for name in {COOKIE, cookie_name()}:
        # A browser takes nothing about such a name, not even its end, without Secure.
        response.set_cookie(name, "", max_age=0, httponly=True, samesite="Lax", secure=name == _FOR_THIS_HOST)


def look(request: HttpRequest) -> who.Viewer | None:
    """The person this browser is signed in as; asked once a request."""
    if not hasattr(request, "viewer"):
        key = key_of(request)
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
        key = key_of(request)
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
    if viewer and cookie_name() not in {COOKIE, *request.COOKIES, *response.cookies}:
        give_key(response, request.COOKIES[COOKIE])  # under its older name until now
    patch_vary_headers(response, ["Cookie"])
    return tell_reader(request, response)


def tell_reader(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Say whose page this is, for the worker of the site; nothing where nobody asked who looks."""
    if hasattr(request, "viewer"):
        viewer = request.viewer
        response.headers[READER] = str(viewer.person_id) if viewer else "none"
    return response
