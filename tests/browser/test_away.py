"""Without a connection: what was seen stays readable, for whoever saw it and nobody else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from heliograph.accounts.models import Person as Account
from heliograph.flows import web_sessions
from tests import corpus
from tests.browser.person import Person
from tests.harness.cage import wait_until
from tests.harness.people import PASSWORD

_KEPT = "caches.keys().then(names => names.filter(name => /^(seen|pictures)-/.test(name)).length)"


def _sign_in(person: Person, name: str) -> None:
    person.page.goto("/sign-in")
    person.page.fill("[name=login]", name)
    person.page.fill("[name=password]", PASSWORD)
    person.page.get_by_role("button", name="Sign in").click()
    person.page.wait_for_url("**/")


def _wait(person: Person, what: str, wanted: object) -> None:
    wait_until(lambda: person.page.evaluate(what) == wanted, f"{what} is {wanted}", seconds=15)


def test_what_was_seen_stays_readable_for_whoever_saw_it(
    visitor: Callable[..., Person], tmp_path: Path
) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(corpus.jpeg(800, 1000))
    visitor("bob")
    alice = visitor("alice", service_workers="allow")
    page, away = alice.page, alice.page.locator(".away")
    alice.expected = {401}
    alice.post(photo, caption="Low tide", alt_text="A beach")
    alice.waits_for_a_worker()
    page.goto("/post")
    for path in ("/", "/@alice"):
        page.goto(path)
        alice.sees("main img[src^='/m/']")
        expect(away).to_be_hidden()
    wait_until(lambda: page.evaluate(_KEPT) == 2, "pages and pictures are kept", seconds=15)

    app = page.context.new_cdp_session(page)
    assert app.send("Page.getAppManifest")["errors"] == []
    found = {error["errorId"] for error in app.send("Page.getInstallabilityErrors")["installabilityErrors"]}
    assert found <= {"in-incognito"}  # as every browser of a test is

    # no connection: the feed and its picture are there, and say of when they are
    page.context.set_offline(True)
    page.goto("/")
    expect(alice.cards.first.locator(".caption")).to_contain_text("Low tide")
    alice.sees("img[data-photo]")
    expect(away).to_contain_text("This page is as you saw it")
    page.goto("/@alice")
    expect(page.locator("main h1")).to_contain_text("alice")
    for never_seen in ("/settings", "/find", "/@bob"):
        page.goto(never_seen)
        expect(page.locator("main h1")).to_have_text("There is no connection")

    page.goto("/post")  # even a post can be written
    expect(page.locator("#photo")).to_be_attached()

    # it is back: fresh pages again, without a word
    page.context.set_offline(False)
    page.goto("/")
    expect(away).to_be_hidden()

    # signed out: nothing is left, neither behind the back button nor without a connection
    page.goto("/settings")
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.wait_for_url("**/")
    _wait(alice, _KEPT, 0)
    page.go_back()
    page.wait_for_url("**/sign-in**")

    # the next person at this browser keeps pages of their own
    _sign_in(alice, "bob")
    alice.waits_for_a_worker()
    page.goto("/@bob")
    wait_until(lambda: page.evaluate(_KEPT) > 0, "a page is kept", seconds=15)
    page.context.set_offline(True)
    page.goto("/@alice")
    expect(page.locator("main h1")).to_have_text("There is no connection")
    page.goto("/@bob")
    expect(page.locator("main h1")).to_contain_text("bob")
    page.context.set_offline(False)

    # and when the session is ended elsewhere, the next answer takes everything away
    page.goto("/@alice")
    web_sessions.close_all(Account.objects.get(username="bob").id)
    page.locator("[data-toggle=follow] button").click()
    _wait(alice, _KEPT, 0)
    page.goto("/@bob")
    page.context.set_offline(True)
    page.goto("/@bob")
    expect(page.locator("main h1")).to_have_text("There is no connection")
    page.context.set_offline(False)
