"""The settings, walked without a script: what is chosen is there with the first bytes of the next page."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.person import Person
from tests.harness.people import PASSWORD

_NIGHT, _DAY = "rgb(20, 18, 16)", "rgb(253, 252, 250)"


def test_everything_works_without_scripts(visitor: Callable[..., Person]) -> None:
    alice = visitor("alice", java_script_enabled=False, color_scheme="light", locale="en-GB")
    elsewhere = visitor(user_agent="Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0")
    elsewhere.page.goto("/sign-in")
    elsewhere.page.fill("[name=login]", "alice")
    elsewhere.page.fill("[name=password]", PASSWORD)
    elsewhere.page.get_by_role("button", name="Sign in").click()
    elsewhere.page.wait_for_url("**/")
    page, body = alice.page, alice.page.locator("body")

    page.goto("/settings")
    expect(body).to_have_css("background-color", _DAY)
    page.get_by_role("link", name="Appearance").click()
    page.get_by_role("radio", name="Dark").check(force=True)
    page.get_by_label("Time zone").select_option("Asia/Tokyo")
    page.get_by_role("button", name="Save").click()
    expect(body).to_have_css("background-color", _NIGHT)
    expect(page.get_by_text("There it is")).to_contain_text("JST")
    page.goto("/settings")
    expect(body).to_have_css("background-color", _NIGHT)
    expect(page.get_by_role("link", name="Appearance")).to_contain_text("Dark · Asia/Tokyo")

    page.get_by_role("link", name="Devices This one").click()
    page.get_by_role("button", name="Sign out Firefox on Linux").click()
    expect(page.locator("main li")).to_have_count(1)
    elsewhere.page.goto("/settings")
    expect(elsewhere.page).to_have_url(re.compile(r"/sign-in\?next=/settings$"))

    page.goto("/settings/privacy")
    page.get_by_role("switch").check(force=True)
    page.get_by_role("button", name="Save").click()
    page.goto("/settings")
    expect(page.get_by_role("link", name="Private profile")).to_contain_text("On")


def test_the_browser_tells_its_zone(visitor: Callable[..., Person]) -> None:
    bob = visitor("bob", timezone_id="America/St_Johns")
    bob.page.goto("/settings")
    expect(bob.page.get_by_role("link", name="Appearance")).to_contain_text("America/St_Johns")


def test_an_account_is_deleted_and_kept_after_all_without_scripts(visitor: Callable[..., Person]) -> None:
    alice = visitor("alice", java_script_enabled=False)
    elsewhere = visitor("bob")
    page = alice.page
    page.goto("/settings")
    page.get_by_role("link", name="Delete your account").click()
    expect(page.locator("main")).to_contain_text("For 7 days you can have everything back")
    alice.expected = elsewhere.expected = {400, 404}
    page.get_by_label("Your password").fill("not this one")
    page.get_by_role("button", name="Delete my account").click()
    expect(page.locator(".mistake")).to_have_text("This is not your present password.")
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Delete my account").click()
    expect(page.locator("h1")).to_have_text("Your account is deleted")
    elsewhere.page.goto("/@alice")
    expect(elsewhere.page.locator("h1")).to_contain_text("not")
    page.goto("/settings")
    expect(page).to_have_url(re.compile(r"/sign-in"))
    page.fill("[name=login]", "alice")
    page.fill("[name=password]", PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("h1")).to_have_text("Do you want to stay?")
    page.get_by_role("button", name="Keep my account").click()
    page.wait_for_url("**/settings")
    elsewhere.page.goto("/@alice")
    expect(elsewhere.page.locator("h1")).to_contain_text("alice")


def test_a_field_with_a_mistake_has_the_colour_of_one(visitor: Callable[..., Person]) -> None:
    alice = visitor("alice")
    alice.expected = {400}
    page = alice.page
    page.goto("/settings/profile")
    plain = page.locator("#website").evaluate("field => getComputedStyle(field).borderColor")
    page.fill("#website", "https://")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#website-mistake")).to_be_visible()
    page.locator("h1").click()
    assert page.locator("#website").evaluate("field => getComputedStyle(field).borderColor") != plain
