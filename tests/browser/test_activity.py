"""What happened, on a phone: the dot, the page, following back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

import heliograph.flows.catalogue  # noqa: F401
from heliograph.accounts.models import Person as Row
from heliograph.flows import comment, follow, like
from heliograph.pages import activity
from heliograph.sharding.ids import from_short_code
from tests import corpus
from tests.browser.person import Person
from tests.harness import people
from tests.harness.cage import wait_until

Visitor = Callable[..., Person]


def test_what_happened_is_read_once_and_answered(visitor: Visitor, tmp_path: Path) -> None:
    alice = visitor("alice")
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(corpus.jpeg(800, 1000))
    page = alice.page
    expect(page.locator("[data-news] [data-dot]")).to_be_hidden()
    alice.post(photo, caption="Early")
    address = str(alice.cards.first.locator("a.photo").get_attribute("href"))
    photo_id = from_short_code(address.rpartition("/")[2])
    me = Row.objects.get(username="alice").id
    for name in ("bob", "carol", "dora", "emil"):
        fan = people.make_person(name, full_name=name.title())
        like.add(fan.id, photo_id)
    comment.add(
        fan.id,
        photo_id,
        "What a light! @alice, where was that? We went there in the spring and saw fog only.",
    )
    follow.follow(fan.id, me)
    # What comes from another shard may come a moment later, and a page that is open does not change.
    wait_until(lambda: len(activity.listed(me).items) == 6, "four likes, a comment and a follow have arrived")
    page.goto("/")
    expect(page.locator("[data-news] [data-dot]")).to_be_visible()
    page.goto("/@alice")  # knows it from the home page
    expect(page.get_by_role("link", name="Activity, something new")).to_be_visible()
    page.get_by_role("link", name="Activity, something new").click()
    expect(page.locator("#new")).to_be_visible()
    expect(page.locator(".deed")).to_have_count(3)
    expect(page.locator("[data-news] [data-dot]")).to_be_hidden()
    alice.taps(page.locator(".deed [data-toggle=follow] button"))
    expect(page.locator(".deed [data-toggle=follow] button")).to_have_text("Following")
    page.reload()
    expect(page.locator("#earlier")).to_be_visible()
    expect(page.locator("#new")).to_have_count(0)
    expect(page.locator(".deed [data-toggle=follow] button")).to_have_text("Following")
    page.goto("/")
    expect(page.locator("[data-news] [data-dot]")).to_be_hidden()
    page.goto("/activity")
    page.locator(".deed .thumb").first.click()
    page.wait_for_url(f"**{address}#comment-*")
