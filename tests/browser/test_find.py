"""Finding people and completing names with the keyboard, as somebody does who never takes the hand off it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from tests import corpus
from tests.browser.person import Person
from tests.harness import people

Visitor = Callable[..., Person]


def test_people_appear_while_one_types_and_the_arrows_go_through_them(visitor: Visitor) -> None:
    for name, full_name in (("anna", "Anna Öst"), ("annika", "Annika Berg"), ("bert", "")):
        people.make_person(name, full_name=full_name)
    alice = visitor("alice")
    page = alice.page
    page.goto("/find")
    expect(page.locator("[data-idle]")).to_be_visible()
    page.keyboard.type("ann")
    expect(page.locator("[data-person]")).to_have_count(2)
    expect(page.locator("[data-find-says]")).to_have_text("2 people")
    assert page.url.endswith("/find?q=ann")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.locator("[data-person=annika] a.name")).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/@anna")
    page.goto("/find")
    expect(page.locator("[data-recent] [data-person=anna]")).to_be_visible()
    page.keyboard.type("zzz")
    expect(page.locator("#found h2")).to_have_text("Nobody by that name")
    expect(page.locator("[data-recent]")).to_be_hidden()
    page.fill("#q", "")
    expect(page.locator("[data-recent] [data-person=anna]")).to_be_visible()
    page.get_by_role("button", name="Clear").click()
    expect(page.locator("[data-recent]")).to_be_hidden()
    assert page.evaluate("Object.keys(localStorage).filter(name => name.startsWith('met:'))") == []


def test_names_and_tags_are_completed_in_a_comment(visitor: Visitor, tmp_path: Path) -> None:
    for name in ("anna", "annika"):
        people.make_person(name, full_name=name.title())
    alice = visitor("alice")
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(corpus.jpeg(800, 1000))
    alice.post(photo, caption="Early #sunrise")
    page = alice.page
    page.goto(str(alice.cards.first.locator("a.photo").get_attribute("href")))
    field, options = page.locator("#text"), page.get_by_role("option")
    field.press_sequentially("Look, @an")
    expect(options).to_have_count(2)
    expect(field).to_have_attribute("aria-expanded", "true")
    chosen = page.locator("[role=option][aria-selected=true]")
    expect(chosen).to_contain_text("anna")
    page.keyboard.press("ArrowDown")
    expect(chosen).to_contain_text("annika")
    assert field.get_attribute("aria-activedescendant") == chosen.get_attribute("id")
    page.keyboard.press("Enter")  # takes the name, and does not send
    expect(field).to_have_value("Look, @annika ")
    field.press_sequentially("and @ann")
    expect(options).to_have_count(2)
    page.keyboard.press("Escape")
    expect(options).to_have_count(0)
    expect(field).not_to_have_attribute("aria-expanded", "true")
    field.press_sequentially("e #sun")
    expect(options).to_have_text(["#sunrise"])
    page.keyboard.press("Tab")
    expect(field).to_have_value("Look, @annika and @anne #sunrise ")
    expect(field).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".comment:not(.waits)")).to_contain_text("Look, @annika and @anne #sunrise")
