"""Photo cards and other rows as HTML, rendered once for each content and then only filled in.

`pages.cards` gives the same object for the same content, so its HTML is remembered by the object. What differs from
page to page is a hole: NUL, a name, NUL, which no text of people can contain (media/captions.py refuses NUL).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from html import escape
from typing import Any

from markupsafe import Markup

from heliograph.core import clock
from heliograph.graph.relations import Outgoing
from heliograph.pages.cards import CommentCard, PersonCard, PhotoCard
from heliograph.pages.search import Found
from heliograph.pages.who import Viewer
from heliograph.web import forged, look, templating, times

_REMEMBERED = 2000  # cards, each about 3 KB
_MARK = "\0"
_CSRF = "csrf"
_HERE = "here"
_EXACT = "at "
_TILES_AT_ONCE = 9  # that are fetched before anybody scrolls


def _ago(moment: datetime) -> Markup:
    """`ago` of the templates, with holes where the exact time and `how long ago` are filled in."""
    seconds = f"{moment.timestamp():.0f}"
    return look.dated(moment, f"{_MARK}{_EXACT}{seconds}{_MARK}", f"{_MARK}{seconds}{_MARK}")


#: What templates are given instead of what differs from page to page.
_HOLES = {"ago": _ago, "csrf_input": forged.field(f"{_MARK}{_CSRF}{_MARK}")}


def cards(photos: Iterable[PhotoCard], viewer: Viewer, token: object, eager: int = 0) -> Markup:
    """The photos of a page, for its viewer; the first `eager` are fetched before anybody scrolls.

    All of them in one call: what is the same for the page is asked once.
    """
    at, now, token = times.here(), clock.now(), str(token)
    page: list[str] = []
    me = viewer.person_id
    for place, photo in enumerate(photos):
        named = me if photo.liked and any(one.id == me for one in photo.newest_likers) else 0
        for html, name in _pieces(photo, photo.owner.id == me, place < eager, at.language, named):
            page.append(html)
            if name:
                page.append(token if name == _CSRF else _time(name, now, at))
    return Markup("".join(page))  # noqa: S704 - made by templates; tokens and times are ours


def squares(photos: Iterable[PhotoCard], eager: int) -> Markup:
    """The photos of a grid; the first `eager` are fetched before anybody scrolls."""
    zone = times.here().zone  # the day of the photo is in its name
    rows = (
        _Known((photo, place < eager, zone), {"photo": photo, "lazy": place >= eager})
        for place, photo in enumerate(photos)
    )
    return _rows("square", rows)


def tiles(photos: Iterable[PhotoCard]) -> Markup:
    """The photos of the first page of strangers."""
    rows = (
        _Known((photo, place < _TILES_AT_ONCE), {"photo": photo, "lazy": place >= _TILES_AT_ONCE})
        for place, photo in enumerate(photos)
    )
    return _rows("tile", rows)


def said(comments: Iterable[CommentCard], owner_id: int, viewer: Viewer | None, token: object) -> Markup:
    """Comments under a photo of `owner_id`, for their viewer."""
    me = viewer.person_id if viewer else None
    return _rows("comment", (_comment(comment, owner_id, me) for comment in comments), token)


def _comment(comment: CommentCard, owner_id: int, viewer_id: int | None) -> _Known:
    mine = viewer_id == comment.author.id
    may_delete = mine or viewer_id == owner_id
    may_report = viewer_id is not None and not mine
    return _Known(
        (comment.id, comment.text, comment.author, may_delete, may_report),  # nobody edits a comment
        {"comment": comment, "may_delete": may_delete, "may_report": may_report},
    )


def met(
    people: Iterable[PersonCard],
    outgoing: Mapping[int, Outgoing],
    viewer: Viewer,
    token: object,
    here: str,
    removable: bool = False,
) -> Markup:
    """People in a list, each with a button to follow them; `here` is the page to come back to. `removable`: the
    viewer's followers, each with a button to remove them."""
    rows = (_person(one, outgoing[one.id], viewer, removable=removable) for one in people)
    return _rows("person_row", rows, token, here)


def found_rows(found: Iterable[Found], viewer: Viewer, token: object, here: str) -> Markup:
    """People who were looked for, each with a button to follow them."""
    rows = (_person(one.person, one.outgoing, viewer, found=True) for one in found)
    return _rows("person_row", rows, token, here)


def _person(
    one: PersonCard, outgoing: Outgoing, viewer: Viewer, *, removable: bool = False, found: bool = False
) -> _Known:
    followable = one.id != viewer.person_id and not (removable and outgoing != "none")
    status = outgoing if followable else None
    return _Known(
        (one, status, removable, found),
        {
            "person": one,
            "status": status,
            "removable": removable,
            "found": found,
            "classes": "little",
            "here": f"{_MARK}{_HERE}{_MARK}",
        },
    )


#: Rows as templates ask for them.
ROWS = {
    "cards": cards,
    "found_rows": found_rows,
    "met": met,
    "said": said,
    "squares": squares,
    "tiles": tiles,
}


def _rows(name: str, rows: Iterable[_Known], token: object = "", here: str = "") -> Markup:
    """Rows of a page: the part `name` with the values of each, remembered by its key, which holds all that its
    HTML depends on. Times, the token against forged forms and the page's address are holes, as in cards."""
    at, now, given = times.here(), clock.now(), {_CSRF: token, _HERE: escape(here)}
    page: list[str] = []
    for row in rows:
        for html, hole in _remembered(name, row, at.language):
            page.append(html)
            if hole:
                page.append(str(given[hole]) if hole in given else _time(hole, now, at))
    return Markup("".join(page))  # noqa: S704 - made by templates; tokens and times are ours


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
def _remembered(name: str, known: _Known, language: str) -> tuple[tuple[str, str], ...]:
    return _cut(name, known.values, language)


@lru_cache(maxsize=_REMEMBERED)
def _pieces(photo: PhotoCard, own: bool, eager: bool, language: str, me: int) -> tuple[tuple[str, str], ...]:
    """`me`: the viewer, when they are among the newest who like it; else 0, and the card is everybody's."""
    return _cut("card", {"photo": photo, "own": own, "eager": eager, "me": me}, language)


def _cut(name: str, values: dict[str, Any], language: str) -> tuple[tuple[str, str], ...]:
    """Pieces of HTML, and the name of the hole after each; none after the last."""
    html = templating.templates(language).get_template(f"web/parts/{name}.html").render(values | _HOLES)
    pieces = [*str(html).split(_MARK), ""]
    return tuple(zip(pieces[::2], pieces[1::2], strict=True))


def _time(name: str, now: datetime, at: times.Here) -> str:
    moment = datetime.fromtimestamp(int(name.removeprefix(_EXACT)), UTC)
    return times.exact(moment, at) if name.startswith(_EXACT) else times.relative(moment, now, at)
