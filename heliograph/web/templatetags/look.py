"""What templates need beyond Django's own: icons, avatars, relative times, short numbers, captions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from django import template
from django.conf import settings
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.html import conditional_escape, escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext, ngettext, pgettext

from heliograph.core import clock
from heliograph.media import errors as media_errors
from heliograph.pages.cards import CommentCard, PersonCard, PhotoCard
from heliograph.sharding import ids
from heliograph.web import fragments, preferences, shell, times


class _Liked(Protocol):
    @property
    def id(self) -> int: ...
    @property
    def likes(self) -> int: ...
    @property
    def liked(self) -> bool: ...


register = template.Library()

_TILES_AT_ONCE = 9  # that are fetched before anybody scrolls
_SHORT_FROM = 10_000


class _Face(Protocol):
    @property
    def avatar_url(self) -> str: ...


@register.simple_tag
def icon(name: str, classes: str = "") -> SafeString:
    """One of our own strokes, from the sprite; silent for screen readers."""
    return mark_safe(  # noqa: S308 - the names are written in our templates
        f'<svg class="i {classes}" aria-hidden="true"><use href="{settings.STATIC_URL}img/icons.svg#{name}"/></svg>'
    )


@register.simple_tag
def avatar(person: _Face, size: int = 36) -> SafeString:
    """A face of 36, 44 or 88 pixels. Decoration: the name always stands beside it."""
    if not person.avatar_url:
        return format_html('<span class="avatar s{}">{}</span>', size, icon("me"))
    return format_html(
        '<img class="avatar s{0}" src="{1}" width="{0}" height="{0}" alt="" loading="lazy" decoding="async">',
        size,
        person.avatar_url,
    )


@register.filter
def code(photo_id: int) -> str:
    """The id as it stands in addresses."""
    return ids.short_code(photo_id)


@register.filter
def short(number: int) -> str:
    """1,204; 12.4k above ten thousand; 3.1m above a million. Rounded down: nobody gets a like they lack.

    Languages that count in ten thousands say so in their catalogue (Japanese: 1.2万).
    """
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


@register.simple_tag
def likes_line(photo: _Liked, linked: bool = True) -> SafeString:
    """`1,204 likes`, the way to who they are if `linked`.

    With what it would say after the viewer's click: scripts count without knowing a language.
    """
    others = max(0, photo.likes - photo.liked)
    with_me, without_me = _likes(others + 1), _likes(others)
    now = with_me if photo.liked else without_me
    if not linked:
        return format_html('<p class="likes">{}</p>', now)
    return format_html(
        '<p class="likes"><a href="/p/{}/likes" data-likes data-on="{}" data-off="{}">{}</a></p>',
        code(photo.id),
        with_me,
        without_me,
        now,
    )


def _likes(number: int) -> str:
    if number == 0:
        return gettext("No likes yet")
    return ngettext("%(number)s like", "%(number)s likes", number) % {"number": short(number)}


@register.simple_tag(takes_context=True)
def ago(context: template.Context, moment: datetime) -> SafeString:
    """How long ago, in a word; the exact time in `datetime` and `title`."""
    holes = context.get("with_holes")
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        moment.isoformat(timespec="seconds"),
        fragments.hole(moment, exact=True) if holes else times.exact(moment),
        fragments.hole(moment) if holes else times.relative(moment, clock.now()),
    )


@register.simple_tag
def moment(at: datetime) -> SafeString:
    """A moment as date and time of the reader's zone, for what happened rather than what is new."""
    return format_html('<time datetime="{}">{}</time>', at.isoformat(timespec="seconds"), times.plain(at))


@register.simple_tag(takes_context=True)
def frame_head(context: template.Context) -> SafeString:
    """How every page begins: in its language, and in the theme that this browser's person chose."""
    request = context.get("request")
    return fragments.head(preferences.theme(request) if request is not None else "", get_language() or "")


