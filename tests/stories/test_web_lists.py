"""Lists over HTTP: parts without their frame, how long they may be, and how many photos are new."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from heliograph.core import valkey
from heliograph.flows import block, follow, like
from heliograph.sharding import nodes
from heliograph.sharding.ids import short_code
from tests.harness import client
from tests.harness.people import Somebody, make_person
from tests.oracle import album
from tests.stories.web import browser_of, text_of

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
    album.post(bob.id)  # his own are on the page already
    run_jobs()
    assert browser.get(since).json()["count"] == 2
    assert browser.get(f"/new?since={short_code(newest)}").json()["count"] == 0
    part = browser.get(f"/?part=1&newer={short_code(first)}").content
    assert number_of(part, "<article") == 3
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


def test_people_in_lists_can_be_followed_where_they_stand(
    alice: Somebody, bob: Somebody, carol: Somebody, run_jobs: RunJobs
) -> None:
    photo = album.post(alice.id)
    for actor, owner in ((carol, alice), (bob, carol)):
        follow.follow(actor.id, owner.id)
    like.add(carol.id, photo)
    like.add(bob.id, photo)
    run_jobs()
    browser = browser_of(bob)
    for path in ("/@alice/followers", f"/p/{short_code(photo)}/likes"):
        page = browser.get(path).content.decode()
        assert f'action="/people/{carol.id}/follow"' in page, path
        assert f'action="/people/{bob.id}/follow"' not in page, "nobody follows themself"
        assert ">Requested</button>" in page
    mine = browser_of(alice).get("/@alice/followers").content.decode()
    assert f'action="/people/{bob.id}/follow"' in mine and f'action="/people/{bob.id}/remove"' in mine
    follow.follow(alice.id, bob.id)
    run_jobs()
    mine = browser_of(alice).get("/@alice/followers").content.decode()
    assert f'action="/people/{bob.id}/follow"' not in mine, "one button is enough for whom one follows"


def test_who_likes_a_photo_is_named_but_for_oneself_and_for_strangers(
    alice: Somebody, bob: Somebody, dave: Somebody, run_jobs: RunJobs
) -> None:
    photo, erin = album.post(alice.id), make_person("erin")
    address = f"/p/{short_code(photo)}"

    def line(viewer: Somebody | None, path: str = address) -> str:
        page = browser_of(viewer).get(path).content.decode()
        return re.sub(r"<[^>]+>", "", re.findall(r'<p class="likes">.*?</p>', page)[0])

    run_jobs()
    assert line(bob) == "No likes yet"
    like.add(bob.id, photo)
    run_jobs()
    assert (line(bob), line(alice), line(None)) == ("1 like", "Liked by bob", "1 like")
    like.add(erin.id, photo)
    like.add(alice.id, photo)
    run_jobs()
    for path in (address, "/"):
        assert line(alice, path) == "Liked by erin and 2 others"
        assert line(bob, path) == "Liked by alice and 2 others"
    block.block(erin.id, bob.id)
    block.block(alice.id, erin.id)
    run_jobs()
    assert line(alice) == "Liked by bob and 2 others", "a number tells nobody who is hidden"
    assert line(None) == "3 likes"


def test_a_profile_knows_its_followers_with_and_without_who_looks(
    alice: Somebody, bob: Somebody, carol: Somebody, run_jobs: RunJobs
) -> None:
    def counts(viewer: Somebody, path: str) -> list[str]:
        page = browser_of(viewer).get(path).content.decode()
        spans = re.findall(r"<span data-with(?:out)?( hidden)?>(.*?)</span>", page)
        return [re.sub(r"<[^>]+>", "", words) + ("" if hidden else " <-") for hidden, words in spans]

    run_jobs()
    assert counts(bob, "/@alice") == ["1 follower <-", "0 followers"]
    assert counts(carol, "/@alice") == ["2 followers", "1 follower <-"]
    follow.follow(bob.id, carol.id)
    run_jobs()
    follow.approve(carol.id, bob.id)
    run_jobs()
    assert counts(bob, "/@carol") == ["1 follower <-", "0 followers"]


def test_a_feed_that_lacks_a_node_does_not_say_that_it_is_all(
    alice: Somebody, bob: Somebody, run_jobs: RunJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Alice and her photo are on node 1, Bob and what he follows on node 2: nothing can be shown, but that is said."""
    album.post(alice.id)
    run_jobs()
    browser, connect = browser_of(bob), nodes.connection
    assert "You have seen it all." in text_of(browser.get("/"))

    def away(node: Any, **options: Any) -> Any:
        if node.name == "node1":
            raise nodes.NodeAway()
        return connect(node, **options)

    valkey.call("FLUSHALL")
    browser.get("/")  # who Bob is, is kept again
    valkey.call("DEL", *valkey.keys("photo:*"))
    with monkeypatch.context() as patched:
        patched.setattr(client, "on_response", [])  # who looks for leaks asks the nodes what is true
        patched.setattr(nodes, "connection", away)
        page = browser.get("/")
    assert page.status_code == 200
    said = text_of(page)
    assert "Some photos cannot be reached right now." in said
    assert "You have seen it all." not in said and "Your feed fills when you follow people" not in said
    assert "You have seen it all." in text_of(browser.get("/"))
