"""Scripts in every text that a person can write: shown as written, never run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Dialog, expect

from tests import corpus
from tests.browser.person import Person

ATTACKS = (
    "<script>alert(1)</script>",
    "\"><img src=x onerror='alert(2)'>",
    "'-alert(3)-' javascript:alert(3) {{ 7*7 }} {% now 'Y' %}",
    "<svg onload=alert(4)><style>*{display:none}</style>",
)


@pytest.mark.parametrize("attack", ATTACKS)
def test_it_is_shown_as_it_was_written(attack: str, visitor: Callable[..., Person], tmp_path: Path) -> None:
    alice = visitor("alice")
    page = alice.page
    dialogs: list[str] = []

    def heard(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", heard)
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(corpus.jpeg(400, 300))

    page.goto("/settings/profile")
    page.fill("[name=full_name]", attack[:60])
    page.fill("[name=bio]", attack)
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/@alice")
    expect(page.locator(".bio")).to_contain_text(attack)

    alice.post(photo, caption=attack, alt_text=attack)
    expect(alice.cards.first.locator(".caption")).to_contain_text(attack)
    expect(alice.cards.first.locator("img[data-photo]")).to_have_attribute("alt", attack)
    page.goto(str(alice.cards.first.locator("a.photo").get_attribute("href")))
    page.fill("#text", attack)
    page.get_by_role("button", name="Say").click()
    expect(page.locator(".comment:not(.waits)")).to_contain_text(attack)
    page.reload()
    expect(page.locator(".comment")).to_contain_text(attack)

    page.goto("/find")
    page.fill("#q", attack)
    page.get_by_role("button", name="Find").click()
    expect(page.locator("#q")).to_have_value(attack)
    page.goto("/@alice")
    page.goto("/")
    page.wait_for_timeout(200)
    assert dialogs == []


def test_a_website_that_is_a_script_is_refused(visitor: Callable[..., Person]) -> None:
    alice = visitor("alice")
    alice.expected = {400}
    alice.page.goto("/settings/profile")
    alice.page.locator("[name=website]").evaluate("field => field.type = 'text'")
    alice.page.fill("[name=website]", "javascript:alert(1)")
    alice.page.get_by_role("button", name="Save").click()
    expect(alice.page.locator(".mistake")).to_be_visible()
