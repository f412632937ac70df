"""Blocking somebody: both follows end, and from then on each is nobody to the other."""

from __future__ import annotations

from typing import Any

import pytest

from heliograph.core.errors import NotFound
from heliograph.flows import block, follow, suspend
from heliograph.graph import follows, visibility
from heliograph.pages import profile
from heliograph.sharding import sessions
from tests.parts.graph import rows


def test_it_ends_both_follows_on_both_sides(alice: Any, bob: Any, run_jobs: Any) -> None:
    follow.follow(alice.id, bob.id)
    run_jobs()
    assert rows.in_force(alice.id, bob.id)
    block.block(alice.id, bob.id)
    assert rows.counts(alice.id) == (0, 0)
    run_jobs()
    assert not rows.in_force(alice.id, bob.id)
    assert not rows.in_force(bob.id, alice.id)
    assert rows.counts(bob.id) == (0, 0)
    assert rows.blocked_by(bob.id, alice.id)


def test_taking_it_back_restores_no_follow(alice: Any, bob: Any, run_jobs: Any) -> None:
    block.block(alice.id, bob.id)
    block.unblock(alice.id, bob.id)
    run_jobs()
    assert not rows.in_force(bob.id, alice.id)
    assert not rows.blocked_by(bob.id, alice.id)
    follow.follow(bob.id, alice.id)
    run_jobs()
    assert rows.in_force(bob.id, alice.id)


def test_a_wish_on_its_way_meets_the_block(alice: Any, bob: Any, make_person: Any, run_jobs: Any) -> None:
    erin = make_person("erin", shard=7)
    follow.follow(erin.id, alice.id)
    block.block(alice.id, erin.id)
    run_jobs()
    assert not rows.in_force(erin.id, alice.id)


def test_following_right_after_unblocking_is_not_refused(alice: Any, bob: Any, run_jobs: Any) -> None:
    """The mirror of the block may still stand at Bob's; it must not decide about Alice's new wish."""
    block.block(alice.id, bob.id)
    run_jobs()
    block.unblock(alice.id, bob.id)
    follow.follow(alice.id, bob.id)
    run_jobs()
    assert rows.in_force(alice.id, bob.id)


def test_each_is_nobody_to_the_other(alice: Any, dave: Any) -> None:
    reader = sessions.reader()
    for viewer, other in [(alice, dave), (dave, alice)]:
        assert visibility.known(reader, viewer.id, [other.id]) == set()
        for look in [profile.one, profile.photos, profile.followers, profile.following]:
            with pytest.raises(NotFound):
                look(viewer.id, other.id)
    with pytest.raises(NotFound):
        profile.relationship(dave.id, alice.id)
    with pytest.raises(NotFound):
        follow.follow(dave.id, alice.id)


def test_who_is_blocked_may_block_back_and_learns_nothing_by_it(
    alice: Any, bob: Any, dave: Any, run_jobs: Any
) -> None:
    block.block(dave.id, bob.id)
    block.block(dave.id, alice.id)
    block.block(dave.id, alice.id)
    assert profile.relationship(dave.id, alice.id) == profile.relationship(dave.id, bob.id)
    run_jobs()
    assert rows.blocked_by(alice.id, dave.id)
    assert {card.id for card in profile.blocked_by(dave.id).items} == {alice.id, bob.id}
    block.unblock(alice.id, dave.id)
    run_jobs()
    assert visibility.known(sessions.reader(), alice.id, [dave.id]) == set()


def test_nobody_suspended_is_blocked(alice: Any, bob: Any) -> None:
    suspend.suspend(bob.id)
    with pytest.raises(NotFound):
        block.block(alice.id, bob.id)


def test_who_blocks_sees_whom_and_may_take_it_back(alice: Any, dave: Any) -> None:
    assert profile.relationship(alice.id, dave.id).incoming_status == "blocked_by_you"
    assert [card.id for card in profile.blocked_by(alice.id).items] == [dave.id]
    with pytest.raises(follows.YouBlockThem):
        follow.follow(alice.id, dave.id)
    block.block(alice.id, dave.id)
    block.unblock(alice.id, dave.id)
    block.unblock(alice.id, dave.id)
    assert profile.blocked_by(alice.id).items == []
    assert profile.relationship(dave.id, alice.id).incoming_status == "none"


def test_a_third_person_sees_the_two_but_each_does_not_see_the_other_in_lists(
    alice: Any, bob: Any, dave: Any, make_person: Any, run_jobs: Any
) -> None:
    erin = make_person("erin", shard=7)
    for person in (alice, dave, bob):
        follow.follow(person.id, erin.id)
        run_jobs()
    assert [card.id for card in profile.followers(bob.id, erin.id).items] == [bob.id, dave.id, alice.id]
    assert [card.id for card in profile.followers(alice.id, erin.id).items] == [bob.id, alice.id]
    assert [card.id for card in profile.followers(dave.id, erin.id).items] == [bob.id, dave.id]


def test_one_cannot_block_oneself_or_nobody(alice: Any) -> None:
    with pytest.raises(follows.Yourself):
        block.block(alice.id, alice.id)
    for nobody in (-1, 0, 2**63, 2**63 - 1, 5):
        with pytest.raises(NotFound):
            block.block(alice.id, nobody)
