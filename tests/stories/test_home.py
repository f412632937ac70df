"""A home feed, from posting to paging, with people on two nodes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from heliograph.core import clock, valkey
from heliograph.core.cursor import BadCursor
from heliograph.core.environment import get as environment
from heliograph.feed import home as lists
from heliograph.flows import block, delete_photo, follow
from heliograph.pages import home
from heliograph.sharding import nodes, sessions
from tests.harness.people import Somebody
from tests.oracle import album

RunJobs = Callable[..., Any]
MakePerson = Callable[..., Somebody]


def ids(viewer: Somebody, **options: Any) -> list[int]:
    return [card.id for card in home.page(viewer.id, **options).items]


def arriving(viewer: Somebody) -> list[int]:
    """What stands above the first page."""
    return [card.id for card in home.arriving(viewer.id, home.page(viewer.id))]


def to_the_end(viewer: Somebody, count: int = 3) -> list[int]:
    seen: list[int] = []
    cursor = None
    for _ in range(100):
        page = home.page(viewer.id, count=count, cursor=cursor)
        seen += [card.id for card in page.items]
        cursor = page.next_cursor
        if cursor is None:
            return seen
    raise AssertionError("it never ends")


def wait_out_the_holes() -> None:
    """What was just written is kept at the first look after it; as if somebody had looked."""
    holes = [key for key in valkey.call("KEYS", "photo:*") if valkey.call("GET", key).startswith(b"\0")]
    valkey.call("DEL", *holes)


def test_a_photo_reaches_its_owner_and_those_who_follow(
    alice: Somebody, bob: Somebody, run_jobs: RunJobs
) -> None:
    assert ids(alice) == ids(bob) == []
    photo = album.post(alice.id, caption="the first")
    run_jobs()
    assert ids(alice) == ids(bob) == [photo]
    [card] = home.page(bob.id).items
    assert (card.caption, card.owner.username, card.state, card.liked) == (
        "the first",
        "alice",
        "published",
        False,
    )
    assert set(card.renditions) == {"150", "320", "640", "1080"}
    assert (card.renditions["150"].width, card.renditions["640"].height) == (150, 480)


def test_it_reaches_somebody_who_was_never_here_at_their_first_visit(
    alice: Somebody, bob: Somebody, run_jobs: RunJobs
) -> None:
    photo = album.post(alice.id)
    run_jobs()
    assert ids(bob) == [photo]
    assert lists.parse(lists.read(bob.id)) is not None


def test_strangers_do_not_get_it(alice: Somebody, make_person: MakePerson, run_jobs: RunJobs) -> None:
    erin = make_person("erin")
    ids(erin)
    album.post(alice.id)
    run_jobs()
    assert ids(erin) == []


def test_what_was_imported_is_in_no_feed(alice: Somebody, run_jobs: RunJobs) -> None:
    album.post(alice.id, imported=True)
    run_jobs()
    assert ids(alice) == []
    valkey.call("FLUSHALL")
    assert ids(alice) == []


def test_following_brings_the_old_photos_and_unfollowing_takes_them_away_at_once(
    alice: Somebody, make_person: MakePerson, run_jobs: RunJobs
) -> None:
    erin = make_person("erin", shard=7)
    mine = album.post(erin.id)
    theirs = [album.post(alice.id) for _ in range(2)]
    run_jobs()
    assert ids(erin) == [mine]
    follow.follow(erin.id, alice.id)
    run_jobs()
    assert ids(erin) == [theirs[1], theirs[0], mine]
    follow.unfollow(erin.id, alice.id)
    assert ids(erin) == [mine]
    run_jobs()
    assert ids(erin) == [mine]
    feed = lists.parse(lists.read(erin.id))
    assert feed is not None
    assert feed.ids == [mine]


def test_a_request_brings_nothing_until_it_is_approved(
    carol: Somebody, make_person: MakePerson, run_jobs: RunJobs
) -> None:
    erin = make_person("erin", shard=1)
    photo = album.post(carol.id)
    follow.follow(erin.id, carol.id)
    run_jobs()
    assert ids(erin) == []
    follow.approve(carol.id, erin.id)
    run_jobs()
    assert ids(erin) == [photo]
    follow.remove(carol.id, erin.id)
    assert ids(erin) == []  # her side says so at once; his own learns it with the next job


def test_a_block_empties_both_ways(alice: Somebody, bob: Somebody, run_jobs: RunJobs) -> None:
    follow.follow(alice.id, bob.id)
    album.post(alice.id)
    hers = album.post(bob.id)
    run_jobs()
    assert hers in ids(alice)
    block.block(alice.id, bob.id)
    assert hers not in ids(alice)
    run_jobs()
    assert ids(bob) == [hers]


def test_a_deleted_photo_drops_out_and_the_page_is_filled_up(
    alice: Somebody, bob: Somebody, run_jobs: RunJobs
) -> None:
    photos = [album.post(alice.id) for _ in range(6)]
    run_jobs()
    assert ids(bob, count=3) == photos[:2:-1]
    delete_photo.delete(alice.id, photos[5])
    delete_photo.delete(alice.id, photos[4])
    assert ids(bob, count=3) == [photos[3], photos[2], photos[1]]
    feed = lists.parse(lists.read(bob.id))
    assert feed is not None
    assert feed.ids == photos[3::-1]


def test_paging_goes_to_the_end_beyond_what_memory_holds(
    alice: Somebody, bob: Somebody, run_jobs: RunJobs, feeds_of_five: None
) -> None:
    ids(bob)
    theirs = [album.post(alice.id) for _ in range(9)] + [album.post(bob.id) for _ in range(8)]
    run_jobs()
    feed = lists.parse(lists.read(bob.id))
    assert feed is not None
    assert not feed.whole
    assert to_the_end(bob) == sorted(theirs, reverse=True)
    valkey.call("FLUSHALL")
    assert to_the_end(bob) == sorted(theirs, reverse=True)
    assert to_the_end(alice, count=4) == sorted(theirs[:9], reverse=True)


def test_a_full_page_ends_with_the_last_id_shown_and_a_short_one_is_sealed(
    alice: Somebody, bob: Somebody, run_jobs: RunJobs
) -> None:
    photos = [album.post(alice.id) for _ in range(14)]
    run_jobs()
    assert home.page(bob.id, count=2).next_cursor == str(photos[12])
    ids(bob)
    for photo in photos[:13]:
        sessions.write(photo, lambda tx, photo=photo: tx.run(_HIDE, (photo,)))  # type: ignore[misc]
    page = home.page(bob.id, count=2)
    assert [card.id for card in page.items] == [photos[13]]
    assert page.next_cursor is not None
    assert not any(str(photo) in page.next_cursor for photo in photos)
    assert home.page(bob.id, count=2, cursor=page.next_cursor).items == []
    with pytest.raises(BadCursor):
        home.page(bob.id, cursor="x" + page.next_cursor)


def test_newer_than_and_older_than(alice: Somebody, bob: Somebody, run_jobs: RunJobs) -> None:
    photos = [album.post(alice.id) for _ in range(5)]
    run_jobs()
    assert ids(bob, min_id=photos[2]) == [photos[4], photos[3]]
    assert ids(bob, min_id=str(photos[0]), max_id=str(photos[3])) == [photos[2], photos[1]]
    assert home.page(bob.id, count=2, min_id=photos[2]).next_cursor is None


def test_a_photo_that_took_long_to_make_gets_its_place(
    alice: Somebody, bob: Somebody, run_jobs: RunJobs
) -> None:
    old = album.draft(alice.id, at=clock.now() - timedelta(hours=1))
    new = album.post(alice.id)
    run_jobs()
    assert ids(bob) == [new]
    album.publish(alice.id, old)
    run_jobs()
    assert ids(bob) == [new, old]
    assert lists.read(bob.id)[:2] == [str(new).encode(), str(old).encode()]


def test_unfinished_photos_are_listed_apart_and_for_their_owner_alone(alice: Somebody, bob: Somebody) -> None:
    photo = album.draft(alice.id)
    assert [card.state for card in home.arriving(alice.id)] == ["processing"]
    assert ids(alice) == ids(bob) == []
    assert home.arriving(bob.id) == []
    assert home.arriving(alice.id)[0].id == photo


def test_what_was_published_a_moment_ago_is_on_the_first_page_once(
    alice: Somebody, bob: Somebody, run_jobs: RunJobs
) -> None:
    """Between publishing and the job that tells the lists, and after it."""
    first = album.post(alice.id)
    run_jobs()
    assert ids(alice) == [first]
    draft, told_late = album.draft(alice.id), album.post(alice.id)
    assert ids(alice) == [first]
    assert arriving(alice) == [told_late, draft]
    assert arriving(bob) == []
    run_jobs()
    assert ids(alice) == [told_late, first]
    assert arriving(alice) == [draft]


def test_what_is_for_the_second_page_does_not_arrive_on_the_first(alice: Somebody, run_jobs: RunJobs) -> None:
    photos = [album.post(alice.id) for _ in range(3)]
    run_jobs()
    assert home.arriving(alice.id, home.page(alice.id, count=2)) == []
    assert [card.id for card in home.page(alice.id, count=2).items] == photos[:0:-1]


def test_what_is_old_imported_or_deleted_does_not_arrive(alice: Somebody, run_jobs: RunJobs) -> None:
    assert ids(alice) == []
    album.post(alice.id, at=clock.now() - timedelta(hours=1))
    album.post(alice.id, imported=True)
    delete_photo.delete(alice.id, album.post(alice.id))
    assert arriving(alice) == []


def test_an_absent_valkey_costs_time_and_nothing_else(
    alice: Somebody, bob: Somebody, run_jobs: RunJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos = [album.post(alice.id) for _ in range(4)]
    run_jobs()

    def away(*_: Any) -> Any:
        raise valkey.ValkeyAway()

    monkeypatch.setattr(valkey, "pipeline", away)
    assert to_the_end(bob) == photos[::-1]


def test_a_node_that_is_away_makes_feeds_shorter_and_breaks_none(
    alice: Somebody,
    bob: Somebody,
    make_person: MakePerson,
    run_jobs: RunJobs,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    erin, frank = make_person("erin", shard=3), make_person("frank", private=True, shard=7)
    for owner in (bob, erin, frank):
        follow.follow(alice.id, owner.id)
    run_jobs()
    follow.approve(frank.id, alice.id)
    run_jobs()
    elsewhere, here, closed = album.post(bob.id), album.post(erin.id), album.post(frank.id)
    run_jobs()
    assert ids(alice) == [closed, here, elsewhere]
    wait_out_the_holes()
    ids(alice)
    connect = nodes.connection

    def away(node: Any, **options: Any) -> Any:
        if node.name == "node2":
            raise nodes.NodeAway()
        return connect(node, **options)

    assert not home.page(alice.id).gaps
    monkeypatch.setattr(nodes, "connection", away)
    assert ids(alice) == [here, elsewhere], "the private owner cannot be asked"
    assert home.page(alice.id).gaps, "and that is not all there is"
    valkey.call("FLUSHALL")
    assert ids(alice) == [here]
    assert home.page(alice.id).gaps
    assert lists.parse(lists.read(alice.id)) is None, "a list that lacks a node is not kept"
    with pytest.raises(nodes.NodeAway):
        ids(bob)
    monkeypatch.undo()
    valkey.call("FLUSHALL")
    assert ids(alice) == [closed, here, elsewhere]
    assert not home.page(alice.id).gaps


def test_somebody_who_comes_while_their_list_is_made_is_served_from_the_nodes(
    alice: Somebody, bob: Somebody, run_jobs: RunJobs
) -> None:
    photos = [album.post(alice.id) for _ in range(4)]
    run_jobs()
    assert lists.begin(bob.id)
    assert to_the_end(bob) == photos[::-1]
    assert lists.parse(lists.read(bob.id)) is None


def test_a_warm_page_takes_three_round_trips(
    alice: Somebody, bob: Somebody, run_jobs: RunJobs, count_trips: Callable[[], Any]
) -> None:
    for _ in range(25):
        album.post(alice.id)
    run_jobs()
    with count_trips() as made:
        ids(bob)
    cold = made
    assert cold["valkey"] <= 5
    wait_out_the_holes()
    ids(bob)
    raw = lists.read(bob.id)
    with count_trips() as made:
        assert len(ids(bob, feed=raw)) == 20
    assert dict(made) == {"valkey": 1, "node": 1}, "and one for who is asking, with the list"


def test_a_visit_keeps_the_list_alive(alice: Somebody) -> None:
    ids(alice)
    valkey.call("EXPIRE", lists.key(alice.id), 60)
    ids(alice)
    assert valkey.call("TTL", lists.key(alice.id)) > 29 * 86_400


def test_many_followers_are_several_jobs(
    alice: Somebody, make_person: MakePerson, run_jobs: RunJobs, jobs_of_two: None
) -> None:
    people = [make_person(f"reader{number}", shard=1 + number % 8) for number in range(7)]
    for person in people:
        follow.follow(person.id, alice.id)
    run_jobs()
    for person in people:
        assert ids(person) == []
    photo = album.post(alice.id)
    ran = run_jobs()
    assert ran.tasks.count("fan_out_part.v1") == 3
    for person in [*people, alice]:
        feed = lists.parse(lists.read(person.id))
        assert ids(person) == [photo]
        assert person is alice or (feed is not None and feed.ids == [photo])


_HIDE = """
WITH hidden AS (UPDATE {s}.photo SET state = 'hidden' WHERE id = %s RETURNING owner_id)
UPDATE {s}.counters SET photos = photos - 1 FROM hidden WHERE person_id = owner_id
"""


@pytest.fixture
def feeds_of_five(network: Any) -> Any:
    yield from _with(feed_max=5, feed_trim_slack=2)


@pytest.fixture
def jobs_of_two(network: Any) -> Any:
    yield from _with(feed_job_readers=2)


def _with(**knobs: Any) -> Any:
    from dataclasses import replace

    from heliograph.core import environment as environments

    before = environment()
    environments.use(replace(before, **knobs))
    yield
    environments.use(before)