@register.simple_tag
def module_links() -> SafeString:
    """Every module of js/main.js, so that they come at once and not one after the other."""
    links = (f'<link rel="modulepreload" href="{settings.STATIC_URL}{name}">' for name in shell.modules())
    return mark_safe("".join(links))  # noqa: S308 - names of our own files


@register.simple_tag(takes_context=True)
def reader(context: template.Context) -> SafeString:
    """Whose page this is, for js/away.js; nothing where that is not known."""
    request = context.get("request")
    if request is None or not hasattr(request, "viewer"):
        return mark_safe("")
    return format_html(' data-reader="{}"', request.viewer.person_id if request.viewer else "")


@register.simple_tag(takes_context=True)
def cards(context: template.Context, photos: Iterable[PhotoCard], eager: int = 0) -> SafeString:
    """The photos of a page, for its viewer; the first `eager` are fetched before anybody scrolls."""
    return fragments.cards(
        photos,
        viewer_id=context["request"].viewer.person_id,
        csrf_token=context["csrf_token"],
        language=get_language() or "",
        eager=eager,
    )


@register.simple_tag(takes_context=True)
def square(context: template.Context, photo: PhotoCard, at: int) -> SafeString:
    """A photo of a grid; `at` counts from 1."""
    lazy = at > int(context.get("eager") or 0)
    zone = timezone.get_current_timezone_name()  # the day of the photo is in its name
    values = {"photo": photo, "lazy": lazy}
    return fragments.row("square", (photo, lazy, zone), values, language=get_language() or "")


@register.simple_tag
def tile(photo: PhotoCard, at: int) -> SafeString:
    """A photo of the first page of strangers; `at` counts from 1."""
    lazy = at > _TILES_AT_ONCE
    return fragments.row("tile", (photo, lazy), {"photo": photo, "lazy": lazy}, language=get_language() or "")


@register.simple_tag
def person(someone: PersonCard) -> SafeString:
    """Face and names of somebody, in a list."""
    return fragments.row("person", someone, {"person": someone}, language=get_language() or "")


@register.simple_tag(takes_context=True)
def said(context: template.Context, comment: CommentCard) -> SafeString:
    """A comment under a photo, for its viewer."""
    request = context.get("request")
    viewer = request.viewer.person_id if request is not None and request.viewer else None
    return fragments.comment(
        comment, viewer, context["photo"].owner.id, context.get("csrf_token", ""), get_language() or ""
    )


@register.simple_tag(takes_context=True)
def follow(context: template.Context, someone: PersonCard, status: str, classes: str = "") -> SafeString:
    """The button to follow somebody, as far as the viewer has come with them."""
    here = context["request"].get_full_path()
    return fragments.row(
        "follow",
        (someone, status, classes, here),
        {"person": someone, "status": status, "classes": classes, "here": here},
        csrf_token=context["csrf_token"],
        language=get_language() or "",
    )


@register.simple_tag
def fixed(name: str) -> SafeString:
    """A part of every page, the same for everybody."""
    return fragments.fixed(name, get_language() or "")


@register.simple_tag(takes_context=True)
def tabs(context: template.Context) -> SafeString:
    """The way around, for the viewer."""
    request = context["request"]
    tab = context.get("tab") or ("settings" if request.path.startswith("/settings/") else "")
    return fragments.tabs(tab, request.viewer.username, get_language() or "", context.get("unread"))


@register.simple_tag
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
        return format_html('<a class="tag" href="/@{}">{}</a>', entity["name"], words)
    return format_html('<span class="tag" dir="auto">{}</span>', words)


@register.filter
def failure(error_code: str) -> str:
    """Why a photo could not be developed, for its owner."""
    leaf = media_errors.BY_CODE.get(error_code, media_errors.Unprocessable)
    return gettext(leaf().sentence)


@register.filter
def host(address: str) -> str:
    """An address as people say it: without https:// and the last slash."""
    plain = address.removeprefix("https://").removeprefix("http://").removesuffix("/")
    return str(conditional_escape(plain))
