"""How long ago something was, in a word; and exactly, in the reader's zone.

Dates are put into words once for each second, zone and language: Django's way takes 20 us each, and a page has forty.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, NamedTuple

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import get_language, gettext, pgettext

_NOW, _MINUTE, _HOUR, _DAY, _WEEK = 0, 60, 3600, 86400, 7 * 86400  # seconds
_UNITS: Final = ((_NOW, _MINUTE), (_MINUTE, _HOUR), (_HOUR, _DAY), (_DAY, _WEEK))  # each until when


class Here(NamedTuple):
    """The zone and the language that are active."""

    zone: str
    language: str


def here() -> Here:
    """For who asks often: a page does once."""
    return Here(timezone.get_current_timezone_name(), get_language() or "")


def relative(moment: datetime, now: datetime, at: Here | None = None) -> str:
    """`now`, `5 min`, `3 h`, `2 d`, then the date; the year only when it is another one."""
    at = at or here()
    seconds = (now - moment).total_seconds()
    for unit, end in _UNITS:
        if seconds < end:
            return _lately(unit, int(seconds // unit) if unit else 0, at.language)
    same_year = localtime(moment).year == localtime(now).year
    return _written("day" if same_year else "day and year", _second(moment), at)


def exact(moment: datetime, at: Here | None = None) -> str:
    """Day and minute in the reader's zone, with its name."""
    return _written("exact", _second(moment), at or here())


def plain(moment: datetime) -> str:
    """Day and minute in the reader's zone, where that goes without saying."""
    return _written("plain", _second(moment), here())


def day(moment: datetime) -> str:
    """Day, month and year in the reader's zone."""
    return _written("whole day", _second(moment), here())


def _second(moment: datetime) -> int:
    return int(moment.timestamp())


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


@lru_cache(maxsize=10_000)
def _written(how: str, second: int, at: Here) -> str:
    """In the zone and the language that are active, which are those of `at`."""
    return date_format(localtime(datetime.fromtimestamp(second, UTC)), _letters(how))


def _letters(how: str) -> str:
    """In the letters of Django's date filter."""
    match how:
        case "exact":
            # Translators: day and time with the zone's name, in the letters of Django's date filter
            return pgettext("date format", "j F Y, H:i e")
        case "plain":
            # Translators: day and time, in the letters of Django's date filter
            return pgettext("date format", "j F Y, H:i")
        case "day":
            # Translators: a day of this year, in the letters of Django's date filter
            return pgettext("date format", "j M")
        case "day and year":
            # Translators: a day of another year, in the letters of Django's date filter
            return pgettext("date format", "j M Y")
        case _:
            return "j F Y"
