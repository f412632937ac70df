"""What templates can ask for: icons, avatars, relative times, short numbers, captions."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Protocol

from django.conf import settings
from django.utils.formats import date_format, number_format
from django.utils.html import escape, format_html, format_html_join, linebreaks
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import localtime
from django.utils.translation import get_language, gettext, ngettext, pgettext
from markupsafe import Markup

from heliograph.core import clock
from heliograph.media import errors as media_errors
from heliograph.pages.cards import PhotoCard
from heliograph.sharding import ids
from heliograph.web import shell, times

_REMEMBERED = 10_000  # short words
_SHORT_FROM = 10_000


class _Face(Protocol):
    @property
    def avatar_url(self) -> str: ...


def text(value: object) -> str:
    """What a template puts out: escaped, unless it is markup."""
    if type(value) is str:
        return html.escape(value)
    if type(value) is int:
        return str(value)
    markup = getattr(value, "__html__", None)
    return str(markup()) if markup is not None else html.escape(str(value))


def counted(one: str, many: str, number: int, /, **given: object) -> Markup:
    """The sentence for this number, with what is `given` in its places."""
    return Markup(ngettext(one, many, number)) % given  # noqa: S704 - a sentence of ours


def icon(name: str, classes: str = "") -> Markup:
    """One of our own strokes, from the sprite; silent for screen readers."""
    return Markup(  # noqa: S704 - the names are written in our templates
        f'<svg class="i {classes}" aria-hidden="true"><use href="{settings.STATIC_URL}img/icons.svg#{name}"/></svg>'
    )


def avatar(person: _Face, size: int = 36) -> SafeString:
    """A face of 20, 36, 44 or 88 pixels. Decoration: the name always stands beside it."""
    if not person.avatar_url:
        return format_html('<span class="avatar s{}">{}</span>', size, icon("me"))
    return format_html(
        '<img class="avatar s{0}" src="{1}" width="{0}" height="{0}" alt="" loading="lazy" decoding="async">',
        size,
        person.avatar_url,
    )


@lru_cache(_REMEMBERED)
def code(photo_id: int) -> str:
    """The id as it stands in addresses."""
    return ids.short_code(photo_id)


def short(number: int) -> str:
    """1,204; 12.4k above ten thousand; 3.1m above a million. Rounded down: nobody gets a like they lack.

    Languages that count in ten thousands say so in their catalogue (Japanese: 1.2万).
    """
    return _short(number, get_language() or "")


@lru_cache(_REMEMBERED)
def _short(number: int, language: str) -> str:
    """In the language that is active, which is this one: Django's way is long, and a profile has four of them."""
    if number < _SHORT_FROM:
        return number_format(number, force_grouping=True)
    # Translators: what the short form of numbers counts in: "1000" (12.4k) or "10000" (1.2万)
    tens = pgettext("unit of short numbers", "1000") == "10000"
    thousands, millions = (10_000, 100_000_000) if tens else (1000, 1_000_000)
    if number < millions:
        # Translators: a number in the smaller unit, as in 12.4k
        return gettext("%(number)sk") % {"number": _tenths(number, thousands)}
    # Translators: a number in the larger unit, as in 3.1m
    return gettext("%(number)sm") % {"number": _tenths(number, millions)}


def _tenths(number: int, unit: int) -> str:
    tenths = number * 10 // unit
    return number_format(tenths / 10, decimal_pos=1 if tenths % 10 else 0)


def likes_line(photo: PhotoCard, me: int = 0, faces: bool = False) -> SafeString:
    """`Liked by bob and 12 others`, the way to who they are; `me` is the viewer, who is not told of themself.

    With what it would say after the viewer's click: scripts count without knowing a language. `faces`: of up to three.
    """
    named = me if any(one.id == me for one in photo.newest_likers) else 0
    return _likes_line(photo, named, faces, get_language() or "")


