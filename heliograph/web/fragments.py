"""Photo cards as HTML, rendered once for each content and then only filled in.

A page of twenty cards took 20 ms in Django's templates, twenty times an empty view. `pages.cards` gives the same
object for the same content, so its HTML is remembered by the object. What differs from page to page is a hole:
NUL, a name, NUL, which no text of people can contain (media/captions.py refuses NUL).
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from heliograph.core import clock
from heliograph.pages.cards import PhotoCard
from heliograph.web import times

_REMEMBERED = 2000  # cards, each about 3 KB
_MARK = "\0"
_CSRF = "csrf"
_EXACT = "at "
_FIXED = 256  # parts by language


def hole(moment: datetime, *, exact: bool = False) -> str:
    """Where `how long ago`, or the exact time in the reader's zone, is filled in."""
    return f"{_MARK}{_EXACT if exact else ''}{moment.timestamp():.0f}{_MARK}"


def card(
    photo: PhotoCard, *, viewer_id: int | None, csrf_token: Any, language: str, eager: bool
) -> SafeString:
    """The card of a photo on the home page of this viewer, who is signed in."""
    pieces = list(_pieces(photo, photo.owner.id == viewer_id, eager, language))
    now, token, zone = clock.now(), str(csrf_token), timezone.get_current_timezone_name()
    for at in range(1, len(pieces), 2):
        name = pieces[at]
        pieces[at] = token if name == _CSRF else _time(name, now, zone, language)
    return mark_safe("".join(pieces))  # noqa: S308 - made by templates; tokens and times are ours


def _time(name: str, now: datetime, zone: str, language: str) -> str:
    if name.startswith(_EXACT):
        return _exact(name.removeprefix(_EXACT), zone, language)
    return times.relative(datetime.fromtimestamp(int(name), UTC), now)


@lru_cache(maxsize=2 * _REMEMBERED)
def _exact(seconds: str, zone: str, language: str) -> str:
    """In the zone and the language that are active."""
    return times.exact(datetime.fromtimestamp(int(seconds), UTC))


@lru_cache(maxsize=_REMEMBERED)
def _pieces(photo: PhotoCard, own: bool, eager: bool, language: str) -> tuple[str, ...]:
    """HTML and the names of holes, in turns."""
    context = {
        "photo": photo,
        "own": own,
        "eager": eager,
        "here": "/",
        "with_holes": True,
        "csrf_token": f"{_MARK}{_CSRF}{_MARK}",
    }
    return tuple(render_to_string("web/parts/card.html", context).split(_MARK))


@lru_cache(maxsize=_FIXED)
def fixed(name: str, language: str) -> SafeString:
    """A part of every page that depends on nothing but the language, which is active."""
    return render_to_string(f"web/parts/{name}.html")


def tabs(current: str, username: str, language: str) -> SafeString:
    """The tabs of somebody signed in; only the way to their own page is theirs."""
    before, after = _tabs(current, language)
    mine = f"/@{escape(username)}" if username else "/me"
    return mark_safe(f"{before}{mine}{after}")  # noqa: S308 - made by a template; the name is escaped


@lru_cache(maxsize=_FIXED)
def _tabs(current: str, language: str) -> tuple[str, str]:
    before, _, after = render_to_string("web/parts/tabs.html", {"tab": current, "mine": _MARK}).partition(
        _MARK
    )
    return before, after
