"""Undoing what was deleted or removed: it was done at once, and is put back as it was, for a while."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from heliograph.core import clock, undo
from heliograph.core.undo import TooLate
from heliograph.flows import block, comment, delete_photo, follow, suspend
from heliograph.pages import activity, home, profile
from heliograph.pages import photo as photos
from heliograph.sharding.ids import short_code
from tests.harness.people import Somebody
from tests.oracle import album
from tests.parts.graph import rows
from tests.stories.web import browser_of

Jobs = Callable[..., Any]


def said(viewer: Somebody, photo: int) -> list[str]:
    return [it.text for it in photos.comments(viewer.id, photo).items]


@pytest.fixture
def photo(alice: Somebody, bob: Somebody, run_jobs: Jobs) -> int:
    """Alice's; Bob follows her."""
    photo_id = album.post(alice.id)
    run_jobs()
    return photo_id


def test_a_deleted_comment_comes_back_at_its_old_place_with_all_that_it_named(
    alice: Somebody, bob: Somebody, carol: Somebody, photo: int, run_jobs: Jobs
) -> None:
    comment.add(alice.id, photo, "before")
    his = comment.add(bob.id, photo, "Look, @carol! #dawn")
    comment.add(alice.id, photo, "after")
    run_jobs()
    as_it_was = photos.comment(alice.id, photo, his)
    told = [entry.kind for entry in activity.listed(carol.id).items]
    sealed = comment.remove(bob.id, photo, his)
    run_jobs()
    assert said(alice, photo) == ["after", "before"]
    comment.restore(bob.id, photo, his, sealed)
    comment.restore(bob.id, photo, his, sealed)  # a request that came twice
    run_jobs()
    assert said(alice, photo) == ["after", "Look, @carol! #dawn", "before"]
    assert photos.comment(alice.id, photo, his) == as_it_was
    assert photos.one(alice.id, photo).comments == 3
    assert [entry.kind for entry in activity.listed(carol.id).items] == told == ["mention"]


def test_the_photos_owner_may_undo_what_she_deleted_and_nobody_else(
    alice: Somebody, bob: Somebody, photo: int
) -> None:
    his = comment.add(bob.id, photo, "hello")
    other = comment.add(bob.id, photo, "stays")
    sealed = comment.remove(alice.id, photo, his)
    for who, what in ((bob, his), (alice, other)):
        with pytest.raises(TooLate):
            comment.restore(who.id, photo, what, sealed)
    for forged in ("", "undo", sealed[:-3], undo.seal("follower", alice.id, photo=photo, gone={})):
        with pytest.raises(TooLate):
            comment.restore(alice.id, photo, his, forged)
    assert said(alice, photo) == ["stays"]
    comment.restore(alice.id, photo, his, sealed)
    assert said(alice, photo) == ["stays", "hello"]


def test_a_seal_undoes_its_own_deletion_only(alice: Somebody, bob: Somebody, photo: int) -> None:
    his = comment.add(bob.id, photo, "hello")
    first = comment.remove(bob.id, photo, his)
    comment.restore(bob.id, photo, his, first)
    assert comment.remove(alice.id, photo, his)
    assert comment.remove(bob.id, photo, his) == ""  # she was here before
    with pytest.raises(TooLate):
        comment.restore(bob.id, photo, his, first)
    assert said(alice, photo) == []


@pytest.mark.parametrize("first", ["its author", "the photo's owner"])
def test_what_the_other_has_deleted_as_well_does_not_come_back(
    alice: Somebody, bob: Somebody, photo: int, run_jobs: Jobs, first: str
) -> None:
    his = comment.add(bob.id, photo, "hello")
    one, other = (bob, alice) if first == "its author" else (alice, bob)
    sealed = comment.remove(one.id, photo, his)
    assert comment.remove(other.id, photo, his) == ""
    run_jobs()
    with pytest.raises(TooLate):
        comment.restore(one.id, photo, his, sealed)
    assert said(alice, photo) == []
    assert photos.one(alice.id, photo).comments == 0


