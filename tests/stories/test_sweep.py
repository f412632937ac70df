"""Once a day, what has been off for a month goes; and nothing that goes may ever count again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest

from heliograph.core import clock, environment
from heliograph.flows import block, comment, delete_photo, follow, like, sweep
from heliograph.media import photos, storage, tokens
from heliograph.sharding import map, outbox, sessions
from tests.parts.engagement.photos import counted, liked, make_photo, photo_like
from tests.parts.graph import rows

pytestmark = pytest.mark.usefixtures("network")

_TABLES = (
    ("following", "actor_id", "owner_id"),
    ("follower", "owner_id", "actor_id"),
    ("block", "actor_id", "target_id"),
    ("blocked_by", "target_id", "actor_id"),
    ("liked", "actor_id", "photo_id"),
    ("photo_like", "photo_id", "actor_id"),
    ("comment", "id", "author_id"),
    ("commented", "actor_id", "comment_id"),
    ("photo", "id", "owner_id"),
    ("photo_counts", "photo_id", "photo_id"),
)


def make_real_photo(owner: Any) -> int:
    """One whose files have a name that storage takes."""
    photo = make_photo(owner)
    named = "UPDATE {s}.photo SET token = %s WHERE id = %s"
    sessions.write(photo, lambda tx: tx.run(named, (tokens.random(), photo)))
    return photo


def left() -> set[str]:
    """The tables in which any shard has a row."""
    reader = sessions.reader()
    return {table for table, mine, _ in _TABLES if reader.everywhere("SELECT " + mine + " FROM {s}." + table)}


@pytest.fixture
def later(run_jobs: Any) -> Callable[..., None]:
    """A day's sweep now, and those that follow it until so many days have passed."""
    passed = [0]

    def pass_days(*days: int) -> None:
        sweep.sweep()
        run_jobs()
        for more in days:
            passed[0] += more
            clock.shift(timedelta(days=passed[0]))
            sweep.sweep()
            run_jobs()

    return pass_days


def test_what_was_taken_back_a_month_ago_leaves_no_row(
    alice: Any, bob: Any, dave: Any, run_jobs: Any, later: Any
) -> None:
    photo = make_photo(alice)
    like.add(bob.id, photo)
    said = comment.add(bob.id, photo, "hello")
    run_jobs()
    like.remove(bob.id, photo)
    comment.remove(bob.id, photo, said)
    follow.unfollow(bob.id, alice.id)
    block.unblock(alice.id, dave.id)
    run_jobs()
    later(29)
    assert left() == {table for table, _, _ in _TABLES}
    later(2)
    assert left() == {"photo", "photo_counts"}
    assert counted(photo) == (0, 0)
    assert rows.counts(alice.id) == (0, 0)


def test_what_stands_is_never_swept(
    alice: Any, bob: Any, carol: Any, dave: Any, run_jobs: Any, later: Any
) -> None:
    photo = make_photo(alice)
    like.add(bob.id, photo)
    comment.add(bob.id, photo, "hello")
    follow.follow(bob.id, carol.id)
    run_jobs()
    later(31, 31)
    assert left() == {table for table, _, _ in _TABLES}
    assert counted(photo) == (1, 1)
    assert rows.in_force(bob.id, alice.id)
    assert rows.waits(rows.follower(carol.id, bob.id))
    assert rows.blocked_by(dave.id, alice.id)


def test_everything_may_be_done_again_after_a_sweep(
    alice: Any, bob: Any, dave: Any, run_jobs: Any, later: Any
) -> None:
    photo = make_photo(alice)
    like.add(bob.id, photo)
    run_jobs()
    like.remove(bob.id, photo)
    follow.unfollow(bob.id, alice.id)
    block.unblock(alice.id, dave.id)
    run_jobs()
    later(31)
    assert liked(bob.id, photo) is None
    assert rows.following(bob.id, alice.id) is rows.follower(alice.id, bob.id) is None
    like.add(bob.id, photo)
    follow.follow(bob.id, alice.id)
    block.block(alice.id, dave.id)
    run_jobs()
    assert counted(photo) == (1, 0)
    assert rows.in_force(bob.id, alice.id)
    assert rows.blocked_by(dave.id, alice.id)


def test_a_refused_follow_is_swept_and_may_be_asked_for_again(
    bob: Any, carol: Any, run_jobs: Any, later: Any
) -> None:
    follow.follow(bob.id, carol.id)
    run_jobs()
    follow.deny(carol.id, bob.id)
    run_jobs()
    later(31)
    assert rows.following(bob.id, carol.id) is rows.follower(carol.id, bob.id) is None
    follow.follow(bob.id, carol.id)
    run_jobs()
    assert rows.waits(rows.follower(carol.id, bob.id))


