"""A browser in words, from what it says of itself: enough to recognise one's own, no more."""

from __future__ import annotations

from django.utils.translation import gettext, gettext_noop

#: In this order: most browsers also say that they are some other one.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Vivaldi", "Vivaldi"),
    ("SamsungBrowser", gettext_noop("Samsung Internet")),
    ("DuckDuckGo", "DuckDuckGo"),
    ("FxiOS", "Firefox"),
    ("Firefox", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Chromium", "Chromium"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac", "macOS"),
    ("Linux", "Linux"),
    ("BSD", "BSD"),
)
#: Systems that one holds in the hand: another picture beside them.
_HAND = frozenset({"iPhone", "iPad", "Android"})


def words(user_agent: str) -> str:
    """`Firefox on Linux`, or what of it can be told."""
    browser, system = _first(_BROWSERS, user_agent), _first(_SYSTEMS, user_agent)
    if browser and system:
        # Translators: as in "Firefox on Linux"
        return gettext("%(browser)s on %(system)s") % {"browser": gettext(browser), "system": system}
    if browser:
        return gettext(browser)
    # Translators: as in "A browser on Linux"
    return gettext("A browser on %(system)s") % {"system": system} if system else gettext("A browser")


def in_the_hand(user_agent: str) -> bool:
    """Whether it is a phone or a tablet."""
    return _first(_SYSTEMS, user_agent) in _HAND


def _first(table: tuple[tuple[str, str], ...], text: str) -> str:
    return next((name for sign, name in table if sign in text), "")
