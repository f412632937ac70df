"""What happened to somebody: told once, in order, and only what they may know."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from heliograph.core import clock
from heliograph.core.cursor import BadCursor
from heliograph.flows import (
    block,
    comment,
    delete_photo,
    edit_photo,
    edit_profile,
    follow,
    like,
    see_activity,
    suspend,
    sweep,
)
from heliograph.pages import activity
from heliograph.sharding import nodes, sessions
from tests.harness.people import Somebody
from tests.oracle import album

Jobs = Callable[..., Any]


def told(viewer: Somebody) -> list[str]:
    """Everything that happened to them, a few words each, newest first."""
    return [f"{entry.actor.username} {entry.kind}" for entry in activity.listed(viewer.id).items]


def sentences(viewer: Somebody, **options: Any) -> list[tuple[str, list[str], int]]:
    page = activity.grouped(viewer.id, **options)
    return [(it.kind, [person.username for person in it.actors], it.others) for it in page.sentences]


def post(owner: Somebody, caption: str = "") -> int:
    photo_id = album.post(owner.id)
    if caption:
        edit_photo.edit(owner.id, photo_id, caption=caption)
    return photo_id


@pytest.fixture
def photo(alice: Somebody, bob: Somebody, run_jobs: Jobs) -> int:
    """Alice's; Bob follows her."""
    photo_id = post(alice)
    run_jobs()
    return photo_id


def test_likes_comments_and_follows_are_told_newest_first(
    alice: Somebody, bob: Somebody, carol: Somebody, photo: int, run_jobs: Jobs
) -> None:
    like.add(bob.id, photo)
    run_jobs()
    comment.add(carol.id, photo, "Lovely")
    follow.follow(carol.id, alice.id)
    run_jobs()
    assert told(alice) == ["carol follow", "carol comment", "bob like", "bob follow"]
    said = activity.listed(alice.id).items[1]
    assert said.comment is not None and said.comment.text == "Lovely"
    assert said.photo is not None and said.photo.id == photo


def test_ones_own_deeds_are_no_news(alice: Somebody, photo: int, run_jobs: Jobs) -> None:
    like.add(alice.id, photo)
    comment.add(alice.id, photo, "By @alice, who is me")
    edit_photo.edit(alice.id, photo, caption="@alice again")
    run_jobs()
    assert told(alice) == ["bob follow"]


def test_what_is_taken_back_is_not_told(
    alice: Somebody, bob: Somebody, carol: Somebody, photo: int, run_jobs: Jobs
) -> None:
    like.add(bob.id, photo)
    comment_id = comment.add(bob.id, photo, "Hello, @carol")
    run_jobs()
    assert told(carol) == ["bob mention"]
    like.remove(bob.id, photo)
    comment.remove(bob.id, photo, comment_id)
    follow.unfollow(bob.id, alice.id)
    run_jobs()
    assert told(alice) == [] and told(carol) == []


def test_mentions_in_captions_and_comments_are_told_while_they_stand_there(
    alice: Somebody, bob: Somebody, carol: Somebody, photo: int, run_jobs: Jobs
) -> None:
    edit_photo.edit(alice.id, photo, caption="With @bob, @bob and @carol")
    run_jobs()
    comment.add(carol.id, photo, "@bob @alice look")
    run_jobs()
    assert told(bob) == ["carol mention", "alice mention"]
    assert told(carol) == ["alice mention"]
    assert told(alice) == ["carol comment", "bob follow"]  # not a mention, too
    edit_photo.edit(alice.id, photo, caption="With @carol")
    assert told(bob) == ["carol mention"]  # before the mirror has heard of it
    run_jobs()
    assert told(bob) == ["carol mention"] and told(carol) == ["alice mention"]
    delete_photo.delete(alice.id, photo)
    assert told(bob) == told(carol) == []
    run_jobs()
    assert told(bob) == told(carol) == []


