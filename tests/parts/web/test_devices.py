"""The list of browsers in which one is signed in, and ending one of them."""

from __future__ import annotations

import re
from datetime import timedelta

from heliograph.accounts.models import WebSession
from heliograph.core import clock, valkey
from heliograph.flows import web_sessions
from heliograph.pages import devices
from heliograph.web.session import COOKIE
from tests.harness.client import TestClient
from tests.harness.people import Somebody
from tests.stories.web import browser_of, text_of

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"


def _browser(person: Somebody, agent: str) -> TestClient:
    browser = TestClient(viewer_id=person.id)
    browser.cookies[COOKIE] = web_sessions.open(person.id, agent)
    return browser


def _names(browser: TestClient) -> list[str]:
    return re.findall(r'name="name" value="(\w+)"', browser.get("/settings/devices").content.decode())


def test_each_is_told_in_words_and_this_one_is_marked(alice: Somebody, bob: Somebody) -> None:
    here = _browser(alice, FIREFOX)
    _browser(alice, "Mozilla/5.0 (Windows NT 10.0) Chrome/142.0 Safari/537.36")
    _browser(bob, "Mozilla/5.0 (Macintosh) Version/18.1 Safari/605.1.15")
    page = text_of(here.get("/settings/devices"))
    assert "Firefox on Linux This browser" in page
    assert "Chrome on Windows Last seen" in page
    assert "macOS" not in page
    assert "This one and 1 other" in text_of(here.get("/settings"))


def test_one_is_ended_and_the_others_go_on(alice: Somebody) -> None:
    here, there, third = (_browser(alice, FIREFOX) for _ in range(3))
    there_name = next(d.name for d in devices.of(alice.id, there.cookies[COOKIE].value) if d.here)
    assert there_name in _names(here)
    assert here.post("/settings/devices", {"name": there_name}).status_code == 303
    there.viewer_id = None
    assert there.get("/settings").status_code == 303
    assert here.get("/settings").status_code == third.get("/settings").status_code == 200
    assert there_name not in _names(here)
    assert here.post("/settings/devices", {"name": there_name}).status_code == 303  # again: nothing happens


def test_nobody_ends_somebody_elses(alice: Somebody, bob: Somebody) -> None:
    mine, theirs = browser_of(alice), browser_of(bob)
    [name] = [d.name for d in devices.of(bob.id, None)]
    for said in (name, "", "\0", "😀" * 5000, "../" * 9):
        mine.post("/settings/devices", {"name": said})
    assert theirs.get("/settings").status_code == 200


def test_a_visit_is_written_down_once_an_hour(alice: Somebody) -> None:
    browser = browser_of(alice)
    browser.get("/settings")
    first = WebSession.objects.get(person_id=alice.id).seen_at
    valkey.call("FLUSHALL")
    browser.get("/settings")
    assert WebSession.objects.get(person_id=alice.id).seen_at == first
    clock.shift(timedelta(hours=2))
    valkey.call("FLUSHALL")  # as its record would have ended
    browser.get("/settings")
    assert WebSession.objects.get(person_id=alice.id).seen_at - first >= timedelta(hours=1)
