"""Writing under a photo."""

from __future__ import annotations

from typing import Any

import pytest

from heliograph.core.errors import Invalid, NotFound
from heliograph.engagement import comments
from heliograph.flows import block, comment
from heliograph.pages import photo as photos
from heliograph.sharding import sessions
from heliograph.sharding.idempotency import KeyReused
from tests.parts.engagement.photos import counted, make_photo

pytestmark = pytest.mark.usefixtures("network")


def commented(actor_id: int, comment_id: int) -> bool | None:
    sql = 'SELECT "on" FROM {s}.commented WHERE actor_id = %s AND comment_id = %s'
    found: bool | None = sessions.reader().at(actor_id).value(sql, (actor_id, comment_id))
    return found


def test_a_comment_is_there_at_once_and_found_again_by_its_author(
    alice: Any, bob: Any, run_jobs: Any
) -> None:
    photo = make_photo(alice)
    first = comment.add(bob.id, photo, "  Lovely light, @alice! #dawn ")
    second = comment.add(alice.id, photo, "Thank you, @nobody_at_all")
    assert counted(photo) == (0, 2)
    run_jobs()
    assert commented(bob.id, first) is True
    kept = comments.load(sessions.reader(), [first, second])
    assert kept[first].text == "Lovely light, @alice! #dawn"
    assert [(e["type"], e.get("person_id")) for e in kept[first].entities] == [
        ("mention", alice.id),
        ("tag", None),
    ]
    assert kept[second].entities == []
    assert [c.id for c in photos.comments(bob.id, photo, before=second).items] == [first]


def test_it_is_refused_when_either_blocked_the_other(alice: Any, dave: Any, run_jobs: Any) -> None:
    with pytest.raises(NotFound):
        comment.add(dave.id, make_photo(alice), "hello")
    with pytest.raises(NotFound):
        comment.add(alice.id, make_photo(dave), "hello")
    block.unblock(alice.id, dave.id)
    run_jobs()
    comment.add(dave.id, make_photo(alice), "hello")


def test_it_is_refused_on_a_private_persons_photo(alice: Any, carol: Any) -> None:
    photo = make_photo(carol)
    with pytest.raises(NotFound):
        comment.add(alice.id, photo, "hello")
    assert counted(photo) == (0, 0)


@pytest.mark.parametrize("state", ["processing", "failed", "hidden", "deleted"])
def test_only_published_photos_are_commented(alice: Any, bob: Any, state: str) -> None:
    with pytest.raises(NotFound):
        comment.add(bob.id, make_photo(alice, state=state), "hello")


def test_its_author_may_delete_it(alice: Any, bob: Any, run_jobs: Any) -> None:
    photo = make_photo(alice)
    mine = comment.add(bob.id, photo, "hello")
    run_jobs()
    comment.remove(bob.id, photo, mine)
    comment.remove(bob.id, photo, mine)
    run_jobs()
    assert counted(photo) == (0, 0)
    assert commented(bob.id, mine) is False
    assert comments.load(sessions.reader(), [mine]) == {}
    words = sessions.reader().at(photo).value("SELECT text FROM {s}.comment WHERE id = %s", (mine,))
    assert words == ""


def test_the_photos_owner_may_delete_it_and_nobody_else(alice: Any, bob: Any, carol: Any, dave: Any) -> None:
    photo = make_photo(alice)
    his = comment.add(bob.id, photo, "hello")
    with pytest.raises(comments.NotYours):
        comment.remove(carol.id, photo, his)
    with pytest.raises(NotFound):
        comment.remove(dave.id, photo, his)
    with pytest.raises(NotFound):
        comment.remove(bob.id, make_photo(alice), his)
    with pytest.raises(NotFound):
        comment.remove(bob.id, photo, his + 1)
    comment.remove(alice.id, photo, his)
    assert counted(photo) == (0, 0)


def test_who_may_not_know_of_its_author_is_not_told_that_it_is_there(
    alice: Any, bob: Any, carol: Any, run_jobs: Any
) -> None:
    photo = make_photo(alice)
    his = comment.add(bob.id, photo, "hello")
    block.block(bob.id, carol.id)
    run_jobs()
    with pytest.raises(NotFound):
        comment.remove(carol.id, photo, his)
    comment.remove(alice.id, photo, his)


def test_a_request_that_comes_twice_makes_one_comment(alice: Any, bob: Any) -> None:
    photo = make_photo(alice)
    first = comment.add(bob.id, photo, "hello", idempotency_key="k")
    assert comment.add(bob.id, photo, "hello", idempotency_key="k") == first
    assert comment.add(alice.id, photo, "hello", idempotency_key="k") != first
    with pytest.raises(KeyReused):
        comment.add(bob.id, photo, "goodbye", idempotency_key="k")
    assert counted(photo) == (0, 2)


def test_what_may_not_be_said_leaves_no_trace(alice: Any) -> None:
    photo = make_photo(alice)
    with pytest.raises(Invalid):
        comment.add(alice.id, photo, "LOOK AT THIS")
    assert counted(photo) == (0, 0)


def test_a_comment_takes_four_trips_on_the_photos_shard_and_one_to_the_authors(
    alice: Any, bob: Any, count_trips: Any
) -> None:
    photo = make_photo(alice)
    comment.add(bob.id, photo, "hello")
    with count_trips() as made:
        comment.add(bob.id, photo, "hello again")
    assert made["node"] <= 4 + 1
    assert made["directory"] == 0


@pytest.mark.parametrize("nothing", [-1, 0, 2**63, 2**63 - 1, 12, (1 << 40) | (3 << 10)])
def test_commenting_on_nothing_is_not_found(alice: Any, nothing: int) -> None:
    with pytest.raises(NotFound):
        comment.add(alice.id, nothing, "hello")
    with pytest.raises(NotFound):
        comment.remove(alice.id, nothing, nothing)