def test_after_ten_minutes_it_is_too_late(
    alice: Somebody, bob: Somebody, photo: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    his = comment.add(bob.id, photo, "hello")
    sealed = comment.remove(bob.id, photo, his)
    now = clock.now()
    with monkeypatch.context() as later:
        later.setattr(clock, "now", lambda: now + undo.LIVES)
        with pytest.raises(TooLate):
            comment.restore(bob.id, photo, his, sealed)
    comment.restore(bob.id, photo, his, sealed)


@pytest.mark.parametrize("meanwhile", ["a block", "the photo is deleted", "its author is suspended"])
def test_what_could_not_be_said_any_more_does_not_come_back(
    alice: Somebody, bob: Somebody, photo: int, run_jobs: Jobs, meanwhile: str
) -> None:
    his = comment.add(bob.id, photo, "hello")
    sealed = comment.remove(alice.id, photo, his)
    match meanwhile:
        case "a block":
            block.block(bob.id, alice.id)
        case "the photo is deleted":
            delete_photo.delete(alice.id, photo)
        case _:
            suspend.suspend(bob.id)
    run_jobs()
    with pytest.raises(TooLate):
        comment.restore(alice.id, photo, his, sealed)


def test_a_follower_who_is_put_back_follows_as_before(
    alice: Somebody, bob: Somebody, carol: Somebody, photo: int, run_jobs: Jobs
) -> None:
    follow.follow(carol.id, alice.id)
    run_jobs()
    before = rows.follower(alice.id, bob.id)
    order = [person.username for person in profile.followers(None, alice.id).items]
    told = [(it.kind, it.at) for it in activity.listed(alice.id).items]
    home.page(bob.id)
    sealed = follow.remove(alice.id, bob.id)
    run_jobs()
    assert not rows.in_force(bob.id, alice.id)
    assert [card.id for card in home.page(bob.id).items] == []
    for _ in range(2):
        follow.put_back(alice.id, bob.id, sealed)
        run_jobs()
    assert rows.in_force(bob.id, alice.id)
    assert rows.counts(alice.id) == (2, 0)
    assert [card.id for card in home.page(bob.id).items] == [photo]
    assert (
        [person.username for person in profile.followers(None, alice.id).items] == order == ["carol", "bob"]
    )
    assert [(it.kind, it.at) for it in activity.listed(alice.id).items] == told
    assert before != rows.follower(alice.id, bob.id)  # under a newer permit


@pytest.mark.parametrize(
    "meanwhile",
    [
        "she blocked him",
        "she blocked him for a moment",
        "he unfollowed",
        "he asked again",
        "he never followed",
    ],
)
def test_a_follow_that_is_another_by_now_is_not_put_back(
    alice: Somebody, bob: Somebody, carol: Somebody, run_jobs: Jobs, meanwhile: str
) -> None:
    follow.follow(bob.id, carol.id)
    run_jobs()
    if meanwhile == "he never followed":
        assert follow.remove(carol.id, bob.id) == ""
        with pytest.raises(TooLate):
            follow.put_back(carol.id, bob.id, "")
        return
    follow.approve(carol.id, bob.id)
    run_jobs()
    sealed = follow.remove(carol.id, bob.id)
    run_jobs()
    match meanwhile:
        case "she blocked him":
            block.block(carol.id, bob.id)
        case "she blocked him for a moment":
            block.block(carol.id, bob.id)
            block.unblock(carol.id, bob.id)
        case "he unfollowed":
            follow.unfollow(bob.id, carol.id)
        case _:
            follow.follow(bob.id, carol.id)
    run_jobs()
    for _ in range(2):
        with pytest.raises(TooLate):
            follow.put_back(carol.id, bob.id, sealed)
    with pytest.raises(TooLate):
        follow.put_back(carol.id, alice.id, sealed)
    run_jobs()
    assert not rows.in_force(bob.id, carol.id)


def test_a_form_without_scripts_deletes_and_goes_back_to_the_page(
    alice: Somebody, bob: Somebody, photo: int
) -> None:
    his = comment.add(bob.id, photo, "hello")
    address = f"/p/{short_code(photo)}/comments/{his}/delete"
    answer = browser_of(bob).post(address)
    assert (answer.status_code, answer["Location"]) == (303, f"/p/{short_code(photo)}")
    assert said(alice, photo) == []


def test_a_script_is_handed_what_undoes_it(alice: Somebody, bob: Somebody, photo: int) -> None:
    his = comment.add(bob.id, photo, "hello")
    script = browser_of(bob, HTTP_ACCEPT="application/json")
    address = f"/p/{short_code(photo)}/comments/{his}/delete"
    sealed = script.post(address).json()["undo"]
    assert "hello" not in sealed
    assert said(alice, photo) == []
    assert script.post(address, {"undo": sealed}).json() == {}
    assert said(alice, photo) == ["hello"]
    refused = script.post(address, {"undo": "gone"})
    assert (refused.status_code, refused.json()) == (409, {"error": "It is too late to undo that."})

    script = browser_of(alice, HTTP_ACCEPT="application/json")
    sealed = script.post(f"/people/{bob.id}/remove").json()["undo"]
    assert profile.followers(None, alice.id).items == []
    assert script.post(f"/people/{bob.id}/remove", {"undo": sealed}).json() == {}
    assert [person.username for person in profile.followers(None, alice.id).items] == ["bob"]
