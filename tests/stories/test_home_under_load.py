"""A home feed while more is asked than can be done: shorter, then plainer, and never other photos than it should be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from heliograph.core import load, trips, valkey
from heliograph.core.load import Level
from heliograph.flows import comment, like
from heliograph.pages import home
from heliograph.web.home_views import PHOTOS
from tests.harness.people import Somebody
from tests.oracle import album
from tests.stories.web import browser_of

RunJobs = Callable[..., Any]


@pytest.fixture(autouse=True)
def _at_the_end_all_is_well() -> Iterator[None]:
    yield
    load.set_level(Level.ALL)


@pytest.fixture
def posted(alice: Somebody, bob: Somebody, run_jobs: RunJobs) -> list[int]:
    """Alice's photos, newest first; Bob follows her."""
    ids = [album.post(alice.id) for _ in range(PHOTOS)]
    run_jobs()
    return ids[::-1]


def test_a_feed_gets_shorter_and_goes_on(bob: Somebody, posted: list[int]) -> None:
    load.set_level(Level.SHORT)
    first = home.page(bob.id)
    assert [card.id for card in first.items] == posted[: home.SHORT]
    assert [card.id for card in home.page(bob.id, count=3).items] == posted[:3]
    seen, cursor = [card.id for card in first.items], first.next_cursor
    while cursor:
        page = home.page(bob.id, cursor=cursor)
        seen += [card.id for card in page.items]
        cursor = page.next_cursor
    assert seen == posted


def test_then_it_does_without_likers_and_without_what_costs_a_trip(
    alice: Somebody, bob: Somebody, carol: Somebody, posted: list[int], run_jobs: RunJobs
) -> None:
    like.add(carol.id, posted[0])
    comment.add(bob.id, posted[0], "What a light")
    run_jobs()
    [whole, *_] = home.page(bob.id).items
    load.set_level(Level.PLAIN)
    [plain, *_] = home.page(bob.id).items
    assert (whole.likes, [face.username for face in whole.newest_likers]) == (1, ["carol"])
    assert (plain.likes, plain.newest_likers) == (1, [])
    assert [said.text for said in plain.newest_comments] == ["What a light"]

    valkey.call("DEL", f"cnt:{posted[0]}")
    with trips.counted() as made:
        [plain, *_] = home.page(bob.id).items
    assert (plain.id, plain.likes) == (posted[0], 0), "a number that memory has lost is not asked for"
    assert made["valkey"] <= 3

    load.set_level(Level.ALL)
    [whole, *_] = home.page(bob.id).items
    assert (whole.likes, [face.username for face in whole.newest_likers]) == (1, ["carol"])


def test_the_page_says_nothing_of_it(bob: Somebody, posted: list[int]) -> None:
    load.set_level(Level.PLAIN)
    browser = browser_of(bob)
    assert browser.get("/").status_code == 200
    assert browser.get("/new?since=0").json()["count"] == 0
    assert browser.get("/activity/unread.json").json() == {"unread": False}


def test_who_may_see_what_is_looked_at_as_ever(
    alice: Somebody, bob: Somebody, dave: Somebody, posted: list[int]
) -> None:
    from heliograph.pages import cards

    load.set_level(Level.PUT_OFF)
    assert cards.photos(dave.id, posted[:3]) == []
    assert len(cards.photos(bob.id, posted[:3])) == 3
