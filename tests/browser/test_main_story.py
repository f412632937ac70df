"""The main job, in two browsers: sign up, follow, post a photograph, see it in the other's feed."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests import corpus
from tests.browser.person import NO_WEBGL, Person

Visitor = Callable[..., Person]


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.jpg"
    path.write_bytes(corpus.jpeg(1600, 1200))
    return path


def test_a_photo_travels_from_one_browser_to_the_other(visitor: Visitor, photo: Path) -> None:
    alice, bob = visitor("alice"), visitor("bob")
    bob.follow("alice")
    alice.post(photo, caption="Forty minutes of wind #dunes", alt_text="Grass before the sea")

    bob.page.goto("/")
    card = bob.cards.first
    expect(card.locator("header .name")).to_have_text("alice")
    expect(card.locator(".caption")).to_contain_text("Forty minutes of wind #dunes")
    expect(card.get_by_alt_text("Grass before the sea")).to_be_visible()
    bob.sees("img[data-photo]")

    card.get_by_role("button", name="Like").click()
    expect(card.locator("[data-likes]")).to_have_text("1 like")
    card.get_by_role("link", name=re.compile("comment")).first.click()
    bob.page.fill("#text", "How long did you wait?")
    with bob.page.expect_response("**/comments"):
        bob.page.get_by_role("button", name="Say").click()
    expect(bob.page.locator(".comment:not(.waits)")).to_contain_text("How long did you wait?")

    alice.page.goto("/")
    expect(alice.cards.first.locator("[data-likes]")).to_have_text("Liked by bob")
    expect(alice.cards.first).to_contain_text("How long did you wait?")


#: As layout shift on a screen of 844, where a ratio is rounded when a photo is developed: half of one for each of two.
_A_PIXEL = 1 / 844


def test_the_photo_is_on_top_at_once_and_nothing_jumps_when_it_is_developed(
    visitor: Visitor, photo: Path
) -> None:
    alice = visitor("alice")
    alice.page.add_init_script(
        "window.shift = 0; new PerformanceObserver(list => list.getEntries().forEach("
        "e => { if (!e.hadRecentInput) window.shift += e.value }))"
        ".observe({type: 'layout-shift', buffered: true})"
    )
    alice.post(photo, caption="An earlier one")
    alice.post(photo, caption="First light")
    expect(alice.cards).to_have_count(2)
    expect(alice.cards.first.locator(".hairline")).to_have_count(0)
    alice.page.wait_for_timeout(200)
    assert alice.page.evaluate("window.shift") < _A_PIXEL
    # On a slow phone a page is shown in pieces, as it is parsed: none of them makes room for the next.
    slow = alice.page.context.new_cdp_session(alice.page)
    slow.send("Emulation.setCPUThrottlingRate", {"rate": 6})
    for path in ("/", "/@alice", "/", "/@alice"):
        alice.page.goto(path)
        alice.sees("img[data-photo]")
        alice.page.wait_for_timeout(200)
        assert alice.page.evaluate("window.shift") < _A_PIXEL  # it may still be developed


def test_everything_works_without_scripts(visitor: Visitor, photo: Path) -> None:
    alice = visitor("alice", java_script_enabled=False)
    page = alice.page
    page.goto("/post")
    page.set_input_files("#photo", photo)
    page.fill("#caption", "No scripts")
    page.check("input[name=filter][value=graphite]")
    page.get_by_role("button", name="Post").click()
    expect(alice.cards.first).to_contain_text("No scripts")
    for _ in range(20):
        page.goto("/")
        if alice.cards.first.locator("img[data-photo]").count():
            break
        page.wait_for_timeout(250)
    alice.cards.first.get_by_role("button", name="Like").click()
    expect(alice.cards.first.locator("[data-likes]")).to_have_text("1 like")
    page.get_by_role("link", name="Add a comment").click()
    page.fill("#text", "To myself")
    page.get_by_role("button", name="Say").click()
    expect(page.locator(".comment")).to_contain_text("To myself")
    page.get_by_role("button", name="Delete the comment by alice").click()
    expect(page.locator(".comment")).to_have_count(0)


def test_a_refused_like_goes_back_with_a_sentence(visitor: Visitor, photo: Path) -> None:
    alice = visitor("alice")
    alice.post(photo)
    alice.page.goto("/")
    alice.expected = {503}
    alice.page.route(
        "**/like", lambda route: route.fulfill(status=503, json={"error": "We will be right back."})
    )
    like = alice.cards.first.get_by_role("button", name="Like")
    like.click()
    expect(alice.page.locator(".toast")).to_have_text("We will be right back.")
    expect(like).to_have_attribute("aria-pressed", "false")
    expect(alice.cards.first.locator("[data-likes]")).to_have_text("No likes yet")


def test_the_keyboard_walks_through_the_photos(visitor: Visitor, photo: Path) -> None:
    alice = visitor("alice")
    for number in (1, 2, 3):
        alice.post(photo, caption=f"Number {number}")
    page = alice.page
    page.goto("/")
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator("article:focus")).to_contain_text("Number 2")
    page.keyboard.press("l")
    expect(page.locator("article:focus [data-likes]")).to_have_text("1 like")
    page.keyboard.press("k")
    expect(page.locator("article:focus")).to_contain_text("Number 3")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.wait_for_url("**/find")


def test_two_taps_like_and_one_tap_opens(visitor: Visitor, photo: Path) -> None:
    alice = visitor("alice", has_touch=True, is_mobile=True)
    alice.post(photo)
    page = alice.page
    page.goto("/")
    alice.sees("img[data-photo]")
    box = alice.cards.first.locator("a.photo").bounding_box()
    assert box is not None
    x, y = box["x"] + 100, box["y"] + 60
    for _ in range(2):
        page.touchscreen.tap(x, y)
    expect(alice.cards.first.locator("[data-likes]")).to_have_text("1 like")
    expect(page).to_have_url(re.compile(r"/$"))
    page.touchscreen.tap(x, y)
    page.wait_for_url("**/p/*")


def test_without_a_connection_the_page_says_so_and_keeps_the_text(visitor: Visitor, photo: Path) -> None:
    alice = visitor("alice")
    alice.post(photo)
    page = alice.page
    page.goto(str(alice.cards.first.locator("a.photo").get_attribute("href")))
    page.fill("#text", "Written in a tunnel")
    alice.expected = {0}
    page.context.set_offline(True)
    page.get_by_role("button", name="Say").click()
    expect(page.locator(".toast")).to_have_text("You are offline. What you did was not sent.")
    expect(page.locator("#text")).to_have_value("Written in a tunnel")
    expect(page.locator(".comment")).to_have_count(0)
    page.context.set_offline(False)
    page.get_by_role("button", name="Say").click()
    expect(page.locator(".comment:not(.waits)")).to_contain_text("Written in a tunnel")


def test_a_wrong_file_is_refused_before_it_travels(visitor: Visitor, tmp_path: Path) -> None:
    alice = visitor("alice")
    text = tmp_path / "notes.txt"
    text.write_text("no photo")
    alice.page.goto("/post")
    alice.page.set_input_files("#photo", text)
    expect(alice.page.locator("[data-mistake]")).to_have_text("Use a JPEG, PNG or WebP photo.")
    damaged = tmp_path / "damaged.jpg"
    damaged.write_bytes(corpus.jpeg(1600, 1200)[:20_000])
    alice.expected = {400}
    alice.page.set_input_files("#photo", damaged)
    expect(alice.page.locator("[data-mistake]")).to_have_text("The file is incomplete or damaged.")


def test_small_previews_come_after_the_server_had_none_twice(visitor: Visitor, photo: Path) -> None:
    alice = visitor("alice")
    alice.expected = {503}
    answers = [{"status": 503, "json": {"error": "We will be right back."}}, {"json": {}}]

    def answer(route: Route) -> None:
        if answers:
            route.fulfill(**answers.pop(0))
        else:
            route.continue_()

    alice.page.add_init_script(NO_WEBGL)
    alice.page.route("**/previews", answer)
    alice.page.goto("/post")
    alice.page.set_input_files("#photo", photo)
    expect(alice.page.locator("input[name=filter] + img")).to_have_count(13)
    assert not answers


def refuse_the_first_picture(page: Page) -> list[str]:
    """The address that was refused, once there was one."""
    refused: list[str] = []

    def answer(route: Route) -> None:
        if refused:
            route.continue_()
        else:
            refused.append(route.request.url)
            route.fulfill(status=403)

    page.route("**/m/**", answer)
    return refused


def test_an_address_that_ran_out_is_renewed(visitor: Visitor, photo: Path) -> None:
    alice, bob = visitor("alice"), visitor("bob")
    alice.post(photo)
    one = str(alice.cards.first.locator("a.photo").get_attribute("href"))
    bob.expected = {403}
    for path in ("/@alice", one):  # two sizes, neither of them in the browser's cache
        refused = refuse_the_first_picture(bob.page)
        bob.page.goto(path)
        bob.sees("img[data-photo=renewed]")
        assert refused
        bob.page.unroute("**/m/**")
