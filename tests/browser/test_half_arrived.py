"""Scripts of which a part never arrives: the page is then one without scripts, not a broken one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests import corpus
from tests.browser.person import Person


def _lose(page: Page, part: str) -> None:
    page.unroute_all()
    page.route(lambda url: f"/js/{part}" in url, lambda route: route.abort("connectionreset"))


def test_forms_work_and_nothing_dead_is_offered(visitor: Callable[..., Person], tmp_path: Path) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(corpus.jpeg(800, 600))
    alice = visitor("alice")
    page = alice.page
    _lose(page, "composer")
    page.goto("/post")
    page.set_input_files("#photo", photo)
    page.fill("#caption", "Half a page")
    page.locator("form[data-composer] button[data-post]").first.click()
    page.wait_for_url("**/")
    expect(alice.cards.first).to_contain_text("Half a page")
    expect(alice.cards.first.locator("img[data-photo]")).to_be_visible()

    _lose(page, "photos.js")
    page.goto("/")
    alice.cards.first.get_by_role("button", name="Like").click()
    expect(alice.cards.first.locator("[data-likes]")).to_have_text("1 like")
    page.goto(str(alice.cards.first.locator("a.photo").get_attribute("href")))
    expect(page.locator(".js-only:visible")).to_have_count(0)
    page.fill("#text", "To myself")
    page.get_by_role("button", name="Say").click()
    expect(page.locator(".comment")).to_contain_text("To myself")
    expected = ("ERR_CONNECTION_RESET", "dynamically imported module")
    alice.complaints = [it for it in alice.complaints if not any(part in it for part in expected)]
