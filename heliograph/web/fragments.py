"""Photo cards and other rows as HTML, rendered once for each content and then only filled in.

A page of twenty cards took 20 ms in Django's templates, twenty times an empty view. `pages.cards` gives the same
object for the same content, so its HTML is remembered by the object. What differs from page to page is a hole:
NUL, a name, NUL, which no text of people can contain (media/captions.py refuses NUL).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from heliograph.core import clock
from heliograph.pages.cards import CommentCard, PhotoCard
from heliograph.web import times

_REMEMBERED = 2000  # cards, each about 3 KB
_MARK = "\0"
_CSRF = "csrf"
_EXACT = "at "
_FIXED = 256  # parts by language


def hole(moment: datetime, *, exact: bool = False) -> str:
    """Where `how long ago`, or the exact time in the reader's zone, is filled in."""
    return f"{_MARK}{_EXACT if exact else ''}{moment.timestamp():.0f}{_MARK}"


def cards(
    photos: Iterable[PhotoCard], *, viewer_id: int | None, csrf_token: Any, language: str, eager: int = 0
) -> SafeString:
    """The cards of photos on the home page of this viewer, who is signed in; the first `eager` are fetched at once.

    All of them in one call: what is the same for the page is asked once, and Django's templates do not come between.
    """
    now, token, zone = clock.now(), str(csrf_token), timezone.get_current_timezone_name()
    page: list[str] = []
    for place, photo in enumerate(photos):
        for html, name in _pieces(photo, photo.owner.id == viewer_id, place < eager, language):
            page.append(html)
            if name:
                page.append(token if name == _CSRF else _time(name, now, zone, language))
    return mark_safe("".join(page))  # noqa: S308 - made by templates; tokens and times are ours


def row(
    name: str, key: Hashable, context: dict[str, Any], *, csrf_token: Any = "", language: str
) -> SafeString:
    """One of many rows of a page: the part `name`, remembered by `key`, which holds all that its HTML depends on.

    `context` is for the template. Times and the token against forged forms are holes, as in cards.
    """
    pieces = _row(name, _Known(key, context), language)
    if len(pieces) == 1:
        return pieces[0][0]
    now, zone = clock.now(), timezone.get_current_timezone_name()
    page: list[str] = []
    for html, hole in pieces:
        page.append(html)
        if hole:
            page.append(str(csrf_token) if hole == _CSRF else _time(hole, now, zone, language))
    return mark_safe("".join(page))  # noqa: S308 - made by templates; tokens and times are ours


def comment(
    comment: CommentCard, viewer_id: int | None, owner_id: int, csrf_token: Any, language: str
) -> SafeString:
    """A comment under a photo of `owner_id`, for its viewer."""
    may_delete = viewer_id is not None and viewer_id in (comment.author.id, owner_id)
    may_report = viewer_id is not None and viewer_id != comment.author.id
    return row(
        "comment",
        (comment.id, comment.text, comment.author, may_delete, may_report),  # nobody edits a comment
        {"comment": comment, "may_delete": may_delete, "may_report": may_report},
        csrf_token=csrf_token,
        language=language,
    )


class _Known:
    """Values for a template that are the same when their key is."""

    __slots__ = ("_hash", "key", "values")

    def __init__(self, key: Hashable, values: dict[str, Any]) -> None:
        self.key = key
        self.values = values
        self._hash = hash(key)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Known) and self.key == other.key


@lru_cache(maxsize=4 * _REMEMBERED)
def _row(name: str, known: _Known, language: str) -> tuple[tuple[SafeString, str], ...]:
    context = known.values | {"with_holes": True, "csrf_token": f"{_MARK}{_CSRF}{_MARK}"}
    html = render_to_string(f"web/parts/{name}.html", context)
    pieces = [*(mark_safe(piece) for piece in html.split(_MARK)), mark_safe("")]  # noqa: S308 - made by a template
    return tuple(zip(pieces[::2], pieces[1::2], strict=True))


def _time(name: str, now: datetime, zone: str, language: str) -> str:
    if name.startswith(_EXACT):
        return _exact(name.removeprefix(_EXACT), zone, language)
    return times.relative(datetime.fromtimestamp(int(name), UTC), now, language)


@lru_cache(maxsize=2 * _REMEMBERED)
def _exact(seconds: str, zone: str, language: str) -> str:
    """In the zone and the language that are active."""
    return times.exact(datetime.fromtimestamp(int(seconds), UTC))


@lru_cache(maxsize=_REMEMBERED)
def _pieces(photo: PhotoCard, own: bool, eager: bool, language: str) -> tuple[tuple[str, str], ...]:
    """HTML, and the name of the hole after it; none after the last."""
    context = {
        "photo": photo,
        "own": own,
        "eager": eager,
        "here": "/",
        "with_holes": True,
        "csrf_token": f"{_MARK}{_CSRF}{_MARK}",
    }
    pieces = [*render_to_string("web/parts/card.html", context).split(_MARK), ""]
    return tuple(zip(pieces[::2], pieces[1::2], strict=True))


@lru_cache(maxsize=_FIXED)
def fixed(name: str, language: str) -> SafeString:
    """A part of every page that depends on nothing but the language, which is active."""
    return render_to_string(f"web/parts/{name}.html")


@lru_cache(maxsize=_FIXED)
def head(theme: str, language: str) -> SafeString:
    """How every page begins, by what it depends on; the language is active."""
    return render_to_string("web/parts/frame_head.html", {"theme_now": theme})


def tabs(current: str, username: str, language: str, unread: bool | None = None) -> SafeString:
    """The tabs of somebody signed in; only the way to their own page is theirs. `unread`: None for not known."""
    before, after = _tabs(current, language, unread)
    mine = f"/@{escape(username)}" if username else "/me"
    return mark_safe(f"{before}{mine}{after}")  # noqa: S308 - made by a template; the name is escaped


@lru_cache(maxsize=_FIXED)
def _tabs(current: str, language: str, unread: bool | None) -> tuple[str, str]:
    context = {"tab": current, "mine": _MARK, "unread": unread}
    before, _, after = render_to_string("web/parts/tabs.html", context).partition(_MARK)
    return before, after
