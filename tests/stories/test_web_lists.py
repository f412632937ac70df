"""Lists over HTTP: parts without their frame, how long they may be, and how many photos are new."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from heliograph.flows import block
from heliograph.sharding.ids import short_code
from tests.harness.people import Somebody
from tests.oracle import album
from tests.stories.web import browser_of

RunJobs = Callable[..., Any]


def number_of(page: bytes, what: str) -> int:
    return page.decode().count(what)


def test_a_part_is_the_list_without_the_frame(alice: Somebody, run_jobs: RunJobs) -> None:
    album.post(alice.id)
    run_jobs()
    browser = browser_of(alice)
    for path, item in (("/", "<article"), ("/@alice", "<img data-photo"), ("/@alice/followers", "<ul")):
        part = browser.get(f"{path}?part=1").content
        assert number_of(part, item) == 1, path
        assert number_of(part, "<html") == number_of(part, "<h1") == 0
        assert number_of(part, "data-items") == number_of(part, "data-more") == 1


@pytest.mark.parametrize(
    ("asked", "shown"),
    [("3", 3), ("1", 1), ("0", 1), ("999", 4), ("x", 4), ("-1", 4), ("", 4), ("9" * 40, 4)],
)
def test_a_part_is_as_long_as_was_asked_for_within_bounds(
    asked: str, shown: int, alice: Somebody, run_jobs: RunJobs
) -> None:
    for _ in range(4):
        album.post(alice.id)
    run_jobs()
    part = browser_of(alice).get(f"/?part=1&count={asked}").content
    assert number_of(part, "<article") == shown


def test_new_photos_are_counted_for_who_may_see_them(
    alice: Somebody, bob: Somebody, run_jobs: RunJobs
) -> None:
    first = album.post(alice.id)
    run_jobs()
    browser = browser_of(bob)
    assert browser.get("/").status_code == 200
    since = f"/new?since={short_code(first)}"
    assert browser.get(since).json() == {"count": 0, "text": "0 new photos"}
    newest = [album.post(alice.id) for _ in range(2)][-1]
    run_jobs()
    assert browser.get(since).json() == {"count": 2, "text": "2 new photos"}
    assert browser.get(f"/new?since={short_code(newest)}").json()["count"] == 0
    part = browser.get(f"/?part=1&newer={short_code(first)}").content
    assert number_of(part, "<article") == 2
    block.block(alice.id, bob.id)
    run_jobs()
    assert browser.get(since).json()["count"] == 0
    assert browser.get("/new?since=nonsense").json()["count"] == 0
    assert browser_of(None).get(since).status_code == 401


def test_asking_for_new_photos_costs_one_trip_when_there_are_none(
    alice: Somebody, run_jobs: RunJobs, count_trips: Callable[[], Any]
) -> None:
    newest = short_code(album.post(alice.id))
    run_jobs()
    browser = browser_of(alice)
    browser.get("/")
    with count_trips() as made:
        assert browser.get(f"/new?since={newest}").json()["count"] == 0
    assert (made["valkey"], made["node"], made["directory"]) == (1, 0, 0)
