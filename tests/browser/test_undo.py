"""Undo in a browser: what was deleted is deleted, wherever its owner goes within the moment that Undo is offered."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from heliograph.flows import comment
from heliograph.pages import photo as photos
from heliograph.sharding.ids import short_code
from tests import corpus
from tests.browser.person import Person
from tests.browser.test_feed_pages import id_of, with_pictures
from tests.harness.cage import wait_until
from tests.oracle import album

#: For a long look: HELIOGRAPH_TEST_LEAVES=20.
_REPEATS = int(os.environ.get("HELIOGRAPH_TEST_LEAVES", "2"))

LEAVING: dict[str, Callable[[Page], object]] = {
    "to another page": lambda page: page.goto("/find"),
    "by a link": lambda page: page.locator("a[href='/@alice']").first.click(),
    "there and back": lambda page: (page.goto("/find"), page.go_back()),
    "to the same page": lambda page: page.reload(),
}


@pytest.mark.parametrize("workers", ["block", "allow"])
def test_what_was_deleted_stays_so_when_its_page_is_left(
    visitor: Callable[..., Person], workers: str
) -> None:
    """A service worker between the page and the server is where it was lost: every request of a page passes it."""
    alice = visitor("alice", service_workers=workers)
    me, page = id_of("alice"), alice.page
    alice.expected = {404}  # there are no files of the photo
    photo = album.post(me)
    address = f"/p/{short_code(photo)}"
    with_pictures(page, corpus.jpeg(320, 240))
    page.goto("/")
    if workers == "allow":
        alice.waits_for_a_worker()
    comment.add(me, photo, "stays")
    shown = page.locator("[data-comments] > .comment:not([hidden]) p")
    for turn in range(_REPEATS):
        for how, leave in LEAVING.items():
            comment.add(me, photo, f"goes {turn} {how}")
            page.goto(address)
            expect(shown).to_have_count(2)
            page.get_by_role("button", name="Delete the comment by alice").nth(1).click()
            leave(page)
            wait_until(lambda: len(photos.comments(me, photo).items) == 1, f"deleted, having left {how}")
            page.goto(address)
            expect(shown).to_have_count(1)
            expect(shown).to_contain_text("stays")


def test_undo_puts_it_back_for_everybody(visitor: Callable[..., Person]) -> None:
    alice = visitor("alice")
    me, page = id_of("alice"), alice.page
    photo = album.post(me)
    said = comment.add(me, photo, "Once more")
    with_pictures(page, corpus.jpeg(320, 240))
    page.goto(f"/p/{short_code(photo)}")
    with page.expect_response("**/delete"):
        page.get_by_role("button", name="Delete the comment by alice").click()
    assert photos.comments(me, photo).items == []  # while Undo is still on offer
    page.get_by_role("button", name="Undo").click()
    row = page.locator(f"#comment-{said}")
    expect(row).to_be_visible()
    expect(row.get_by_role("button")).to_be_focused()
    expect(page.locator(".toast")).to_have_count(0)
    page.reload()
    expect(row).to_contain_text("Once more")


def test_an_undo_that_comes_too_late_says_so(visitor: Callable[..., Person]) -> None:
    alice = visitor("alice")
    me, page = id_of("alice"), alice.page
    alice.expected = {409}
    photo = album.post(me)
    comment.add(me, photo, "goes")
    with_pictures(page, corpus.jpeg(320, 240))
    page.goto(f"/p/{short_code(photo)}")
    with page.expect_response("**/delete"):
        page.get_by_role("button", name="Delete the comment by alice").click()
    page.route(
        "**/delete", lambda route: route.fulfill(status=409, json={"error": "It is too late to undo that."})
    )
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".toast")).to_have_text("It is too late to undo that.")
    expect(page.locator(".comment:not([hidden])")).to_have_count(0)


@pytest.mark.parametrize("workers", ["block", "allow"])
def test_a_like_is_sent_though_its_page_is_left_in_the_same_moment(
    visitor: Callable[..., Person], workers: str
) -> None:
    """It is sent after the next frame, and here there is none."""
    alice = visitor("alice", service_workers=workers)
    me, page = id_of("alice"), alice.page
    alice.expected = {404}
    with_pictures(page, corpus.jpeg(320, 240))
    if workers == "allow":
        alice.waits_for_a_worker()
    for _ in range(_REPEATS):
        photo = album.post(me)
        page.goto(f"/p/{short_code(photo)}")
        page.evaluate(
            "() => { document.querySelector('[data-toggle=like] button').click(); location.assign('/find') }"
        )
        page.wait_for_url("**/find")
        wait_until(lambda photo=photo: len(photos.likers(me, photo)) == 1, "liked")  # type: ignore[misc]
