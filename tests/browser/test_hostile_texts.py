"""Scripts in every text that a person can write: shown as written, never run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Dialog, expect

from tests import corpus
from tests.browser.person import Person

ATTACKS = (
    "<script>alert(1)</script>",
    "\"><img src=x onerror='alert(2)'>",
    "'-alert(3)-' javascript:alert(3) {{ 7*7 }} {% now 'Y' %}",
    "<svg onload=alert(4)><style>*{display:none}</style>",
)


def test_they_are_shown_as_they_were_written(visitor: Callable[..., Person], tmp_path: Path) -> None:
    alice = visitor("alice")
    page = alice.page
    dialogs: list[str] = []

    def heard(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", heard)
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(corpus.jpeg(400, 300))
    all_of_them = " ".join(ATTACKS)

    page.goto("/settings/profile")
    page.fill("[name=full_name]", ATTACKS[0])
    page.fill("[name=bio]", all_of_them)
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/@alice")
    expect(page.locator(".bio")).to_contain_text(all_of_them)

    alice.post(photo, caption=all_of_them, alt_text=all_of_them)
    expect(alice.cards.first.locator(".caption")).to_contain_text(all_of_them)
    expect(alice.cards.first.locator("img[data-photo]")).to_have_attribute("alt", all_of_them)
    page.goto(str(alice.cards.first.locator("a.photo").get_attribute("href")))
    for number, attack in enumerate(ATTACKS, 1):
        page.fill("#text", attack)
        page.get_by_role("button", name="Say").click()
        expect(page.locator(".comment:not(.waits)")).to_have_count(number)
    page.reload()
    for attack in ATTACKS:
        expect(page.locator(".comments")).to_contain_text(attack)

    page.goto("/find")
    page.fill("#q", all_of_them)
    page.keyboard.press("Enter")
    expect(page.locator("#found [data-says]")).to_be_visible()
    expect(page.locator("#q")).to_have_value(all_of_them[:100])
    for path in ("/@alice", "/"):
        page.goto(path)
        expect(page.locator("h1")).to_have_count(1)
    assert dialogs == []


def test_a_website_that_is_a_script_is_refused(visitor: Callable[..., Person]) -> None:
    alice = visitor("alice")
    alice.expected = {400}
    alice.page.goto("/settings/profile")
    alice.page.locator("[name=website]").evaluate("field => field.type = 'text'")
    alice.page.fill("[name=website]", "javascript:alert(1)")
    alice.page.get_by_role("button", name="Save").click()
    expect(alice.page.locator(".mistake")).to_be_visible()
