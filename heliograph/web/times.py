"""How long ago something was, in a word; and exactly, in the reader's zone."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import get_language, gettext, pgettext

_NOW, _MINUTE, _HOUR, _DAY, _WEEK = 0, 60, 3600, 86400, 7 * 86400  # seconds


def relative(moment: datetime, now: datetime, language: str | None = None) -> str:
    """`now`, `5 min`, `3 h`, `2 d`, then the date; the year only when it is another one.

    `language` is the one that is active, for who knows it already.
    """
    seconds = (now - moment).total_seconds()
    for unit, end in ((_NOW, _MINUTE), (_MINUTE, _HOUR), (_HOUR, _DAY), (_DAY, _WEEK)):
        if seconds < end:
            return _lately(unit, int(seconds // unit) if unit else 0, language or get_language() or "")
    # Translators: a day of this year, in the letters of Django's date filter
    this_year = pgettext("date format", "j M")
    # Translators: a day of another year, in the letters of Django's date filter
    another_year = pgettext("date format", "j M Y")
    there = localtime(moment)
    return date_format(there, this_year if there.year == localtime(now).year else another_year)


@lru_cache(maxsize=1000)
def _lately(unit: int, count: int, language: str) -> str:
    """In the language that is active; a page of photos asks twenty times."""
    if unit == _MINUTE:
        return gettext("%(count)s min") % {"count": count}
    if unit == _HOUR:
        return gettext("%(count)s h") % {"count": count}
    if unit == _DAY:
        return gettext("%(count)s d") % {"count": count}
    return gettext("now")


def exact(moment: datetime) -> str:
    """Day and minute in the reader's zone, with its name."""
    # Translators: day and time, in the letters of Django's date filter
    return date_format(localtime(moment), pgettext("date format", "j F Y, H:i e"))


def plain(moment: datetime) -> str:
    """Day and minute in the reader's zone, where that goes without saying."""
    # Translators: day and time, in the letters of Django's date filter
    return date_format(localtime(moment), pgettext("date format", "j F Y, H:i"))
