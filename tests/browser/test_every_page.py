"""Every page on a small phone and on a desk, by day and by night: nothing sticks out, everything has a name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests import corpus
from tests.browser.person import Person

PAGES = [
    "/",
    "/find",
    "/find?q=bob",
    "/find?q=nobody",
    "/post",
    "/requests",
    "/settings",
    "/settings/profile",
    "/settings/privacy",
    "/settings/devices",
    "/settings/appearance",
    "/settings/blocked",
    "/settings/password",
    "/settings/email",
    "/@alice",
    "/@alice/followers",
    "/@bob",
    "/@bob/block",
]

_STICKS_OUT = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
_NAMELESS = """[...document.querySelectorAll("a, button, input:not([type=hidden]), textarea, summary")]
    .filter(e => e.offsetParent && !e.closest("[aria-hidden=true]"))
    .filter(e => !(e.getAttribute("aria-label") || e.textContent.trim() || e.labels?.length
        || e.querySelector("img[alt]:not([alt=''])")))
    .map(e => e.outerHTML)"""


@pytest.mark.parametrize(("width", "height", "scheme"), [(320, 640, "light"), (1280, 800, "dark")])
def test_every_page(
    width: int, height: int, scheme: str, visitor: Callable[..., Person], tmp_path: Path
) -> None:
    visitor("bob")
    alice = visitor("alice", viewport={"width": width, "height": height}, color_scheme=scheme)
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(corpus.jpeg(800, 1000))
    alice.post(photo, caption="A long_word_without_any_place_to_break_it_" + "x" * 120, alt_text="A scene")
    one = str(alice.cards.first.locator("a.photo").get_attribute("href"))
    for path in [*PAGES, one, f"{one}/edit", f"{one}/delete"]:
        alice.page.goto(path)
        assert alice.page.evaluate(_STICKS_OUT) == 0, path
        assert alice.page.evaluate(_NAMELESS) == [], path
        assert alice.page.locator("h1").count() == 1, path
    stranger = visitor(viewport={"width": width, "height": height}, color_scheme=scheme)
    for path in ("/", "/sign-in", "/sign-up", "/password/forgotten", "/@alice", one):
        stranger.page.goto(path)
        assert stranger.page.evaluate(_STICKS_OUT) == 0, path
        assert stranger.page.evaluate(_NAMELESS) == [], path
        assert stranger.page.locator("h1").count() == 1, path
