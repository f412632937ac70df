"""How a browser's person likes the pages: their colours and their clock.

Cookies, not rows: the first paint is right without a script and without asking anybody, and a phone may be dark while
the desk is light.

    theme       light | dark      chosen in the settings; none: as the system says
    zone        Europe/Berlin     chosen in the settings
    zone_here   Europe/Berlin     what the browser's own clock says, told by js/zone.js; counts when none is chosen
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, timedelta, tzinfo
from functools import cache, lru_cache
from typing import Literal
from zoneinfo import ZoneInfo, available_timezones

from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from heliograph.core import environment

Theme = Literal["", "light", "dark"]

THEME, ZONE, ZONE_HERE = "theme", "zone", "zone_here"
THEMES: tuple[Theme, ...] = ("", "light", "dark")

_KEPT = timedelta(days=400)  # the most that browsers keep
_ZONE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}")
_LONGEST_ZONE = 64
#: Zones by place; the others of the database are old names of the same.
_REGIONS = frozenset(
    {
        "Africa",
        "America",
        "Antarctica",
        "Arctic",
        "Asia",
        "Atlantic",
        "Australia",
        "Europe",
        "Indian",
        "Pacific",
    }
)
_SPEECHLESS = ("/m/", "/v1/", "/static/")


class Clock:
    """Middleware: times on a page are in its reader's zone. Without a cookie that is UTC."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path.startswith(_SPEECHLESS):
            timezone.activate(zone(request))
        return self._get_response(request)


def theme(request: HttpRequest) -> Theme:
    """What was chosen; empty: as the system says."""
    said = request.COOKIES.get(THEME, "")
    return said if said in THEMES else ""


def zone(request: HttpRequest) -> tzinfo:
    """The zone of this browser's person."""
    cookies = request.COOKIES
    return known_zone(cookies.get(ZONE, "")) or known_zone(cookies.get(ZONE_HERE, "")) or UTC


def chosen_zone(request: HttpRequest) -> str:
    """The zone that was chosen in the settings, if there is one of this name."""
    said = request.COOKIES.get(ZONE, "")
    return said if known_zone(said) else ""


def zone_here(request: HttpRequest) -> str:
    """What the browser's own clock says, if it told."""
    said = request.COOKIES.get(ZONE_HERE, "")
    return said if known_zone(said) else ""


@lru_cache(maxsize=1000)
def known_zone(name: str) -> tzinfo | None:
    """The zone of a name that somebody sent; None when there is none."""
    if len(name) > _LONGEST_ZONE or not _ZONE_NAME.fullmatch(name):
        return None
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, LookupError):
        return None


@cache
def zones() -> list[tuple[str, list[tuple[str, str]]]]:
    """All zones to choose from: (region, [(name, its place in words)])."""
    regions: dict[str, list[tuple[str, str]]] = {}
    for name in sorted(available_timezones()):
        region, _, place = name.partition("/")
        if region in _REGIONS:
            regions.setdefault(region, []).append((name, place.replace("_", " ").replace("/", ", ")))
    return [*regions.items(), ("UTC", [("UTC", "UTC")])]


def keep(response: HttpResponseBase, chosen: Iterable[tuple[str, str]]) -> None:
    """Write down what was chosen, by cookie; empty: nothing is chosen any more."""
    for name, value in chosen:
        if value:
            response.set_cookie(
                name, value, max_age=_KEPT, samesite="Lax", httponly=True, secure=environment.get().secure
            )
        else:
            response.delete_cookie(name, samesite="Lax")
