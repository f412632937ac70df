"""The page on which one says who one is: a picture and words, and two buttons."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from tests import corpus
from tests.browser.person import Person


def test_neither_the_picture_nor_the_words_are_lost(visitor: Callable[..., Person], tmp_path: Path) -> None:
    photo, broken = tmp_path / "me.jpg", tmp_path / "broken.jpg"
    photo.write_bytes(corpus.jpeg(400, 400))
    broken.write_bytes(b"no photo")
    alice = visitor("alice")
    page = alice.page
    bio, own = page.locator("[name=bio]"), page.locator(".face img.avatar")

    page.goto("/settings/profile")
    bio.fill("I like light.")
    page.set_input_files("#photo", photo)
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/@alice")
    page.goto("/settings/profile")
    expect(bio).to_have_value("I like light.")
    expect(own).to_be_visible()

    bio.fill("And the sea.")
    page.set_input_files("#photo", photo)
    page.get_by_role("button", name="Use this picture").click()
    expect(bio).to_have_value("And the sea.")
    expect(page.get_by_text("That is you now.")).to_be_visible()

    page.goto("/settings/profile")
    with page.expect_navigation():
        page.set_input_files("#photo", photo)  # nothing typed: it is used at once
    expect(page.get_by_text("That is you now.")).to_be_visible()

    alice.expected = {400, 415}
    bio.fill("And wind.")
    page.set_input_files("#photo", broken)
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".face .mistake")).to_be_visible()

    bio.fill("And rain.")  # the page of the mistake has another address
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/@alice")
    expect(page.get_by_text("And rain.")).to_be_visible()
