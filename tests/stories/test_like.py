"""Liking a photo, from the tap to the number under it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from heliograph.core import environment, valkey
from heliograph.core.errors import Limited, NotFound
from heliograph.engagement import counts, likes
from heliograph.flows import block, follow, like
from heliograph.pages import cards
from heliograph.sharding import sessions
from tests.parts.engagement.photos import counted, liked, make_photo, photo_like

pytestmark = pytest.mark.usefixtures("network")


def test_a_like_is_counted_once_however_often_it_is_made(alice: Any, bob: Any, run_jobs: Any) -> None:
    photo = make_photo(alice)
    like.add(bob.id, photo)
    like.add(bob.id, photo)
    run_jobs()
    assert counted(photo) == (1, 0)
    assert likes.liked_by(sessions.reader(), bob.id, [photo, 77]) == {photo}
    assert likes.newest(sessions.reader(), [photo]) == {photo: [bob.id]}


def test_a_like_that_was_taken_back_before_it_arrived_is_not_counted(
    alice: Any, bob: Any, run_jobs: Any
) -> None:
    photo = make_photo(alice)
    like.add(bob.id, photo)
    like.remove(bob.id, photo)
    run_jobs()
    assert counted(photo) == (0, 0)
    like.add(bob.id, photo)
    run_jobs()
    like.remove(bob.id, photo)
    run_jobs()
    assert counted(photo) == (0, 0)


def test_it_is_refused_when_the_owner_blocked_you(alice: Any, dave: Any) -> None:
    photo = make_photo(alice)
    with pytest.raises(NotFound):
        like.add(dave.id, photo)
    with pytest.raises(NotFound):
        like.add(alice.id, make_photo(dave))


def test_a_block_that_overtakes_a_like_switches_it_off_where_it_was_made(
    alice: Any, bob: Any, run_jobs: Any
) -> None:
    photo = make_photo(alice)
    like.add(bob.id, photo)
    block.block(alice.id, bob.id)
    run_jobs()
    assert counted(photo) == (0, 0)
    assert liked(bob.id, photo) == (False, True)


def test_a_refused_like_may_be_made_again(alice: Any, bob: Any, run_jobs: Any) -> None:
    photo = make_photo(alice)
    like.add(bob.id, photo)
    block.block(alice.id, bob.id)
    run_jobs()
    block.unblock(alice.id, bob.id)
    like.add(bob.id, photo)
    run_jobs()
    assert counted(photo) == (1, 0)
    assert liked(bob.id, photo) == (True, False)


def test_a_refusal_that_is_on_its_way_cannot_undo_a_like_that_was_let_in(
    alice: Any, bob: Any, run_jobs: Any
) -> None:
    """Delivered twice: refused, then let in, then the refusal's answer comes back."""
    photo = make_photo(alice)
    like.add(bob.id, photo)
    truth = likes.read(sessions.reader(), [(bob.id, photo)])
    block.block(alice.id, bob.id)
    refused, _ = sessions.write(photo, lambda tx: likes.arrive(tx, truth))
    assert refused
    block.unblock(alice.id, bob.id)
    refused_again, _ = sessions.write(photo, lambda tx: likes.arrive(tx, truth))
    assert not refused_again
    assert like.LIKE.refuse is not None
    sessions.write(bob.id, lambda tx: like.refuse(tx, refused))
    run_jobs()
    assert liked(bob.id, photo) == (False, True)
    assert not photo_like(photo, bob.id)
    assert counted(photo) == (0, 0)


def test_a_private_persons_photo_is_liked_by_followers_only(
    alice: Any, carol: Any, bob: Any, run_jobs: Any
) -> None:
    photo = make_photo(carol)
    with pytest.raises(NotFound):
        like.add(bob.id, photo)
    follow.follow(bob.id, carol.id)
    run_jobs()
    follow.approve(carol.id, bob.id)
    like.add(bob.id, photo)
    run_jobs()
    assert counted(photo) == (1, 0)
    like.add(carol.id, photo)
    run_jobs()
    assert counted(photo) == (2, 0)


def test_a_like_by_somebody_removed_meanwhile_is_refused(carol: Any, bob: Any, run_jobs: Any) -> None:
    photo = make_photo(carol)
    follow.follow(bob.id, carol.id)
    run_jobs()
    follow.approve(carol.id, bob.id)
    like.add(bob.id, photo)
    follow.remove(carol.id, bob.id)
    run_jobs()
    assert counted(photo) == (0, 0)
    assert liked(bob.id, photo) == (False, True)


@pytest.mark.parametrize("state", ["processing", "failed", "hidden", "deleted"])
def test_only_published_photos_are_liked(alice: Any, bob: Any, state: str) -> None:
    with pytest.raises(NotFound):
        like.add(bob.id, make_photo(alice, state=state))


def test_a_photo_deleted_meanwhile_answers_back(alice: Any, bob: Any, run_jobs: Any) -> None:
    photo = make_photo(alice)
    like.add(bob.id, photo)
    gone = "UPDATE {s}.photo SET state = 'deleted' WHERE id = %s"
    less = "UPDATE {s}.counters SET photos = photos - 1 WHERE person_id = %s"
    sessions.write(photo, lambda tx: (tx.run(gone, (photo,)), tx.run(less, (alice.id,))))
    run_jobs()
    assert liked(bob.id, photo) == (False, True)


@pytest.mark.parametrize("nothing", [-1, 0, 2**63, 2**63 - 1, 12, (1 << 40) | (3 << 10)])
def test_liking_nothing_is_not_found(alice: Any, nothing: int) -> None:
    with pytest.raises(NotFound):
        like.add(alice.id, nothing)
    with suppress(NotFound):
        like.remove(alice.id, nothing)


def test_a_like_takes_four_trips_at_home_and_one_to_the_other_side(
    alice: Any, bob: Any, count_trips: Any
) -> None:
    photo = make_photo(alice)
    with count_trips() as made:
        like.add(bob.id, photo)
    assert made["node"] <= 4 + 1
    assert made["directory"] == 0


def test_a_like_drops_the_counts_and_nothing_else(alice: Any, bob: Any, run_jobs: Any) -> None:
    photo = make_photo(alice)
    valkey.call("FLUSHALL")
    assert cards.photos(bob.id, [photo])
    kept = valkey.call("GET", f"photo:{photo}")
    like.add(bob.id, photo)
    run_jobs()
    assert valkey.call("GET", f"photo:{photo}") == kept, "its words have not changed"
    assert valkey.call("EXISTS", f"photo:{bob.id}") == 0, "no photo has a person's id"
    assert cards.photos(bob.id, [photo])[0].likes == 1


def test_many_likes_in_one_batch_over_two_nodes(
    alice: Any, bob: Any, make_person: Any, run_jobs: Any
) -> None:
    people = [make_person(f"person{n}", shard=1 + n % 8) for n in range(12)]
    photos = [make_photo(alice), make_photo(bob), make_photo(alice)]
    for person in people:
        for photo in photos:
            like.add(person.id, photo)
    for person in people[:5]:
        like.remove(person.id, photos[0])
    run_jobs()
    found = counts.load(sessions.reader(), [*photos, 99])
    assert [found[photo].likes for photo in photos] == [7, 12, 12]
    assert found[99] == counts.Counts()
    assert likes.newest(sessions.reader(), photos, 2)[photos[1]] == [people[11].id, people[10].id]


def test_too_many_are_limited(alice: Any, bob: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "_current", replace(environment.get(), writes_per_hour=2))
    photo = make_photo(alice)
    like.add(bob.id, photo)
    with pytest.raises(Limited):
        for _ in range(3):
            like.add(bob.id, photo)
