"""The page of what happened, the dot that says so, and the way to those who ask to follow."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from heliograph.activity import groups
from heliograph.flows import comment, edit_photo, follow, like
from heliograph.pages import activity, home
from tests.harness.people import Somebody
from tests.oracle import album
from tests.parts.api.speaker import Speaker
from tests.stories.web import browser_of, text_of

Jobs = Callable[..., Any]


@pytest.fixture
def photo(alice: Somebody, bob: Somebody, run_jobs: Jobs) -> int:
    """Alice's; Bob follows her."""
    photo_id = album.post(alice.id)
    run_jobs()
    return photo_id


def test_the_page_says_it_in_sentences(
    alice: Somebody,
    bob: Somebody,
    carol: Somebody,
    photo: int,
    make_person: Callable[..., Somebody],
    run_jobs: Jobs,
) -> None:
    assert "Nothing yet" in text_of(browser_of(carol).get("/activity"))
    for fan in [make_person(f"fan{number}") for number in range(4)]:
        like.add(fan.id, photo)
        run_jobs()
    comment.add(carol.id, photo, "<b>What</b> a light, @bob")
    edit_photo.edit(alice.id, photo, caption="For @bob")
    run_jobs()
    page = text_of(browser_of(alice).get("/activity"))
    assert "New carol commented: &lt;b&gt;What&lt;/b&gt; a light, @bob now" in page
    assert "fan3 , fan2 and 2 others liked your photo." in page.replace(" ,", " ,")
    assert "bob follows you." in page
    assert page.index("carol commented") < page.index("liked your photo") < page.index("bob follows")
    again = text_of(browser_of(alice).get("/activity"))
    assert "Earlier" in again and "New " not in again.partition("Earlier")[0].partition("Activity")[2]
    theirs = text_of(browser_of(bob).get("/activity"))
    assert "alice mentioned you with a photo." in theirs and "carol mentioned you:" in theirs


def test_programs_get_it_one_by_one(alice: Somebody, bob: Somebody, photo: int, run_jobs: Jobs) -> None:
    like.add(bob.id, photo)
    run_jobs()
    comment.add(bob.id, photo, "Lovely")
    run_jobs()
    api = Speaker(alice)
    said = api.get("/users/self/activity", count=2)
    newest, before = said.data
    assert (newest["kind"], newest["comment"]["text"], newest["actor"]["username"]) == (
        "comment",
        "Lovely",
        "bob",
    )
    assert before["kind"] == "like" and before["media"]["id"] == f"{photo}_{alice.id}"
    assert before["comment"] is None
    last = api.follow_url(said.body["pagination"]["next_url"]).data
    assert [(entry["kind"], entry["media"], entry["comment"]) for entry in last] == [("follow", None, None)]
    assert activity.unread(alice.id)  # a program that reads is not somebody who has seen


def test_the_dot_is_on_the_home_page_until_one_looks(
    alice: Somebody, bob: Somebody, photo: int, run_jobs: Jobs
) -> None:
    browser = browser_of(alice)
    assert known(browser) and browser.get("/activity/unread.json").json() == {"unread": True}
    browser.get("/activity?part=1")
    assert not known(browser) and browser.get("/activity/unread.json").json() == {"unread": False}
    like.add(bob.id, photo)
    run_jobs()
    assert known(browser)
    browser.head("/activity")  # nobody has read that
    assert known(browser)
    assert 'data-known="' not in browser.get("/find").content.decode()


def known(browser: Any) -> bool:
    """What the home page knows of news."""
    found = re.search(r'data-known="([01])"', browser.get("/").content.decode())
    assert found is not None
    return found[1] == "1"


def test_the_dot_costs_the_home_page_no_trip(
    alice: Somebody, photo: int, run_jobs: Jobs, count_trips: Callable[[], Any]
) -> None:
    made = []
    for with_unread in (False, False, True):
        with count_trips() as trips:
            page = home.page(alice.id, with_unread=with_unread)
        made.append(dict(trips))
        assert page.unread is (True if with_unread else None)
    assert made[1] == made[2], made


def test_who_asks_to_follow_is_on_top_with_their_number(
    carol: Somebody, make_person: Callable[..., Somebody], run_jobs: Jobs
) -> None:
    for number in range(4):
        follow.follow(make_person(f"fan{number}").id, carol.id)
        run_jobs()
    page = text_of(browser_of(carol).get("/activity"))
    assert "Requests to follow you fan3, fan2 and 2 others 4" in page


def test_pages_go_on(alice: Somebody, bob: Somebody, run_jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(activity, "_BATCH", 2)
    for _ in range(7):
        like.add(bob.id, album.post(alice.id))
        run_jobs()
    browser = browser_of(alice)
    pages = [browser.get("/activity").content.decode()]
    while link := re.search(r'href="(\?after=[^"]+)"', pages[-1]):
        pages.append(browser.get("/activity" + link[1] + "&part=1").content.decode())
    assert [page.count("liked your photo") for page in pages] == [6, 1]
    assert "<html" in pages[0] and "<html" not in pages[1] and "follows you." in pages[1]


def test_many_likes_of_one_photo_do_not_hide_what_else_happened(
    alice: Somebody,
    bob: Somebody,
    carol: Somebody,
    photo: int,
    make_person: Callable[..., Somebody],
    run_jobs: Jobs,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(groups, "CROWD", 4)
    monkeypatch.setattr(activity, "_BATCH", 5)
    other = album.post(alice.id)
    like.add(carol.id, other)
    run_jobs()
    for fan in [make_person(f"fan{number}") for number in range(9)]:
        like.add(fan.id, photo)
        run_jobs()
    page = activity.grouped(alice.id)
    told = [(it.kind, it.photo.id if it.photo else None, len(it.actors) + it.others) for it in page.sentences]
    assert told == [("like", photo, 9), ("like", other, 1), ("follow", None, 1)]
    assert page.next_cursor is None