@lru_cache(2000)
def _likes_line(photo: PhotoCard, me: int, faces: bool, language: str) -> SafeString:
    """In the language that is active, which is this one. The same content is the same card."""
    others = max(0, photo.likes - photo.liked)
    known = [one for one in photo.newest_likers if one.id != me]
    name = known[0].username if known else ""
    with_me, without_me = _liked_by(name, others + 1), _liked_by(name, others)
    return format_html(
        '<p class="likes">{}<a href="/p/{}/likes" data-likes data-on="{}" data-off="{}">{}</a></p>',
        format_html(
            '<span class="faces">{}</span>', format_html_join("", "{}", ((avatar(one, 20),) for one in known))
        )
        if faces and known
        else "",
        code(photo.id),
        with_me,
        without_me,
        with_me if photo.liked else without_me,
    )


def likes_count(photo: PhotoCard) -> SafeString:
    """`1,204 likes`, for who is not signed in: a number and no names."""
    return format_html('<p class="likes">{}</p>', _likes(photo.likes))


def _liked_by(name: str, number: int) -> str:
    if not name or not number:
        return _likes(number)
    if number == 1:
        return gettext("Liked by %(name)s") % {"name": name}
    values = {"name": name, "number": short(number - 1)}
    said = ngettext(
        "Liked by %(name)s and %(number)s other", "Liked by %(name)s and %(number)s others", number - 1
    )
    return said % values


def _likes(number: int) -> str:
    if number == 0:
        return gettext("No likes yet")
    return ngettext("%(number)s like", "%(number)s likes", number) % {"number": short(number)}


def ago(moment: datetime) -> Markup:
    """How long ago, in a word; the exact time in `datetime` and `title`."""
    at = times.here()
    return dated(moment, times.exact(moment, at), times.relative(moment, clock.now(), at))


def dated(moment: datetime, exact: str, words: str) -> Markup:
    """A moment for programs and for people."""
    return Markup(  # noqa: S704 - escaped
        f'<time datetime="{moment.isoformat(timespec="seconds")}" title="{escape(exact)}">{escape(words)}</time>'
    )


def moment(at: datetime) -> SafeString:
    """A moment as date and time of the reader's zone, for what happened rather than what is new."""
    return format_html('<time datetime="{}">{}</time>', at.isoformat(timespec="seconds"), times.plain(at))


def module_links() -> Markup:
    """Every module of js/main.js, so that they come at once and not one after the other."""
    links = (
        f'<link rel="modulepreload" fetchpriority="low" href="{settings.STATIC_URL}{name}">'
        for name in shell.modules()
    )
    return Markup("".join(links))  # noqa: S704 - names of our own files


def rich(text: str, entities: Sequence[Mapping[str, Any]] | None = None) -> SafeString:
    """A caption with its tags and mentions marked; everything else escaped.

    Entities as media/captions.py stores them. What does not fit the text is left out: text wins.
    """
    pieces: list[str] = []
    at = 0
    for entity in sorted(entities or (), key=lambda e: int(e["start"])):
        start, end = int(entity["start"]), int(entity["end"])
        if not at <= start < end <= len(text):
            continue
        pieces += [escape(text[at:start]), _entity(text[start:end], entity)]
        at = end
    pieces.append(escape(text[at:]))
    return mark_safe("".join(pieces))  # noqa: S308 - every piece was escaped


def _entity(words: str, entity: Mapping[str, Any]) -> str:
    if entity.get("type") == "mention":
        return format_html('<a class="tag" dir="ltr" href="/@{}">{}</a>', entity["name"], words)
    return format_html('<span class="tag" dir="auto">{}</span>', words)


def failure(error_code: str) -> str:
    """Why a photo could not be developed, for its owner."""
    leaf = media_errors.BY_CODE.get(error_code, media_errors.Unprocessable)
    return gettext(leaf().sentence)


def host(address: str) -> str:
    """An address as people say it: without https:// and the last slash."""
    return address.removeprefix("https://").removeprefix("http://").removesuffix("/")


def date(moment: datetime, letters: str) -> str:
    """A moment in the reader's zone, in the letters of Django's date format."""
    return date_format(localtime(moment), letters)


def paragraphs(text: str) -> Markup:
    """A text with its line breaks; everything in it is escaped."""
    return Markup(linebreaks(text, autoescape=True))  # noqa: S704 - escaped