def test_who_is_named_again_after_an_edit_is_not_told_again(
    alice: Somebody, bob: Somebody, photo: int, run_jobs: Jobs
) -> None:
    for caption in ("@bob", "nobody", "@bob"):
        edit_photo.edit(alice.id, photo, caption=caption)
        run_jobs()
        if caption == "@bob":
            first = activity.listed(bob.id).items[0].at
    assert activity.listed(bob.id).items[0].at == first
    assert told(bob) == ["alice mention"]


def test_a_mention_in_a_photo_that_one_may_not_see_says_nothing(
    alice: Somebody, bob: Somebody, carol: Somebody, run_jobs: Jobs
) -> None:
    hidden = post(carol, "For @bob's eyes, later")
    run_jobs()
    assert told(bob) == []
    follow.follow(bob.id, carol.id)
    run_jobs()
    follow.approve(carol.id, bob.id)
    run_jobs()
    assert told(bob) == ["carol approval", "carol mention"]
    follow.remove(carol.id, bob.id)
    run_jobs()
    assert told(bob) == []
    assert hidden


def test_only_an_answer_by_hand_is_told_to_who_asked(
    alice: Somebody, bob: Somebody, carol: Somebody, run_jobs: Jobs
) -> None:
    assert told(bob) == []  # Alice is public: nobody let him in
    follow.follow(bob.id, carol.id)
    run_jobs()
    assert told(bob) == []
    follow.approve(carol.id, bob.id)
    run_jobs()
    assert told(bob) == ["carol approval"] and told(carol) == ["bob follow"]
    follow.unfollow(bob.id, carol.id)
    run_jobs()
    assert told(bob) == [] and told(carol) == []


def test_who_goes_public_lets_everybody_in(bob: Somebody, carol: Somebody, run_jobs: Jobs) -> None:
    follow.follow(bob.id, carol.id)
    run_jobs()
    edit_profile.edit(carol.id, private=False)
    run_jobs()
    assert told(bob) == ["carol approval"]


@pytest.mark.parametrize("who_blocks", ["alice", "bob"])
def test_a_block_makes_it_vanish_both_ways(
    who_blocks: str, alice: Somebody, bob: Somebody, photo: int, run_jobs: Jobs
) -> None:
    like.add(bob.id, photo)
    comment.add(bob.id, photo, "Hello")
    theirs = post(bob, "With @alice")
    run_jobs()
    assert told(alice)[-1] == "bob follow" and len(told(alice)) == 4
    assert activity.unread(alice.id)
    actor, target = (alice, bob) if who_blocks == "alice" else (bob, alice)
    block.block(actor.id, target.id)
    run_jobs()
    assert told(alice) == [] and sentences(alice) == [] and not activity.unread(alice.id)
    assert theirs


def test_suspended_people_are_not_told_of_until_they_are_back(
    alice: Somebody, bob: Somebody, photo: int, run_jobs: Jobs
) -> None:
    like.add(bob.id, photo)
    run_jobs()
    suspend.suspend(bob.id)
    run_jobs()
    assert told(alice) == []
    suspend.restore(bob.id)
    run_jobs()
    assert told(alice) == ["bob like", "bob follow"]


