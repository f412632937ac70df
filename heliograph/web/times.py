"""How long ago something was, in a word; and exactly, in the reader's zone."""

from __future__ import annotations

from datetime import datetime

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext, pgettext

_MINUTE, _HOUR, _DAY, _WEEK = 60, 3600, 86400, 7 * 86400  # seconds


def relative(moment: datetime, now: datetime) -> str:
    """`now`, `5 min`, `3 h`, `2 d`, then the date; the year only when it is another one."""
    seconds = (now - moment).total_seconds()
    if seconds < _MINUTE:
        return gettext("now")
    if seconds < _HOUR:
        return gettext("%(count)s min") % {"count": int(seconds // _MINUTE)}
    if seconds < _DAY:
        return gettext("%(count)s h") % {"count": int(seconds // _HOUR)}
    if seconds < _WEEK:
        return gettext("%(count)s d") % {"count": int(seconds // _DAY)}
    # Translators: a day of this year, in the letters of Django's date filter
    this_year = pgettext("date format", "j M")
    # Translators: a day of another year, in the letters of Django's date filter
    another_year = pgettext("date format", "j M Y")
    there = localtime(moment)
    return date_format(there, this_year if there.year == localtime(now).year else another_year)


def exact(moment: datetime) -> str:
    """Day and minute in the reader's zone, with its name."""
    # Translators: day and time, in the letters of Django's date filter
    return date_format(localtime(moment), pgettext("date format", "j F Y, H:i e"))


def plain(moment: datetime) -> str:
    """Day and minute in the reader's zone, where that goes without saying."""
    # Translators: day and time, in the letters of Django's date filter
    return date_format(localtime(moment), pgettext("date format", "j F Y, H:i"))
