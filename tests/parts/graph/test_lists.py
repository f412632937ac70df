"""Lists of people: paged to the end, in order, nobody twice, also when they are long."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from heliograph.core.cursor import BadCursor
from heliograph.core.paging import Page
from heliograph.flows import block, follow
from heliograph.graph import lists
from heliograph.pages import profile, theirs
from heliograph.pages.cards import PersonCard
from heliograph.sharding import sessions
from heliograph.sharding.ids import LARGEST
from tests.oracle import album
from tests.parts.graph.people import Made, somebody


def _all(read: Callable[..., Page[PersonCard]], *who: Any, count: int) -> list[int]:
    found: list[int] = []
    cursor = None
    for _ in range(100):
        page = read(*who, cursor=cursor, count=count)
        found += [card.id for card in page.items]
        cursor = page.next_cursor
        if cursor is None:
            return found
    raise AssertionError("it does not end")


@pytest.fixture
def crowd(alice: Any, run_jobs: Any) -> list[Made]:
    people = [somebody(1 + n % 8) for n in range(9)]
    for person in people:
        follow.follow(person.id, alice.id)
        run_jobs()
    return people


def test_followers_come_newest_first_and_each_once(alice: Any, crowd: list[Made]) -> None:
    newest_first = [person.id for person in reversed(crowd)]
    for count in (1, 2, 4, 9, 50):
        assert _all(profile.followers, crowd[0].id, alice.id, count=count) == newest_first


def test_people_whom_the_viewer_does_not_see_leave_no_gaps(
    alice: Any, crowd: list[Made], run_jobs: Any
) -> None:
    viewer = crowd[0]
    for person in crowd[5:8]:
        block.block(person.id, viewer.id)
    run_jobs()
    page = profile.followers(viewer.id, alice.id, count=3)
    assert [card.id for card in page.items] == [crowd[8].id, crowd[4].id, crowd[3].id]
    assert page.next_cursor is not None and not page.next_cursor.isdigit()


def test_whom_somebody_follows(crowd: list[Made], alice: Any, bob: Any, run_jobs: Any) -> None:
    me = crowd[0]
    follow.follow(me.id, bob.id)
    run_jobs()
    assert _all(profile.following, me.id, me.id, count=1) == [bob.id, alice.id]


def test_lists_of_a_private_person_are_for_those_they_let_in(alice: Any, carol: Any, run_jobs: Any) -> None:
    follow.follow(alice.id, carol.id)
    run_jobs()
    for read in (profile.followers, profile.following, profile.photos):
        with pytest.raises(profile.PrivatePerson):
            read(alice.id, carol.id)
        with pytest.raises(profile.PrivatePerson):
            read(None, carol.id)
    page = profile.one(alice.id, carol.id)
    assert not page.visible
    assert (page.photos, page.followers, page.following) == (0, 0, 0)
    assert page.relationship == profile.Relationship("requested", "none", True)
    assert profile.relationship(carol.id, alice.id).incoming_status == "requested_by"
    assert [card.id for card in profile.requested_by(carol.id).items] == [alice.id]
    follow.approve(carol.id, alice.id)
    run_jobs()
    assert profile.one(alice.id, carol.id).followers == 1
    assert [card.id for card in profile.followers(alice.id, carol.id).items] == [alice.id]
    assert profile.requested_by(carol.id).items == []


def test_what_a_private_person_lists_does_not_leave_their_shard(
    alice: Any, bob: Any, carol: Any, run_jobs: Any
) -> None:
    reader = sessions.reader()
    lists_of = (
        theirs.photos(LARGEST, 9),
        theirs.followers(lists.FIRST, 9),
        theirs.following(lists.FIRST, 9),
    )
    follow.follow(bob.id, carol.id)
    follow.follow(carol.id, bob.id)
    run_jobs()
    follow.approve(carol.id, bob.id)
    album.post(carol.id)
    run_jobs()
    for listed in lists_of:
        told, let_in, herself = (
            theirs.of(reader, viewer_id, carol.id, listed) for viewer_id in (alice.id, bob.id, carol.id)
        )
        assert told and let_in and herself
        assert told.listed is None and let_in.listed is not None and let_in.listed == herself.listed
    for read in (profile.with_followers, profile.with_following):
        with pytest.raises(profile.PrivatePerson):
            read(alice.id, "carol")
        assert read(bob.id, "carol").people.items
    assert profile.with_photos(alice.id, "carol")[1].items == []
    assert len(profile.with_photos(bob.id, "carol")[1].items) == 1


@pytest.mark.parametrize("count", [1, 2, 3, 50])
def test_a_page_with_its_person_goes_on_like_the_list(
    alice: Any, crowd: list[Made], count: int, run_jobs: Any
) -> None:
    me, follows, hidden = crowd[0], crowd[1], crowd[2]
    follow.follow(me.id, follows.id)
    block.block(hidden.id, me.id)
    run_jobs()
    outgoing: dict[int, str] = {}

    def read(viewer_id: int, username: Any, **asked: Any) -> Page[PersonCard]:
        found = profile.with_followers(viewer_id, username, **asked)
        outgoing.update(found.outgoing)
        return found.people

    shown = [person.id for person in reversed(crowd) if person is not hidden]
    assert _all(read, me.id, "alice", count=count) == shown
    assert outgoing == {id: "follows" if id == follows.id else "none" for id in shown}


def test_a_cursor_is_good_for_its_own_list_alone(alice: Any, bob: Any, crowd: list[Made]) -> None:
    cursor = profile.followers(bob.id, alice.id, count=2).next_cursor
    assert cursor is not None
    for read, whose in [(profile.followers, bob.id), (profile.following, alice.id)]:
        with pytest.raises(BadCursor):
            read(alice.id, whose, cursor=cursor)
    for text in ("nonsense", "-1", "12", cursor[:-2], "é", "9" * 30):
        with pytest.raises(BadCursor):
            profile.followers(bob.id, alice.id, cursor=text)


MANY = 10_000
_FOLLOWERS = """
INSERT INTO {s}.follower (owner_id, actor_id, wish_on, wish_version, state, answers, permit_version, since)
SELECT %(owner)s, %(first)s + n, true, 1, 'granted', 1, 1, now() - make_interval(secs => n / 50)
FROM generate_series(1, %(many)s) n
"""


@pytest.mark.damages("ten thousand followers who exist on one side only")
def test_ten_thousand_followers_are_walked_by_the_index(alice: Any) -> None:
    params = {"owner": alice.id, "first": 1 << 30, "many": MANY}
    sessions.write(alice.id, lambda tx: tx.run(_FOLLOWERS, params))
    reader = sessions.reader()
    place, seen = lists.FIRST, list[int]()
    while places := lists.followers(reader, alice.id, place, 500):
        seen += [id for _, id in places]
        place = places[-1]
    assert len(seen) == len(set(seen)) == MANY
    assert sorted(seen) == lists.follower_ids(reader, alice.id)
    chunk = lists.follower_ids(reader, alice.id, count=4000)
    assert lists.follower_ids(reader, alice.id, after=chunk[-1], count=4000)[0] == chunk[-1] + 1
    plan = _plan(alice.id, place)
    assert "follower_in_force" in plan and "Sort" not in plan, plan


def _plan(owner_id: int, place: lists.Place) -> str:
    from heliograph.graph import store

    params = {"id": owner_id, "since": place[0], "other": place[1], "count": 50}

    def body(tx: sessions.Tx) -> str:
        tx.run("SET LOCAL enable_seqscan = off")
        tx.run("SET LOCAL enable_bitmapscan = off")
        return "\n".join(row[0] for row in tx.rows("EXPLAIN " + store.FOLLOWER.newest, params))

    return sessions.write(owner_id, body)
