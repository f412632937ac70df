"""A post that was begun is there again after a reload, for whoever began it and nobody else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests import corpus
from tests.browser.person import Person
from tests.harness.cage import wait_until

Visitor = Callable[..., Person]

_OFFER = "[data-draft]"
_KEPT = """() => new Promise(done => {
    const opening = indexedDB.open("heliograph-draft", 1);
    opening.onupgradeneeded = () => opening.transaction.abort();
    opening.onerror = () => done([]);
    opening.onsuccess = () => {
        const asked = opening.result.transaction("drafts").objectStore("drafts").getAll();
        asked.onsuccess = () => { opening.result.close(); done(asked.result.map(row => row.texts.caption)) };
    };
})"""
_FIELDS = (
    "crop_x",
    "crop_y",
    "crop_w",
    "crop_h",
    "straighten",
    "turn",
    "filter",
    "strength",
    "caption",
    "alt_text",
)


def _said(page: Page) -> dict[str, str]:
    names = (*_FIELDS, "place_level", "place_name")
    return {name: page.evaluate("n => document.forms[0].elements[n].value", name) for name in names}


def _begin(alice: Person, file: Path, caption: str) -> None:
    page = alice.page
    page.goto("/post")
    page.set_input_files("#photo", file)
    page.locator("[name=upload_id]:not([value=''])").wait_for(state="attached")
    page.get_by_role("tab", name="Crop").click()
    page.locator("[name=shape][value=square]").check(force=True)
    page.get_by_role("button", name="Turn").click()
    page.locator("[data-stage]").focus()
    for key in ("+", "+", "]", "]", "ArrowLeft"):
        page.keyboard.press(key)
    page.get_by_role("tab", name="Filter").click()
    page.locator("input[name=filter][value='ember']").check(force=True)
    page.locator("#strength").fill("70")
    alice.words()
    page.fill("#alt_text", "A chart")
    page.get_by_role("button", name="Add a place").click()
    page.fill("#place-search", "reykjav")
    page.locator(".place-list button").first.click()
    page.fill("#caption", caption)
    wait_until(lambda: page.evaluate(_KEPT) == [caption], "it is kept", seconds=15)


def test_it_goes_on_where_it_was_left(visitor: Visitor, tmp_path: Path) -> None:
    alice = visitor("alice")
    page = alice.page
    file = tmp_path / "photo.jpg"
    file.write_bytes(corpus.jpeg(1200, 900))
    _begin(alice, file, "Half a sentence")
    before, upload = _said(page), page.locator("[name=upload_id]").input_value()
    assert before["turn"] == "90" and before["place_name"]

    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.reload()
    assert asked == [], "nothing is lost by a reload, so nobody is asked"
    expect(page.locator(_OFFER)).to_contain_text("Half a sentence")
    expect(page.locator(f"{_OFFER} img")).to_be_visible()
    expect(page.locator("#photo")).to_be_hidden()
    expect(page.get_by_role("button", name="Post", exact=True)).to_be_hidden()  # nothing is chosen yet
    page.get_by_role("button", name="Go on with it").click()
    expect(page.locator("[data-stage]")).to_have_attribute("data-drawn", "ember 0.7")
    wait_until(lambda: _said(page) == before, "all of it is as it was", seconds=15)
    expect(page.locator("[name=upload_id]")).to_have_value(upload)  # the same upload: nothing is sent twice

    page.get_by_role("button", name="Post").click()
    page.wait_for_url("**/")
    expect(alice.cards.first.locator(".caption")).to_contain_text("Half a sentence")
    page.goto("/post")
    expect(page.get_by_text("Choose a photo")).to_be_visible()
    expect(page.locator(_OFFER)).to_be_hidden()
    wait_until(lambda: page.evaluate(_KEPT) == [], "what was posted is no draft any more", seconds=15)


def test_who_comes_back_after_posting_or_discarding_finds_an_empty_composer(
    visitor: Visitor, tmp_path: Path
) -> None:
    """The browser fills the form in again: photo and words stood there, out of sight, and "Post" sent them."""
    alice = visitor("alice")
    page = alice.page
    file = tmp_path / "photo.jpg"
    file.write_bytes(corpus.jpeg(1200, 900))
    for end in ("Post", "Discard"):
        page.goto("/post")
        page.set_input_files("#photo", file)
        page.locator("[name=upload_id]:not([value=''])").wait_for(state="attached")
        alice.words()
        page.fill("#caption", "Once is enough")
        if end == "Discard":
            page.get_by_role("link", name="Back").click()
        page.get_by_role("button", name=end, exact=True).click()
        page.wait_for_url("**/")
        page.go_back()
        expect(page.get_by_text("Choose a photo")).to_be_visible()
        assert page.evaluate("document.forms[0].photo.files.length") == 0
        expect(page.locator("#caption")).to_have_value("")
        page.goto("/")
    expect(alice.cards).to_have_count(1)


def test_it_belongs_to_who_began_it_and_goes_when_they_sign_out(visitor: Visitor, tmp_path: Path) -> None:
    alice, bob = visitor("alice"), visitor("bob")
    page, context = alice.page, alice.page.context
    file = tmp_path / "photo.jpg"
    file.write_bytes(corpus.jpeg(1200, 900))
    _begin(alice, file, "Hers alone")
    page.get_by_role("link", name="Back").click()
    expect(page.locator("[data-leave]")).to_contain_text("stay on this device")
    page.get_by_role("button", name="Leave", exact=True).click()
    page.wait_for_url("**/")

    page.goto("/post")
    page.get_by_role("button", name="Start anew").click()
    expect(page.get_by_text("Choose a photo")).to_be_visible()
    wait_until(lambda: page.evaluate(_KEPT) == [], "it is gone", seconds=15)

    _begin(alice, file, "Hers again")
    hers = context.cookies()
    page.goto("about:blank")
    context.clear_cookies()
    context.add_cookies(bob.page.context.cookies())  # type: ignore[arg-type]
    page.goto("/post")
    expect(page.get_by_text("Choose a photo")).to_be_visible()
    wait_until(lambda: page.evaluate(_KEPT) == [], "what another person left is gone", seconds=15)

    page.goto("about:blank")
    context.clear_cookies()
    context.add_cookies(hers)  # type: ignore[arg-type]
    _begin(alice, file, "Until she signs out")
    page.goto("/settings")
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.wait_for_url("**/")
    wait_until(lambda: page.evaluate(_KEPT) == [], "it went when she did", seconds=15)


def test_where_nothing_can_be_kept_leaving_asks_first(visitor: Visitor, tmp_path: Path) -> None:
    alice = visitor("alice")
    page = alice.page
    page.add_init_script("indexedDB.open = () => { throw new Error('not here') }")
    file = tmp_path / "photo.jpg"
    file.write_bytes(corpus.jpeg(1200, 900))
    page.goto("/post")
    page.set_input_files("#photo", file)
    page.locator("[name=upload_id]:not([value=''])").wait_for(state="attached")
    alice.words()
    page.fill("#caption", "Only here")
    page.get_by_role("link", name="Back").click()
    expect(page.locator("[data-leave]")).to_contain_text("are forgotten")
    page.get_by_role("button", name="Keep working").click()
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.goto("/")
    assert asked == ["beforeunload"]
