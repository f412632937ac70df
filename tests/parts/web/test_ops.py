"""The page of administrators: graphs, what is wrong, what is asked for in vain; nothing at all for others."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from heliograph.core import clock, history, valkey, watched
from heliograph.core.history import HOUR, Slots
from heliograph.flows import administrators, web_sessions
from heliograph.web import ops_graphs
from tests.browser import numbers
from tests.harness.client import TestClient
from tests.harness.people import Somebody
from tests.stories.web import text_of


@pytest.fixture
def browser(alice: Somebody) -> TestClient:
    """Alice's, who runs the network."""
    administrators.claim(administrators.make_link().rsplit("/", 1)[1], alice.id)
    return _browser(alice)


def _browser(somebody: Somebody) -> TestClient:
    browser = TestClient()
    browser.cookies["session"] = web_sessions.open(somebody.id, "a test")
    return browser


def test_it_is_there_for_administrators_alone(browser: TestClient, carol: Somebody) -> None:
    for address in ("/ops", "/ops?span=day"):
        assert browser.get(address).status_code == 200
        refused = [_browser(carol).get(address), TestClient().get(address)]
        assert [page.status_code for page in refused] == [404, 404]
        assert not any("How the network" in text_of(page) for page in refused)


def test_settings_lead_an_administrator_there(browser: TestClient, carol: Somebody) -> None:
    assert 'href="/ops"' in browser.get("/settings").content.decode()
    assert 'href="/ops"' not in _browser(carol).get("/settings").content.decode()


def test_everything_is_on_it(browser: TestClient) -> None:
    numbers.fill()
    page = browser.get("/ops")
    words = text_of(page)
    assert page.content.decode().count("<svg viewBox") == 11
    assert "room for media: 1210 MiB" in words and "All is well" not in words
    assert "heliograph jobs retry node1:9" in words
    assert "/wp-login.php 311" in words and "/@&lt;name:username&gt; 18" in words
    assert "p50" in words and "p99" in words and "before:" in words
    assert "style=" not in page.content.decode()


def test_nobody_looking_is_said(browser: TestClient) -> None:
    assert "Nobody looks" in text_of(browser.get("/ops"))
    history.add({"likes": 1}, {})
    assert "All is well." not in text_of(browser.get("/ops"))  # numbers alone do not say so
    watched.tell("here", [], [])
    assert "All is well." in text_of(browser.get("/ops"))
    history.add({"errors": 1}, {})
    clock.shift(timedelta(minutes=1))
    assert 'href="#errors"' in browser.get("/ops").content.decode()
    assert "All is well." not in text_of(browser.get("/ops"))
    clock.shift(timedelta(minutes=10))
    assert "Nobody has looked since" in text_of(browser.get("/ops"))


def test_without_memory_it_says_so(browser: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any) -> Any:
        raise valkey.ValkeyAway()

    monkeypatch.setattr(history, "read", away)
    assert "start Valkey again" in text_of(browser.get("/ops"))


def _graph(name: str, now: list[Any], before: list[Any] | None = None) -> ops_graphs.Graph:
    slots = Slots(now=now, before=before or [None] * len(now))
    return next(graph for graph in ops_graphs.every(slots, HOUR) if graph.name == name)


def test_where_nobody_looked_the_line_has_a_gap() -> None:
    likes = _graph("likes", [{"likes": 1.0}, {"likes": 2.0}, None, {"likes": 3.0}, {"likes": 0.0}])
    assert (likes.value, likes.before, len(likes.lines), likes.shadow) == ("6", "", 2, [])


def test_now_and_before_are_drawn_to_one_scale() -> None:
    likes = _graph("likes", [{"likes": 1.0}] * 2, [{"likes": 2.0}] * 2)
    assert (likes.value, likes.before) == ("2", "4")
    assert likes.shadow == ["0.0,56 0.0,2.0 240.0,2.0 240.0,56"] and likes.lines == ["0.0,28.0 240.0,28.0"]


@pytest.mark.parametrize(
    ("name", "slot", "value", "bad"),
    [
        ("errors", {"errors": 0.0}, "0", False),
        ("errors", {"errors": 2.0}, "2", True),
        ("queue", {"lag:feed": 0.5}, "500 ms", False),
        ("queue", {"lag:feed": 75.0, "lag:slow": 1.0}, "75 s", True),
        ("memory", {"card_reads": 100.0, "card_misses": 5.0, "pool": 0.5}, "95%", False),
        ("memory", {}, "–", False),
        ("feed", {"feed:0.1": 10.0, "feed:+Inf": 10.0}, "50 ms", False),
        ("door", {"door": 0.004, "load": 0.0}, "4.0 ms", False),
        ("door", {"door": 2.0, "load": 3.0, "left_out": 12.0}, "2.0 s", True),
        ("requests", {"request:+Inf": 30.0}, "0.50", False),
    ],
)
def test_numbers_are_told_in_words(name: str, slot: Any, value: str, bad: bool) -> None:
    graph = _graph(name, [slot])
    assert (graph.value, graph.bad) == (value, bad)