def test_old_rows_that_changed_yesterday_are_young(alice: Any, bob: Any, run_jobs: Any, later: Any) -> None:
    """Their dates may be old; their versions are not."""
    later(31)
    follow.unfollow(bob.id, alice.id)
    run_jobs()
    later(1)
    assert rows.following(bob.id, alice.id) and rows.follower(alice.id, bob.id)


def test_what_the_outbox_names_stays(alice: Any, bob: Any, run_jobs: Any, later: Any, runner: Any) -> None:
    photo = make_photo(alice)
    like.add(bob.id, photo)
    run_jobs()
    like.remove(bob.id, photo)
    sweep.sweep()
    clock.shift(timedelta(days=31))
    sweep.sweep()
    run_jobs(only=lambda task: task == "sweep_shard.v1")
    assert "outbox:like" in runner.waiting()
    assert liked(bob.id, photo) == (False, False)
    assert photo_like(photo, bob.id)
    run_jobs()
    clock.shift(timedelta(days=32))
    sweep.sweep()
    run_jobs()
    assert liked(bob.id, photo) is None
    assert counted(photo) == (0, 0)


@pytest.mark.parametrize("kind", ["like", "wish", "permit"])
def test_a_pair_that_is_off_on_both_sides_stays_while_the_outbox_names_it(
    alice: Any, bob: Any, run_jobs: Any, later: Any, kind: str
) -> None:
    photo = make_photo(alice)
    like.add(bob.id, photo)
    run_jobs()
    like.remove(bob.id, photo)
    follow.unfollow(bob.id, alice.id)
    run_jobs()
    later()
    a, b = {"like": (bob.id, photo), "wish": (bob.id, alice.id), "permit": (alice.id, bob.id)}[kind]
    sessions.write(a, lambda tx: tx.project(kind, a, b))
    clock.shift(timedelta(days=31))
    sweep.sweep()
    run_jobs(only=lambda task: task == "sweep_shard.v1")
    named = {"liked", "photo_like"} if kind == "like" else {"following", "follower"}
    assert named == {"liked", "photo_like", "following", "follower"} & left()


def test_what_a_job_names_stays(alice: Any, bob: Any, run_jobs: Any) -> None:
    follow.unfollow(bob.id, alice.id)
    run_jobs()
    sweep.sweep()
    run_jobs()
    clock.shift(timedelta(days=31))
    sessions.write(bob.id, lambda tx: tx.enqueue(follow.REWRITE, reader_id=bob.id, owner_id=alice.id))
    sweep.sweep()
    run_jobs(only=lambda task: task == "sweep_shard.v1")
    assert rows.following(bob.id, alice.id) and rows.follower(alice.id, bob.id)


def test_a_doubled_delivery_after_the_sweep_finds_nothing_to_say(
    alice: Any, bob: Any, run_jobs: Any, later: Any
) -> None:
    photo = make_photo(alice)
    like.add(bob.id, photo)
    run_jobs()
    like.remove(bob.id, photo)
    follow.unfollow(bob.id, alice.id)
    run_jobs()
    later(31)
    for kind, a, b in [
        ("like", bob.id, photo),
        ("wish", bob.id, alice.id),
        ("permit", alice.id, bob.id),
        ("block", alice.id, bob.id),
    ]:
        assert outbox.carry([(1, kind, a, b)]) == ([1], [])
    assert counted(photo) == (0, 0)
    assert rows.counts(alice.id) == (0, 0)
    assert not {"liked", "photo_like", "following", "follower"} & left()


@pytest.mark.parametrize("kind", ["like", "wish"])
def test_a_delivery_that_slept_through_the_sweep_is_turned_away(
    alice: Any, bob: Any, run_jobs: Any, later: Any, kind: str
) -> None:
    """It has read "on"; it wakes when "off" has been swept, and no version is left there to stop it."""
    photo = make_photo(alice)
    like.add(bob.id, photo)
    run_jobs()
    mirror = outbox.MIRRORS[kind]
    pair = (bob.id, photo if kind == "like" else alice.id)

    def read_and_sleep(reader: Any, pairs: Any) -> Any:
        found = mirror.read(reader, pairs)
        assert found[0][2]
        like.remove(bob.id, photo)
        follow.unfollow(bob.id, alice.id)
        run_jobs()
        later(31)
        return found

    sleepy = replace(mirror, kind="sleepy", read=read_and_sleep)
    with mock.patch.dict(outbox.MIRRORS, {"sleepy": sleepy}):
        assert outbox.carry([(1, "sleepy", *pair)]) == ([], [1])
    assert counted(photo) == (0, 0)
    assert rows.counts(alice.id) == (0, 0)
    assert not {"liked", "photo_like", "following", "follower"} & left()


