"""Following somebody, from the click to the other side's list."""

from __future__ import annotations

from typing import Any

import pytest

from heliograph.accounts.errors import Suspended
from heliograph.core.errors import NotFound
from heliograph.flows import follow
from heliograph.graph import follows
from heliograph.sharding import sessions
from tests.parts.graph import rows


def test_whoever_follows_a_public_person_follows_at_once(
    alice: Any, carol: Any, make_person: Any, run_jobs: Any
) -> None:
    erin = make_person("erin", shard=7)
    follow.follow(erin.id, alice.id)
    run_jobs()
    assert rows.in_force(erin.id, alice.id)
    assert rows.counts(alice.id) == (1, 0)
    assert rows.counts(erin.id) == (0, 1)


def test_within_the_same_request(alice: Any, make_person: Any, mirrors_at_once: None) -> None:
    erin = make_person("erin", shard=7)
    follow.follow(erin.id, alice.id)
    assert rows.in_force(erin.id, alice.id)


def test_a_private_person_is_asked_first(alice: Any, carol: Any, run_jobs: Any) -> None:
    follow.follow(alice.id, carol.id)
    run_jobs()
    assert rows.waits(rows.follower(carol.id, alice.id))
    assert rows.waits(rows.following(alice.id, carol.id))
    assert rows.counts(carol.id) == (0, 0)
    follow.approve(carol.id, alice.id)
    run_jobs()
    assert rows.in_force(alice.id, carol.id)
    assert rows.counts(carol.id) == (1, 0)


def test_a_request_that_was_denied_may_be_made_again(alice: Any, carol: Any, run_jobs: Any) -> None:
    follow.follow(alice.id, carol.id)
    run_jobs()
    follow.deny(carol.id, alice.id)
    run_jobs()
    assert not rows.waits(rows.following(alice.id, carol.id))
    follow.follow(alice.id, carol.id)
    run_jobs()
    assert rows.waits(rows.follower(carol.id, alice.id))


def test_an_approval_does_not_revive_a_request_that_was_taken_back(
    alice: Any, carol: Any, run_jobs: Any
) -> None:
    follow.follow(alice.id, carol.id)
    run_jobs()
    follow.unfollow(alice.id, carol.id)
    follow.approve(carol.id, alice.id)  # Carol has not heard of it yet
    run_jobs()
    assert not rows.in_force(alice.id, carol.id)
    follow.follow(alice.id, carol.id)
    run_jobs()
    assert not rows.in_force(alice.id, carol.id)
    assert rows.waits(rows.follower(carol.id, alice.id))


def test_a_follower_who_was_removed_is_gone_on_both_sides(alice: Any, bob: Any, run_jobs: Any) -> None:
    follow.remove(alice.id, bob.id)
    run_jobs()
    assert not rows.in_force(bob.id, alice.id)
    assert rows.counts(alice.id) == (0, 0)
    assert rows.counts(bob.id) == (0, 0)


def test_following_twice_is_following_once(alice: Any, bob: Any, run_jobs: Any) -> None:
    before = rows.following(bob.id, alice.id)
    follow.follow(bob.id, alice.id)
    run_jobs()
    assert rows.following(bob.id, alice.id) == before
    assert rows.counts(alice.id) == (1, 0)


def test_nobody_is_asked_who_has_not_asked(alice: Any, carol: Any) -> None:
    with pytest.raises(follows.NoRequest):
        follow.approve(carol.id, alice.id)


def test_one_cannot_follow_oneself(alice: Any) -> None:
    with pytest.raises(follows.Yourself):
        follow.follow(alice.id, alice.id)


@pytest.mark.parametrize("nobody", [-1, 0, 2**63, 2**63 - 1, 5, (1 << 40) | (3 << 10)])
def test_following_nobody_is_not_found(alice: Any, nobody: int) -> None:
    with pytest.raises(NotFound):
        follow.follow(alice.id, nobody)


def test_a_follow_takes_four_trips_at_home_and_one_to_the_other_side(
    alice: Any, make_person: Any, count_trips: Any
) -> None:
    erin = make_person("erin", shard=7)
    with count_trips() as made:
        follow.follow(erin.id, alice.id)
    assert made["node"] <= 4 + 1
    assert made["directory"] == 0


def test_the_jobs_of_the_feed_are_enqueued_where_the_reader_lives(
    alice: Any, make_person: Any, runner: Any
) -> None:
    erin = make_person("erin", shard=7)
    runner.run_jobs()
    follow.follow(erin.id, alice.id)
    runner.run_jobs(only=lambda task: task == "outbox")
    assert runner.waiting() == ["merge_feed.v1"]
    runner.run_jobs()
    follow.unfollow(erin.id, alice.id)
    assert runner.waiting() == ["outbox:wish", "rewrite_feed.v1"]


def test_a_suspended_person_is_not_found_and_follows_nobody(
    alice: Any, bob: Any, carol: Any, run_jobs: Any
) -> None:
    sql = "UPDATE {s}.person SET state = 'suspended' WHERE id = %s"
    sessions.write(carol.id, lambda tx: tx.run(sql, (carol.id,)))
    with pytest.raises(NotFound):
        follow.follow(bob.id, carol.id)
    with pytest.raises(Suspended):
        follow.follow(carol.id, alice.id)