def test_pages_go_on_where_the_last_one_ended_whatever_happened_at_one_moment(
    alice: Somebody,
    make_person: Callable[..., Somebody],
    photo: int,
    run_jobs: Jobs,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fans = [make_person(f"fan{number}") for number in range(4)]
    moment = clock.now()
    monkeypatch.setattr(clock, "now", lambda: moment)
    for fan in fans:
        like.add(fan.id, photo)
        comment.add(fan.id, photo, "Hello @bob")
        follow.follow(fan.id, alice.id)
    run_jobs()
    whole = [entry.id for entry in activity.listed(alice.id).items]
    assert len(whole) == len(set(whole)) == 13
    for count in (1, 2, 5):
        seen: list[str] = []
        cursor = None
        while True:
            page = activity.listed(alice.id, cursor=cursor, count=count)
            seen += [entry.id for entry in page.items]
            cursor = page.next_cursor
            if cursor is None:
                break
        assert seen == whole


def test_a_cursor_is_for_who_got_it(alice: Somebody, bob: Somebody, photo: int, run_jobs: Jobs) -> None:
    like.add(bob.id, photo)
    run_jobs()
    cursor = activity.listed(alice.id, count=1).next_cursor
    assert cursor is not None
    with pytest.raises(BadCursor):
        activity.listed(bob.id, cursor=cursor)


def test_what_was_done_to_a_photo_within_a_day_is_one_sentence(
    alice: Somebody, make_person: Callable[..., Somebody], photo: int, run_jobs: Jobs
) -> None:
    fans = [make_person(f"fan{number}") for number in range(4)]
    for fan in fans:
        like.add(fan.id, photo)
        clock.shift(timedelta(seconds=1))
    comment.add(fans[0].id, photo, "One")
    run_jobs()
    clock.shift(timedelta(hours=30))
    late = make_person("late")
    like.add(late.id, photo)
    run_jobs()
    assert sentences(alice)[:3] == [
        ("like", ["late"], 0),
        ("comment", ["fan0"], 0),
        ("like", ["fan3", "fan2"], 2),
    ]


def test_what_was_seen_stands_below_what_is_new(
    alice: Somebody, bob: Somebody, carol: Somebody, photo: int, run_jobs: Jobs
) -> None:
    assert activity.unread(alice.id)
    page = activity.grouped(alice.id)
    assert page.newest is not None and [it.new for it in page.sentences] == [True]
    see_activity.see(alice.id, page.newest)
    assert not activity.unread(alice.id)
    assert activity.grouped(alice.id).newest is None
    like.add(carol.id, photo)
    run_jobs()
    assert activity.unread(alice.id)
    assert [it.new for it in activity.grouped(alice.id).sentences] == [True, False]
    see_activity.see(alice.id, page.newest)  # an old page does not take anything back
    assert activity.unread(alice.id)


def test_who_asks_to_follow_stands_on_top(bob: Somebody, carol: Somebody, run_jobs: Jobs) -> None:
    follow.follow(bob.id, carol.id)
    run_jobs()
    page = activity.grouped(carol.id)
    assert [person.username for person in page.asking] == ["bob"] and page.sentences == []
    assert activity.unread(carol.id) and page.newest is not None
    see_activity.see(carol.id, page.newest)
    assert not activity.unread(carol.id)


def test_mentions_that_are_off_are_swept(alice: Somebody, bob: Somebody, photo: int, run_jobs: Jobs) -> None:
    edit_photo.edit(alice.id, photo, caption="@bob")
    run_jobs()
    edit_photo.edit(alice.id, photo, caption="")
    run_jobs()
    rows = "SELECT count(*) FROM {s}.mention"
    assert sessions.reader().at(bob.id).value(rows) == 1
    clock.shift(timedelta(days=31))
    sweep.sweep()
    run_jobs()
    assert sessions.reader().at(bob.id).value(rows) == 0


def test_what_lies_on_a_node_that_is_away_is_left_out(
    alice: Somebody,
    bob: Somebody,
    dave: Somebody,
    photo: int,
    run_jobs: Jobs,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    theirs = post(bob)  # on node 2; Alice lives on node 1, as Dave and her own photo do
    run_jobs()
    comment.add(bob.id, theirs, "Hello @dave")
    run_jobs()
    comment.add(bob.id, photo, "Hello")
    run_jobs()
    connect = nodes.connection

    def away(node: Any, **options: Any) -> Any:
        if node.name == "node2":
            raise nodes.NodeAway()
        return connect(node, **options)

    assert told(alice) == ["bob comment", "bob follow"]  # his face is in memory now
    with monkeypatch.context() as patched:
        patched.setattr(nodes, "connection", away)
        assert told(alice) == ["bob comment", "bob follow"]
        assert told(dave) == []
        assert [kind for kind, _, _ in sentences(alice)] == ["comment", "follow"]
    assert told(dave) == ["bob mention"]
