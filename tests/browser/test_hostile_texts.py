"""Scripts in every text that a person can write: shown as written, never run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Dialog, expect

from heliograph.flows import comment
from heliograph.pages import activity, home
from heliograph.sharding.ids import short_code
from tests import corpus
from tests.browser.person import Person
from tests.browser.test_feed_pages import id_of, with_pictures
from tests.harness.cage import wait_until
from tests.oracle import album

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


#: The texts on a page that are written from left to right and stand there from right to left. What follows a mark in
#: the very text that holds it is its own business.
TURNED = """() => {
  const marks = /[\\u202a-\\u202e\\u2066-\\u2069]/, turned = [];
  const held = (node) => {
    for (let each = node; each; each = each.previousSibling) {
      if (each.nodeType === Node.TEXT_NODE && marks.test(each.data)) return true;
    }
    return false;
  };
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    const word = /[A-Za-z]{3,}/.exec(node.data);
    if (!word || node.parentElement.closest("script, style, template")) continue;
    if (held(node) || held(node.parentElement.closest(".tag"))) continue;
    const [first, last] = [word.index, word.index + word[0].length - 1].map((at) => {
      const letter = document.createRange();
      letter.setStart(node, at);
      letter.setEnd(node, at + 1);
      return letter.getClientRects()[0];
    });
    if (first && last && first.top === last.top && first.left > last.left) turned.push(node.data);
  }
  return turned;
}"""


#: The same mark in a line that does not hold it apart from what follows.
PLANT = """main => {
  const line = document.createElement("p"), after = document.createElement("span");
  after.textContent = "turned";
  line.append("\\u202e", after);
  main.prepend(line);
}"""


@pytest.mark.parametrize(
    "turning", ["\u202e", "\u2067\u202b\u202e", "\u2069\u202e", "\u202c\u2069\u2069\u202c\u202e\u2066"]
)
def test_marks_of_direction_turn_no_more_than_the_text_that_holds_them(
    visitor: Callable[..., Person], turning: str
) -> None:
    alice, bob = visitor("alice"), visitor("bob")
    text = f"{turning} turns what follows @alice #dusk and on"
    photos = [album.post(id_of("alice"), caption=text) for _ in range(2)]
    comment.add(id_of("bob"), photos[1], text)
    comment.add(id_of("alice"), photos[1], f"{turning} @bob what follows")
    wait_until(lambda: len(home.page(id_of("alice")).items) == 2, "both are in the feed")
    for name in ("alice", "bob"):
        wait_until(lambda name=name: activity.listed(id_of(name)).items, f"{name} is told")  # type: ignore[misc]
    pages = {
        alice: ("/", f"/p/{short_code(photos[1])}", "/activity"),
        bob: (f"/p/{short_code(photos[1])}", "/activity"),
    }
    for person, paths in pages.items():
        with_pictures(person.page, corpus.jpeg(320, 240))
        for path in paths:
            person.page.goto(path)
            expect(person.page.locator("main")).to_contain_text("what follows")
            assert person.page.evaluate(TURNED) == [], path
    alice.page.locator("main").evaluate(PLANT)
    assert alice.page.evaluate(TURNED) == ["turned"]  # what is not held apart would have been found
