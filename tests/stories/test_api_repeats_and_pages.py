"""Requests that come twice are done once; lists are read to their end, whoever carries the credentials."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests import corpus
from tests.harness.people import Somebody, make_person
from tests.parts.api import speaker
from tests.parts.api.speaker import Speaker

pytestmark = pytest.mark.usefixtures("network", "cage", "mirrors_at_once")

PHOTO = corpus.jpeg(200, 200)


@pytest.fixture(autouse=True)
def full_allowances() -> None:
    speaker.forget_allowances()


def test_an_upload_that_is_sent_twice_is_one(alice: Somebody) -> None:
    api = Speaker(alice)
    first, second = (api.post("/uploads", key="k1", photo=PHOTO).data for _ in range(2))
    assert first == second
    assert api.post("/uploads", key="k1", photo=corpus.jpeg(220, 220)).status == 422
    assert api.post("/uploads", key="k2", photo=PHOTO).data != first


def test_a_post_that_is_sent_twice_is_one(alice: Somebody, run_jobs: Callable[..., Any]) -> None:
    api = Speaker(alice)
    first = api.post("/media", key="k1", photo=PHOTO, caption="once").data["id"]
    assert api.post("/media", key="k1", photo=PHOTO, caption="once").data["id"] == first
    run_jobs()
    assert api.post("/media", key="k1", photo=PHOTO, caption="once").data["id"] == first
    assert api.post("/media", key="k1", photo=PHOTO, caption="twice").status == 422
    assert len(api.get("/users/self/media/recent").data) == 1


def test_a_comment_that_is_sent_twice_is_one(
    alice: Somebody, bob: Somebody, run_jobs: Callable[..., Any]
) -> None:
    photo = Speaker(alice).post("/media", photo=PHOTO).data["id"]
    run_jobs()
    api = Speaker(bob)
    first = api.post(f"/media/{photo}/comments", key="k1", text="hello").data["id"]
    assert api.post(f"/media/{photo}/comments", key="k1", text="hello").data["id"] == first
    assert api.post(f"/media/{photo}/comments", key="k1", text="good bye").status == 422
    assert api.post(f"/media/{photo}/comments", key="k" * 300, text="hello").status == 400
    # The key is Bob's: Alice's comment with the same one is another comment.
    assert Speaker(alice).post(f"/media/{photo}/comments", key="k1", text="hello").data["id"] != first
    assert len(api.get(f"/media/{photo}/comments").data) == 2


def test_likes_and_follows_twice_are_once(
    alice: Somebody, bob: Somebody, run_jobs: Callable[..., Any]
) -> None:
    photo = Speaker(alice).post("/media", photo=PHOTO).data["id"]
    run_jobs()
    api = Speaker(bob)
    for _ in range(2):
        assert api.post(f"/media/{photo}/likes").data is None
        assert (
            api.post(f"/users/{alice.id}/relationship", action="follow").data["outgoing_status"] == "follows"
        )
    run_jobs()
    assert api.get(f"/media/{photo}").data["likes"]["count"] == 1
    for _ in range(2):
        assert api.delete(f"/media/{photo}/likes").data is None
    run_jobs()
    assert api.get(f"/media/{photo}").data["likes"]["count"] == 0
    assert api.post(f"/media/{photo}/likes?_method=DELETE").data is None


@pytest.mark.parametrize("in_query", [False, True])
def test_lists_are_read_to_their_end(
    alice: Somebody, bob: Somebody, run_jobs: Callable[..., Any], in_query: bool
) -> None:
    owner = Speaker(alice)
    photos = [owner.post("/media", photo=PHOTO).data["id"] for _ in range(5)]
    run_jobs()
    comments = [owner.post(f"/media/{photos[0]}/comments", text=f"remark {n}").data["id"] for n in range(5)]
    token = speaker.sign_in.issue_token(bob.id)
    api = Speaker() if in_query else Speaker(token=token)
    credentials = {"access_token": token} if in_query else {}

    def walk(path: str) -> list[str]:
        said = api.get(path, count=2, **credentials)
        found = [item["id"] for item in said.data]
        while said.next:
            assert (token in said.next) == in_query
            assert said.next.startswith("http://testserver/v1/")
            said = api.follow_url(said.next)
            found += [item["id"] for item in said.data]
        return found

    assert walk("/users/self/feed") == photos[::-1]
    assert walk(f"/users/{alice.id}/media/recent") == photos[::-1]
    assert sorted(walk(f"/media/{photos[0]}/comments")) == comments
    newer = api.get("/users/self/feed", min_id=photos[2], **credentials).data
    assert [photo["id"] for photo in newer] == photos[:2:-1]


def test_photos_are_asked_for_by_time(alice: Somebody, run_jobs: Callable[..., Any]) -> None:
    api = Speaker(alice)
    api.post("/media", photo=PHOTO)
    run_jobs()
    posted = int(api.get("/users/self/media/recent").data[0]["created_time"])
    for query, number in (
        ({"min_timestamp": posted}, 1), ({"min_timestamp": posted + 2}, 0),
        ({"max_timestamp": posted + 2}, 1), ({"max_timestamp": posted - 1}, 0), ({"min_timestamp": 0}, 1),
    ):  # fmt: skip
        assert len(api.get("/users/self/media/recent", **query).data) == number, query


def test_people_are_read_to_their_end(alice: Somebody) -> None:
    names = [f"friend{n}" for n in range(5)]
    for name in names:
        Speaker(make_person(name)).post(f"/users/{alice.id}/relationship", action="follow")
    api = Speaker(alice)
    said = api.get("/users/self/followed-by", count=2)
    found = [person["username"] for person in said.data]
    while said.next:
        said = api.follow_url(said.next)
        found += [person["username"] for person in said.data]
    assert sorted(found) == names


def test_an_album_of_deeds_between_two(carol: Somebody, bob: Somebody, run_jobs: Callable[..., Any]) -> None:
    """Request, ignore, ask again, approve, remove, block, unblock: as both sides are told."""
    ask, answer = Speaker(bob), Speaker(carol)

    def deed(who: Speaker, other: Somebody, action: str) -> tuple[str, str]:
        said = who.post(f"/users/{other.id}/relationship", action=action).data
        run_jobs()
        return said["outgoing_status"], said["incoming_status"]

    assert deed(ask, carol, "follow") == ("requested", "none")
    assert deed(answer, bob, "ignore") == ("none", "none")
    assert deed(ask, carol, "follow") == ("requested", "none")
    assert deed(answer, bob, "approve") == ("none", "followed_by")
    assert ask.get(f"/users/{carol.id}").status == 200
    assert deed(answer, bob, "remove") == ("none", "none")
    assert ask.get(f"/users/{carol.id}").why == (400, "APINotAllowedError")
    assert deed(answer, bob, "block") == ("none", "blocked_by_you")
    assert ask.get(f"/users/{carol.id}").why == (404, "APINotFoundError")
    assert ask.post(f"/users/{carol.id}/relationship", action="follow").status == 404
    assert deed(answer, bob, "unblock") == ("none", "none")
    assert ask.get(f"/users/{carol.id}/relationship").data["target_user_is_private"] is True
    assert answer.post(f"/users/{bob.id}/relationship", action="approve").status == 404
