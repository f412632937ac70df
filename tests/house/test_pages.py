"""No page is left out when the browser looks at every page."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import URLPattern, URLResolver, get_resolver

from tests.browser.walk import NO_PAGES, PAGES


def test_every_address_is_walked_or_is_no_page() -> None:
    names = {pattern.name for pattern in _patterns(get_resolver().url_patterns) if pattern.name}
    walked = {name for name in names if any(page == name or page.startswith(f"{name}-") for page in PAGES)}
    assert names - walked - set(NO_PAGES) == set(), "add them to tests/browser/walk.py"
    assert set(NO_PAGES) - names == set(), "these addresses are gone"


def _patterns(patterns: list[URLPattern | URLResolver]) -> Iterator[URLPattern]:
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            yield pattern
        elif "v1" not in str(pattern.pattern):
            yield from _patterns(pattern.url_patterns)
