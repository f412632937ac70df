"""The ways in which this door answers a form: back to the page, or a few words of JSON for its script."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode

from heliograph.sharding.idempotency import LONGEST_KEY


def wants_json(request: HttpRequest) -> bool:
    """Whether our own script asks; a form sent without scripts wants a page."""
    return request.headers.get("Accept", "") == "application/json"


def wants_part(request: HttpRequest) -> bool:
    """Whether our own script wants a list without the frame around it."""
    return request.GET.get("part") == "1"


def asked_count(request: HttpRequest, default: int) -> int:
    """How many items a part is to have: our script asks for what somebody who comes back had before them."""
    asked = request.GET.get("count", "") if wants_part(request) else ""
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) <= 3 else default


def after(cursor: str | None) -> str:
    """Where the next page of a list is, from where its first one is; nothing after the last."""
    return "?" + urlencode({"after": cursor}) if cursor else ""


def local(address: str | None, default: str = "/") -> str:
    """The address if it is one of ours (a path), else the default: no open redirects."""
    if address and address.startswith("/") and url_has_allowed_host_and_scheme(address, allowed_hosts=None):
        return address
    return default


def key_of(request: HttpRequest) -> str | None:
    """The form's `key`, which makes a second click the same deed; None when somebody has put nonsense there."""
    key = request.POST.get("key", "")
    return key if 0 < len(key) <= LONGEST_KEY and key.isprintable() else None


def see(address: str) -> HttpResponse:
    """303: look at this page now."""
    return HttpResponseRedirect(address, status=303)


def done(request: HttpRequest, default: str = "/", **facts: object) -> HttpResponse:
    """After a deed: its facts for a script, else back to the page that had the form (`next`)."""
    if wants_json(request):
        return JsonResponse(facts)
    return see(local(request.POST.get("next"), default))
