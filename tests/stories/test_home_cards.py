"""Cards: what is on them, who may see them, and that nothing on them is ever stale."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from heliograph.core import valkey
from heliograph.core.errors import NotFound
from heliograph.engagement import likes
from heliograph.flows import (
    block,
    comment,
    delete_photo,
    edit_photo,
    edit_profile,
    follow,
    like,
    suspend,
)
from heliograph.pages import cards, memory, photo
from heliograph.pages.cards import PhotoCard
from heliograph.sharding import map, outbox, sessions
from heliograph.sharding.ids import shard_of
from tests.harness.people import Somebody
from tests.oracle import album

RunJobs = Callable[..., Any]
MakePerson = Callable[..., Somebody]


def sees(viewer: Somebody | None, photo_id: int) -> bool:
    return bool(cards.photos(viewer.id if viewer else None, [photo_id]))


def card(viewer: Somebody | None, photo_id: int) -> PhotoCard:
    [found] = cards.photos(viewer.id if viewer else None, [photo_id])
    return found


def warm(*photo_ids: int) -> None:
    """As if all was written long ago and looked at since."""
    valkey.call("FLUSHALL")
    cards.photos(None, photo_ids)


def test_the_order_is_kept_and_what_does_not_exist_is_left_out(alice: Somebody, bob: Somebody) -> None:
    photos = [album.post(owner.id) for owner in (alice, bob, alice)]
    wanted = [photos[1], 17, photos[2], -1, photos[0], 2**63 - 1, 2**70]
    assert [it.id for it in cards.photos(bob.id, wanted)] == [photos[1], photos[2], photos[0]]
    assert [it.id for it in cards.photos(bob.id, wanted)] == [photos[1], photos[2], photos[0]]
    assert cards.photos(bob.id, []) == []


def test_the_public_is_seen_by_all_and_the_private_by_those_permitted(
    alice: Somebody, bob: Somebody, carol: Somebody, run_jobs: RunJobs
) -> None:
    open_to_all, closed = album.post(alice.id), album.post(carol.id)
    assert sees(None, open_to_all)
    assert not sees(None, closed)
    assert not sees(bob, closed)
    assert sees(carol, closed)
    follow.follow(bob.id, carol.id)
    run_jobs()
    assert not sees(bob, closed)
    follow.approve(carol.id, bob.id)
    assert sees(bob, closed), "her side says so, though his own does not know it yet"
    follow.remove(carol.id, bob.id)
    assert not sees(bob, closed), "and the same when she takes it back"


def test_a_card_that_was_public_is_private_at_once(alice: Somebody, make_person: MakePerson) -> None:
    erin = make_person("erin", shard=8)
    photo_id = album.post(alice.id)
    warm(photo_id)
    assert sees(erin, photo_id)
    assert sees(None, photo_id)
    edit_profile.edit(alice.id, private=True)
    assert not sees(erin, photo_id)
    assert not sees(None, photo_id)


def test_a_block_hides_in_both_directions(
    alice: Somebody, bob: Somebody, run_jobs: RunJobs, make_person: MakePerson
) -> None:
    hers, his = album.post(alice.id), album.post(bob.id)
    block.block(alice.id, bob.id)
    assert not sees(alice, his)
    run_jobs()
    assert not sees(bob, hers)
    assert sees(make_person("erin"), hers)
    block.unblock(alice.id, bob.id)
    run_jobs()
    assert sees(alice, his)
    assert sees(bob, hers)


def test_a_suspended_person_vanishes_from_warm_cards_at_once(alice: Somebody, bob: Somebody) -> None:
    photo_id = album.post(alice.id)
    warm(photo_id)
    suspend.suspend(alice.id)
    assert not sees(bob, photo_id)
    assert cards.people(bob.id, [alice.id, bob.id])[0].id == bob.id
    suspend.restore(alice.id)
    assert sees(bob, photo_id)


def test_states_are_for_the_right_eyes(alice: Somebody, bob: Somebody) -> None:
    photo_id = album.draft(alice.id)
    assert card(alice, photo_id).state == "processing"
    assert card(alice, photo_id).renditions == {}
    assert not sees(bob, photo_id)
    fail = "UPDATE {s}.photo SET state = 'failed', error_code = 'damaged' WHERE id = %s"
    sessions.write(photo_id, lambda tx: tx.run(fail, (photo_id,)))
    assert (card(alice, photo_id).state, card(alice, photo_id).error_code) == ("failed", "damaged")
    assert not sees(bob, photo_id)


def test_edits_and_deletion_show_at_once_on_warm_cards(alice: Somebody, bob: Somebody) -> None:
    photo_id = album.post(alice.id, caption="before")
    warm(photo_id)
    assert card(bob, photo_id).caption == "before"
    edit_photo.edit(alice.id, photo_id, caption="after", alt_text="a hill")
    assert (card(bob, photo_id).caption, card(bob, photo_id).alt_text) == ("after", "a hill")
    warm(photo_id)
    delete_photo.delete(alice.id, photo_id)
    assert not sees(bob, photo_id)
    assert not sees(alice, photo_id)


def test_a_new_name_shows_on_every_warm_card(alice: Somebody, bob: Somebody) -> None:
    photos = [album.post(alice.id) for _ in range(3)]
    warm(*photos)
    edit_profile.edit(alice.id, full_name="Alice the Second")
    assert {it.owner.full_name for it in cards.photos(bob.id, photos)} == {"Alice the Second"}


def test_likes_and_comments_show_at_once_and_only_to_whom_they_may(
    alice: Somebody, bob: Somebody, run_jobs: RunJobs, make_person: MakePerson
) -> None:
    erin = make_person("erin", shard=3)
    photo_id = album.post(alice.id)
    warm(photo_id)
    like.add(bob.id, photo_id)
    assert card(bob, photo_id).liked
    assert not card(alice, photo_id).liked
    run_jobs()
    assert card(alice, photo_id).likes == 1
    for author, text in ((bob, "one"), (erin, "two"), (bob, "three"), (erin, "four")):
        comment.add(author.id, photo_id, text)
    shown = card(alice, photo_id)
    assert shown.comments == 4
    assert [it.text for it in shown.newest_comments] == ["four", "three", "two"]
    assert shown.newest_comments[1].author.username == "bob"
    warm(photo_id)
    block.block(alice.id, erin.id)
    assert [it.text for it in card(alice, photo_id).newest_comments] == ["three"]
    assert [it.text for it in card(bob, photo_id).newest_comments] == ["four", "three", "two"]


def test_a_deleted_comment_is_gone_from_a_warm_card(alice: Somebody, bob: Somebody) -> None:
    photo_id = album.post(alice.id)
    comment_id = comment.add(bob.id, photo_id, "too much")
    warm(photo_id)
    assert [it.text for it in card(alice, photo_id).newest_comments] == ["too much"]
    comment.remove(bob.id, photo_id, comment_id)
    comment.add(bob.id, photo_id, "better")
    assert [it.text for it in card(alice, photo_id).newest_comments] == ["better"]
    assert card(alice, photo_id).comments == 1


def likers(viewer: Somebody | None, photo_id: int) -> list[str]:
    return [liker.full_name for liker in card(viewer, photo_id).newest_likers]


def test_the_newest_who_like_it_stand_on_the_card_as_far_as_the_viewer_may_see_them(
    alice: Somebody, bob: Somebody, carol: Somebody, run_jobs: RunJobs, make_person: MakePerson
) -> None:
    erin, frank = make_person("erin", shard=3), make_person("frank", shard=8)
    for person, name in ((bob, "Bob"), (carol, "Carol"), (erin, "Erin"), (frank, "Frank")):
        edit_profile.edit(person.id, full_name=name)
    photo_id = album.post(alice.id)
    warm(photo_id)
    assert likers(None, photo_id) == []
    for person in (bob, erin, carol, frank):
        like.add(person.id, photo_id)
        run_jobs()
    assert card(alice, photo_id).likes == 4
    assert likers(alice, photo_id) == likers(None, photo_id) == ["Frank", "Carol", "Erin"]
    warm(photo_id)
    block.block(erin.id, frank.id)
    run_jobs()
    assert likers(erin, photo_id) == ["Carol", "Erin"]
    assert likers(frank, photo_id) == ["Frank", "Carol"]
    suspend.suspend(carol.id)
    edit_profile.edit(frank.id, full_name="Frank the Second")
    assert likers(alice, photo_id) == ["Frank the Second", "Erin"]
    assert card(alice, photo_id).likes == 4, "the number tells nobody who is hidden"
    like.remove(frank.id, photo_id)
    run_jobs()
    assert likers(alice, photo_id) == ["Erin", "Bob"]


def test_a_like_and_an_unlike_that_arrive_together_change_who_likes_it(
    alice: Somebody, bob: Somebody, run_jobs: RunJobs, make_person: MakePerson
) -> None:
    erin = make_person("erin", shard=8)  # on Bob's node
    photo_id = album.post(alice.id)
    like.add(bob.id, photo_id)
    run_jobs()
    warm(photo_id)
    # Neither is carried at once, as when the request's own attempt fails.
    sessions.write(bob.id, lambda tx: likes.remove(tx, bob.id, photo_id))
    sessions.write(erin.id, lambda tx: likes.add(tx, erin.id, photo_id, alice.id))
    outbox.drain_node(map.node_of(shard_of(bob.id)))
    valkey.call("DEL", f"photo:{photo_id}")  # the hole that every write makes there has expired
    card(None, photo_id)
    assert card(alice, photo_id).likes == 1
    assert [liker.username for liker in card(alice, photo_id).newest_likers] == ["erin"]


def test_what_was_read_before_a_change_is_never_kept_after_it(
    alice: Somebody, bob: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo_id = album.post(alice.id, caption="before")
    valkey.call("FLUSHALL")
    filling = memory.filling

    def slowly(*what: Any, **since: float) -> Any:
        edit_photo.edit(alice.id, photo_id, caption="after")
        return filling(*what, **since)

    monkeypatch.setattr(memory, "filling", slowly)
    assert card(bob, photo_id).caption == "before"
    monkeypatch.setattr(memory, "filling", filling)
    assert card(bob, photo_id).caption == "after"


def test_the_first_look_after_a_change_is_kept(
    alice: Somebody, bob: Somebody, run_jobs: RunJobs, count_trips: Callable[[], Any]
) -> None:
    photo_id = album.post(alice.id)
    warm(photo_id)
    like.add(bob.id, photo_id)
    run_jobs()
    assert card(alice, photo_id).likes == 1
    with count_trips() as made:
        assert card(alice, photo_id).likes == 1
    assert made["node"] == 1, "only what the viewer's own shard knows of it"


def test_a_hole_that_came_while_another_was_being_filled_stays(
    alice: Somebody, bob: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo_id = album.post(alice.id, caption="first")
    edit_photo.edit(alice.id, photo_id, caption="before")  # a hole
    filling = memory.filling

    def slowly(*what: Any, **since: float) -> Any:
        edit_photo.edit(alice.id, photo_id, caption="after")  # another hole
        return filling(*what, **since)

    monkeypatch.setattr(memory, "filling", slowly)
    assert card(bob, photo_id).caption == "before"
    monkeypatch.setattr(memory, "filling", filling)
    assert valkey.call("GET", f"photo:{photo_id}").startswith(b"\0")
    assert card(bob, photo_id).caption == "after"


def test_who_took_too_long_keeps_nothing(alice: Somebody, monkeypatch: pytest.MonkeyPatch) -> None:
    photo_id = album.post(alice.id)
    valkey.call("FLUSHALL")
    monkeypatch.setattr(memory, "_SLOW_SECONDS", -1)
    assert sees(None, photo_id)
    assert valkey.call("KEYS", "photo:*") == []


def test_nothing_of_the_viewer_is_kept(
    alice: Somebody, bob: Somebody, run_jobs: RunJobs, make_person: MakePerson
) -> None:
    erin = make_person("erin", shard=3)
    photo_id = album.post(alice.id)
    for liker in (bob, erin):
        like.add(liker.id, photo_id)
    block.block(bob.id, erin.id)
    run_jobs()
    valkey.call("FLUSHALL")
    card(bob, photo_id)
    mine = {key: valkey.call("GET", key) for key in valkey.call("KEYS", "*")}
    valkey.call("FLUSHALL")
    card(alice, photo_id)
    assert {key: valkey.call("GET", key) for key in valkey.call("KEYS", "*")} == mine


def test_a_foreign_value_in_memory_costs_a_read_and_nothing_else(alice: Somebody) -> None:
    photo_id = album.post(alice.id)
    valkey.pipeline([("DEL", f"photo:{photo_id}"), ("LPUSH", f"photo:{photo_id}", "x")])
    assert sees(None, photo_id)


def test_without_valkey_cards_come_from_the_nodes(
    alice: Somebody, bob: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos = [album.post(alice.id), album.post(bob.id)]

    def away(*_: Any) -> Any:
        raise valkey.ValkeyAway()

    monkeypatch.setattr(valkey, "pipeline", away)
    assert [it.id for it in cards.photos(bob.id, photos)] == photos


def test_a_cold_page_costs_two_trips_to_memory_and_one_a_node(
    alice: Somebody, bob: Somebody, count_trips: Callable[[], Any]
) -> None:
    photos = [album.post(owner.id) for owner in (alice, bob) * 10]
    valkey.call("FLUSHALL")
    cards._guesses.clear()
    with count_trips() as made:
        cards.photos(bob.id, photos)
    assert dict(made) == {"valkey": 2, "node": 2 + 1}, (
        "multi-get and fill; two nodes, and the viewer's own facts"
    )


def test_faces_of_likers_from_elsewhere_cost_one_trip_more_to_memory_and_one_a_node(
    alice: Somebody, bob: Somebody, make_person: MakePerson, run_jobs: RunJobs, count_trips: Callable[[], Any]
) -> None:
    likers = [make_person("erin", shard=3), make_person("frank", shard=8)]
    photos = [album.post(owner.id) for owner in (alice, bob)]
    for liker in likers:
        for photo_id in photos:
            like.add(liker.id, photo_id)
    run_jobs()
    valkey.call("FLUSHALL")
    cards._guesses.clear()
    with count_trips() as made:
        assert [len(it.newest_likers) for it in cards.photos(bob.id, photos)] == [2, 2]
    assert dict(made) == {"valkey": 2 + 1, "node": 2 + 2 + 1}, (
        "what was read is kept along with the next question"
    )
    with count_trips() as made:
        cards.photos(bob.id, photos)
    assert dict(made) == {"valkey": 1, "node": 1}
    valkey.call("FLUSHALL")
    with count_trips() as made:
        assert [len(it.newest_likers) for it in cards.photos(bob.id, photos)] == [2, 2]
    assert dict(made) == {"valkey": 2, "node": 2 + 1}, "this process remembers who is on them"
    with count_trips() as made:
        cards.photos(bob.id, photos)
    assert dict(made) == {"valkey": 1, "node": 1}, "and memory has got all of it"


def test_a_liker_whom_no_node_knows_any_more_is_asked_for_once(
    alice: Somebody, bob: Somebody, make_person: MakePerson, run_jobs: RunJobs, count_trips: Callable[[], Any]
) -> None:
    erin = make_person("erin", shard=3)
    photo_id = album.post(alice.id)
    like.add(erin.id, photo_id)
    run_jobs()
    card(bob, photo_id)
    sessions.write(erin.id, lambda tx: tx.run("UPDATE {s}.person SET id = id + 1 WHERE id = %s", (erin.id,)))
    valkey.call("FLUSHALL")
    try:
        with count_trips() as made:
            assert card(bob, photo_id).newest_likers == []
        assert dict(made) == {"valkey": 2, "node": 1 + 1}, "her node is that of the photo"
    finally:
        sessions.write(
            erin.id, lambda tx: tx.run("UPDATE {s}.person SET id = id - 1 WHERE id = %s", (erin.id + 1,))
        )


def test_the_same_content_is_the_same_card(alice: Somebody, bob: Somebody) -> None:
    photo_id = album.post(alice.id)
    warm(photo_id)
    assert card(bob, photo_id) is card(alice, photo_id)


def test_one_photo_its_comments_and_those_who_like_it(
    alice: Somebody, bob: Somebody, carol: Somebody, dave: Somebody, run_jobs: RunJobs
) -> None:
    photo_id = album.post(alice.id)
    for number in range(5):
        comment.add(bob.id if number % 2 else carol.id, photo_id, f"number {number}")
    like.add(bob.id, photo_id)
    like.add(carol.id, photo_id)
    run_jobs()
    assert photo.one(bob.id, photo_id).id == photo_id
    first = photo.comments(bob.id, photo_id, count=2)
    assert [it.text for it in first.items] == ["number 4", "number 3"]
    second = photo.comments(bob.id, photo_id, before=first.next_cursor, count=2)
    third = photo.comments(bob.id, photo_id, before=second.next_cursor, count=2)
    assert [it.text for it in second.items + third.items] == ["number 2", "number 1", "number 0"]
    assert third.next_cursor is None
    assert {it.username for it in photo.likers(None, photo_id)} == {"bob", "carol"}
    block.block(alice.id, carol.id)
    assert [it.text for it in photo.comments(alice.id, photo_id, count=2).items] == ["number 3"]
    cursor = photo.comments(alice.id, photo_id, count=1).next_cursor
    assert cursor is not None
    assert not cursor.isdigit(), "the id of a hidden comment does not leave"
    assert [it.username for it in photo.likers(alice.id, photo_id)] == ["bob"]
    for look in (photo.one, photo.comments, photo.likers):
        with pytest.raises(NotFound):
            look(dave.id, photo_id)
        with pytest.raises(NotFound):
            look(bob.id, 12345)