def test_a_sweep_that_ended_halfway_is_finished_the_next_day(
    alice: Any, bob: Any, run_jobs: Any, later: Any
) -> None:
    photo = make_photo(alice)
    like.add(bob.id, photo)
    run_jobs()
    like.remove(bob.id, photo)
    run_jobs()
    gone = "DELETE FROM {s}.liked WHERE actor_id = %s"
    sessions.write(bob.id, lambda tx: tx.run(gone, (bob.id,)))
    later(31)
    assert "photo_like" not in left()


def test_it_goes_chunk_by_chunk(
    alice: Any, bob: Any, run_jobs: Any, later: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "CHUNK", 2)
    made = [make_photo(alice) for _ in range(5)]
    for photo in made:
        like.add(bob.id, photo)
    run_jobs()
    for photo in made[:3] + made[4:]:
        like.remove(bob.id, photo)
    run_jobs()
    later(31)
    assert [liked(bob.id, photo) for photo in made] == [None, None, None, (True, False), None]
    assert [counted(photo)[0] for photo in made] == [0, 0, 0, 1, 0]


def test_it_marks_and_sweeps_once_a_day(alice: Any, runner: Any) -> None:
    shards = len(map.shards())
    for _ in range(3):
        sweep.sweep()
        assert runner.waiting().count("sweep_shard.v1") == shards
    clock.shift(timedelta(days=1))
    sweep.sweep()
    assert runner.waiting().count("sweep_shard.v1") == shards  # yesterday's have not been done
    assert len(sessions.reader().everywhere("SELECT at FROM {s}.version_mark")) == 2 * shards


def test_what_people_left_on_a_deleted_photo_goes_off_at_once(
    alice: Any, bob: Any, make_person: Any, run_jobs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("heliograph.flows.clear_photo.CHUNK", 2)
    photo = make_real_photo(alice)
    people = [bob, *(make_person(f"person{n}", shard=1 + n) for n in range(5))]
    for person in people:
        like.add(person.id, photo)
        comment.add(person.id, photo, "hello")
    run_jobs()
    assert counted(photo) == (6, 6)
    delete_photo.delete(alice.id, photo)
    run_jobs()
    assert counted(photo) == (0, 0)
    assert [liked(person.id, photo) for person in people] == [(False, True)] * 6
    reader = sessions.reader()
    assert reader.everywhere('SELECT 1 FROM {s}.commented WHERE "on"') == []
    assert reader.everywhere("SELECT 1 FROM {s}.comment WHERE text <> ''") == []


def test_a_like_on_its_way_to_a_deleted_photo_is_not_left(
    alice: Any, bob: Any, run_jobs: Any, later: Any
) -> None:
    photo = make_real_photo(alice)
    like.add(bob.id, photo)
    delete_photo.delete(alice.id, photo)
    run_jobs()
    assert liked(bob.id, photo) == (False, True)
    later(31, 1)
    assert not {"liked", "photo_like", "photo", "photo_counts"} & left()


def test_the_tombstone_goes_last(alice: Any, bob: Any, run_jobs: Any, later: Any) -> None:
    photo = make_real_photo(alice)
    like.add(bob.id, photo)
    comment.add(bob.id, photo, "hello")
    run_jobs()
    delete_photo.delete(alice.id, photo)
    run_jobs()
    later(29)
    assert photos.load(sessions.reader(), [photo])[photo].state == "deleted"
    later(2, 1)
    assert not {"liked", "photo_like", "comment", "commented", "photo", "photo_counts"} & left()


def test_a_tombstone_with_pictures_stays_until_they_are_gone(
    alice: Any, run_jobs: Any, later: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = make_real_photo(alice)
    delete_photo.delete(alice.id, photo)
    run_jobs()
    token = photos.load(sessions.reader(), [photo])[photo].token
    monkeypatch.setattr(storage, "get", lambda: storage.Files(tmp_path))
    there = {storage.master(token)}
    monkeypatch.setattr(storage.Files, "exists", lambda self, key: key in there)
    monkeypatch.setattr(storage.Files, "delete", lambda self, key: None)
    later(31)
    assert photo in photos.load(sessions.reader(), [photo])
    there.clear()
    later(1)
    assert photo not in photos.load(sessions.reader(), [photo])


def test_the_knob(alice: Any, bob: Any, run_jobs: Any, later: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "_current", replace(environment.get(), off_rows_days=3))
    follow.unfollow(bob.id, alice.id)
    run_jobs()
    later(4)
    assert not {"following", "follower"} & left()
