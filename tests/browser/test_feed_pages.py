"""Long walks: through feeds and profiles that go on by themselves, away, and back to the same place."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from heliograph.accounts.models import Person as PersonRow
from heliograph.flows import follow
from heliograph.pages import home
from tests import corpus
from tests.browser.person import Person
from tests.harness.cage import wait_until
from tests.oracle import album

Visitor = Callable[..., Person]

_TOP = "card => card.getBoundingClientRect().top"
_SHIFT = (
    "window.shift = 0; new PerformanceObserver(list => list.getEntries().forEach("
    "e => { if (!e.hadRecentInput) window.shift += e.value }))"
    ".observe({type: 'layout-shift', buffered: true})"
)


def id_of(name: str) -> int:
    return int(PersonRow.objects.get(username=name).pk)


def post_many(name: str, number: int) -> list[int]:
    """Photos without pictures: `with_pictures` gives each the same one."""
    owner = id_of(name)
    posted = [album.post(owner, caption=f"Number {n}") for n in range(1, number + 1)]
    wait_until(lambda: len(home.page(owner, count=100).items) == number, "all are in the feed", seconds=20)
    return posted


@pytest.fixture(scope="module")
def picture() -> bytes:
    return corpus.jpeg(320, 240)


def with_pictures(page: Page, picture: bytes) -> None:
    page.route("**/m/**", lambda route: route.fulfill(body=picture, content_type="image/jpeg"))


def walk_down(page: Page, until: Callable[[], bool]) -> None:
    def step() -> bool:
        page.mouse.wheel(0, 3000)
        page.wait_for_timeout(50)
        return until()

    page.mouse.move(190, 300)
    wait_until(step, "the end of the list", seconds=30)


def test_a_feed_goes_on_by_itself_and_is_come_back_to(visitor: Visitor, picture: bytes) -> None:
    alice, bob = visitor("alice"), visitor("bob")
    posted = post_many("alice", 45)
    follow.follow(id_of("bob"), id_of("alice"))
    # All of them: some come by the fan-outs that have still waited, the others when the follow is merged.
    wait_until(lambda: len(home.page(id_of("bob"), count=100).items) == len(posted), "the feed is full")
    page = bob.page
    with_pictures(page, picture)
    page.add_init_script(_SHIFT)
    page.goto("/")
    expect(bob.cards).to_have_count(20)
    assert page.locator("article.card img[data-photo]:not([loading=lazy])").count() == 2
    assert page.locator("article.card img[fetchpriority=high]").count() == 2
    walk_down(page, lambda: page.locator(".end").count() == 1)
    expect(bob.cards).to_have_count(45)
    expect(page.locator(".end")).to_have_text("You have seen it all.")
    assert page.evaluate("window.shift") == 0

    _away_and_back(bob)
    _a_rest_that_does_not_come(bob)
    _more_photos_while_it_is_open(bob, len(posted))
    _grid_and_list(alice, picture)


def _away_and_back(bob: Person) -> None:
    page = bob.page
    card = page.locator("article.card").nth(33)
    card.scroll_into_view_if_needed()
    name, top = card.get_attribute("id"), card.evaluate(_TOP)
    card.locator("a.photo").click()
    page.wait_for_url("**/p/*")
    bob.like()
    page.go_back()
    card = page.locator(f"#{name}")
    expect(card).to_be_visible()
    wait_until(lambda: abs(card.evaluate(_TOP) - top) < 1, "the place is the same")
    expect(card.locator("[data-likes]")).to_have_text("1 like")


def _a_rest_that_does_not_come(bob: Person) -> None:
    page = bob.page
    bob.expected = {503}
    page.route("**/?*part=1", lambda route: route.fulfill(status=503, json={"error": "later"}))
    page.goto("/")
    walk_down(page, lambda: page.locator("[data-why]").count() == 1)
    expect(page.locator("[data-why]")).to_have_text("The rest did not load.")
    expect(bob.cards).to_have_count(20)
    page.unroute("**/?*part=1")
    page.get_by_role("link", name="Older photos").click()
    expect(bob.cards).to_have_count(40)
    expect(page.locator("[data-why]")).to_have_count(0)


def _more_photos_while_it_is_open(bob: Person, before: int) -> None:
    page = bob.page
    page.clock.install()
    page.goto("/")
    card = bob.cards.nth(5)
    card.scroll_into_view_if_needed()
    alice = id_of("alice")
    for number in (1, 2):
        album.post(alice, caption=f"Late {number}")
    wait_until(lambda: home.newer(id_of("bob"), 0) == before + 2, "they are in Bob's feed")
    page.clock.fast_forward("01:01")
    pill = page.get_by_role("button", name="2 new photos")
    pill.click()
    expect(bob.cards).to_have_count(22)
    expect(bob.cards.first).to_contain_text("Late 2")
    expect(bob.cards.first).to_be_focused()
    expect(pill).to_be_hidden()
    assert page.evaluate("scrollY") == 0


def _grid_and_list(alice: Person, picture: bytes) -> None:
    page = alice.page
    with_pictures(page, picture)
    page.goto("/@alice")
    squares = page.locator(".grid a")
    walk_down(page, lambda: squares.count() == 47)
    expect(page.locator("[data-next]")).to_have_count(0)


def test_the_same_links_lead_on_without_scripts(visitor: Visitor) -> None:
    alice = visitor("alice", java_script_enabled=False)
    alice.expected = {404}  # there are no pictures
    post_many("alice", 22)
    page = alice.page
    page.goto("/")
    expect(page.locator(".fresh")).to_be_hidden()
    page.get_by_role("link", name="Older photos").click()
    page.wait_for_url(re.compile(r"\?after="))
    expect(alice.cards).to_have_count(2)
    expect(page.locator(".end")).to_have_text("You have seen it all.")


def test_a_kept_page_shows_what_was_done_meanwhile(visitor: Visitor, picture: bytes) -> None:
    """What browsers do with a page that they kept is told to it here: Playwright keeps none."""
    alice = visitor("alice")
    post_many("alice", 2)
    page = alice.page
    with_pictures(page, picture)
    page.goto("/")
    codes = [str(card.get_attribute("id")).removeprefix("photo-") for card in alice.cards.all()]
    other: Any = page.context.new_page()
    other.goto(f"/p/{codes[1]}")
    alice.taps(other.get_by_role("button", name="Like"))
    expect(other.locator("[data-likes]")).to_have_text("1 like")
    page.evaluate(f"sessionStorage.setItem('touched', '[\"{codes[1]}\"]')")
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    expect(alice.cards.nth(1).locator("[data-likes]")).to_have_text("1 like")
    expect(alice.cards.nth(0).locator("[data-likes]")).to_have_text("No likes yet")


@pytest.mark.parametrize("width", [320, 1280])
def test_every_menu_of_a_feed_can_be_used(visitor: Visitor, picture: bytes, width: int) -> None:
    """What is drawn outside of a card is cut off: cards are contained."""
    alice = visitor("alice")
    post_many("alice", 3)
    with_pictures(alice.page, picture)
    alice.page.set_viewport_size({"width": width, "height": 640})
    alice.page.goto("/")
    expect(alice.cards).to_have_count(3)
    for card in alice.cards.all():
        card.get_by_label("More about this photo").click()
        entries = card.locator(".menu .sheet a")
        expect(entries).to_have_count(2)
        for entry in entries.all():
            entry.click(trial=True)
        card.get_by_label("More about this photo").click()
