"""Colours and the clock: chosen by a form, kept by cookies, and right in the first bytes of a page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from heliograph.core import clock
from heliograph.web import preferences
from tests.harness.people import Somebody
from tests.oracle import album
from tests.stories.web import browser_of, text_of

BAD = [
    "",
    "Mars/Olympus",
    "../../etc/passwd",
    "Europe/Berlin\0",
    "x" * 5000,
    "/etc/localtime",
    "😀",
    "Europe",
]


@pytest.fixture
def page_of(alice: Somebody) -> Callable[..., str]:
    def page(path: str = "/settings", **cookies: str) -> str:
        browser = browser_of(alice)
        for name, value in cookies.items():
            browser.cookies[name] = value
        return str(browser.get(path).content.decode())

    return page


def test_without_a_choice_the_system_decides(page_of: Callable[..., str]) -> None:
    page = page_of()
    assert "data-theme" not in page
    assert page.count('name="theme-color"') == 2


@pytest.mark.parametrize(("theme", "colour"), [("dark", "#141210"), ("light", "#fdfcfa")])
def test_a_chosen_theme_is_in_the_first_bytes(page_of: Callable[..., str], theme: str, colour: str) -> None:
    page = page_of(theme=theme)
    assert f'data-theme="{theme}"' in page[:200]
    assert page.count('name="theme-color"') == 1 and f'name="theme-color" content="{colour}"' in page


def test_a_theme_that_nobody_made_is_none(page_of: Callable[..., str]) -> None:
    assert "data-theme" not in page_of(theme='dark" onload="x')


def test_choosing_writes_cookies_and_choosing_nothing_takes_them_back(alice: Somebody) -> None:
    browser = browser_of(alice)
    chosen = browser.post("/settings/appearance", {"theme": "dark", "zone": "Asia/Tokyo"})
    assert chosen.status_code == 303
    assert (chosen.cookies["theme"].value, chosen.cookies["zone"].value) == ("dark", "Asia/Tokyo")
    page = browser.get("/settings/appearance").content.decode()
    assert '<option value="Asia/Tokyo" selected>' in page
    assert 'value="dark" checked' in page
    browser.post("/settings/appearance", {"theme": "", "zone": ""})
    page = browser.get("/settings/appearance").content.decode()
    assert "data-theme" not in page and " selected>" not in page


@pytest.mark.parametrize("said", BAD)
def test_what_is_not_among_the_choices_is_refused_and_changes_nothing(said: str, alice: Somebody) -> None:
    assert preferences.known_zone(said) is None
    browser = browser_of(alice)
    browser.post("/settings/appearance", {"theme": "dark", "zone": "Asia/Tokyo"})
    good = {"theme": "light", "zone": "Europe/Berlin", "language": "en"}
    for name in good if said else ():
        answer = browser.post("/settings/appearance", good | {name: said})
        page = answer.content.decode()
        assert (answer.status_code, page.count("This is not among the choices.")) == (400, 1), name
        assert f'id="{name}-mistake"' in page
        assert not {"theme", "zone", "django_language"} & set(answer.cookies)
        assert 'value="dark" checked' in page and '<option value="Asia/Tokyo" selected>' in page


def test_the_chosen_zone_counts_more_than_what_the_browser_says(page_of: Callable[..., str]) -> None:
    assert "Europe/Berlin" in page_of(zone_here="Europe/Berlin")
    page = page_of(zone="Asia/Tokyo", zone_here="Europe/Berlin")
    assert "Asia/Tokyo" in page and "Europe/Berlin" not in page
    assert "UTC" in page_of()


def test_times_are_those_of_the_readers_zone(alice: Somebody, page_of: Callable[..., str]) -> None:
    posted = album.post(alice.id, caption="Noon somewhere")
    moment = clock.now().replace(microsecond=0)
    there = {name: _title(page_of("/", zone_here=name)) for name in ("Asia/Tokyo", "America/St_Johns")}
    assert posted
    assert there["Asia/Tokyo"].endswith("JST")
    assert "Asia/Tokyo" not in _title(page_of("/"))
    assert _title(page_of("/")).endswith("UTC")
    told = datetime.strptime(_title(page_of("/")), "%d %B %Y, %H:%M UTC").replace(tzinfo=UTC)
    assert abs((moment - told).total_seconds()) < 3600


def _title(page: str) -> str:
    return page.split("<time datetime=", 1)[1].split('title="', 1)[1].split('"', 1)[0]


def test_a_private_profile_is_a_page_of_its_own(alice: Somebody) -> None:
    browser = browser_of(alice)
    assert "Off: everybody can see your photos" in text_of(browser.get("/settings"))
    assert browser.post("/settings/privacy", {"private": "1"}).status_code == 303
    assert "On: only people you let in" in text_of(browser.get("/settings"))
    browser.post("/settings/profile", {"full_name": "Alice", "bio": "", "website": ""})
    assert "On: only people you let in" in text_of(browser.get("/settings"))
    browser.post("/settings/privacy", {})
    assert "Off: everybody" in text_of(browser.get("/settings"))


def test_a_chosen_language_counts_more_than_what_the_browser_asks_for(alice: Somebody) -> None:
    browser = browser_of(alice, HTTP_ACCEPT_LANGUAGE="en")
    assert '<html lang="en"' in browser.get("/settings").content.decode()
    browser.post("/settings/appearance", {"language": "ja"})
    page = browser.get("/settings/appearance").content.decode()
    assert '<html lang="ja"' in page and '<option value="ja" lang="ja" selected>' in page
    browser.post("/settings/appearance", {"language": ""})
    assert '<html lang="en"' in browser.get("/settings").content.decode()
