"""How long ago something was, in a word."""

from __future__ import annotations

from datetime import datetime

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext

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
    return date_format(localtime(moment), "j M" if moment.year == now.year else "j M Y")
