"""A process dies between a COMMIT and what it would have told Valkey next: what others see is right all the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from heliograph.core import valkey
from heliograph.flows import comment, delete_photo, edit_photo, like
from heliograph.pages import cards
from heliograph.sharding import nodes, sessions
from tests.harness.people import Somebody
from tests.oracle import album

RunJobs = Callable[..., Any]


class Killed(BaseException):
    """Nothing after it happens, as after kill -9."""


@contextmanager
def killed_after_the_commit(photo_id: int) -> Iterator[None]:
    """Inside the block whoever has written beside this photo dies, just before it tells anybody."""

    def die(id: int, of_photo: bool, projected: Sequence[tuple[str, int, int]]) -> None:
        if id == photo_id:
            raise Killed

    sessions.on_written.insert(0, die)
    try:
        with pytest.raises(Killed):
            yield
    finally:
        sessions.on_written.remove(die)


@pytest.fixture
def photo(alice: Somebody, run_jobs: RunJobs) -> int:
    photo_id = album.post(alice.id, caption="the first")
    run_jobs()
    return photo_id


def card(photo_id: int) -> cards.PhotoCard:
    """As a stranger sees it at their second look, when it is kept: as if no hole were open."""
    for key in (f"photo:{photo_id}", f"cnt:{photo_id}"):
        if (valkey.call("GET", key) or b"").startswith(b"\0"):
            valkey.call("DEL", key)
    cards.photos(None, [photo_id])
    [shown] = cards.photos(None, [photo_id])
    return shown


def test_an_edited_caption_is_seen(photo: int, alice: Somebody, run_jobs: RunJobs) -> None:
    assert card(photo).caption == "the first"
    with killed_after_the_commit(photo):
        edit_photo.edit(alice.id, photo, caption="the second")
    assert card(photo).caption == "the first", "this is what others would go on seeing"
    run_jobs()
    assert card(photo).caption == "the second"


def test_a_new_comment_is_seen(photo: int, bob: Somebody, run_jobs: RunJobs) -> None:
    assert card(photo).comments == 0
    with killed_after_the_commit(photo):
        comment.add(bob.id, photo, "hello")
    run_jobs()
    assert (card(photo).comments, [said.text for said in card(photo).newest_comments]) == (1, ["hello"])


def test_a_deleted_comment_is_gone(photo: int, bob: Somebody, run_jobs: RunJobs) -> None:
    comment_id = comment.add(bob.id, photo, "hello")
    run_jobs()
    assert [said.text for said in card(photo).newest_comments] == ["hello"]
    with killed_after_the_commit(photo):
        comment.remove(bob.id, photo, comment_id)
    run_jobs()
    assert (card(photo).comments, card(photo).newest_comments) == (0, [])


def test_a_deleted_comment_is_gone_although_its_authors_node_is_away(
    photo: int, alice: Somebody, bob: Somebody, run_jobs: RunJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    comment_id = comment.add(bob.id, photo, "hello")
    run_jobs()
    assert [said.text for said in card(photo).newest_comments] == ["hello"]
    with killed_after_the_commit(photo):
        comment.remove(alice.id, photo, comment_id)
    connect = nodes.connection

    def away(node: Any) -> Any:
        if node.name == "node2":
            raise nodes.NodeAway()
        return connect(node)

    monkeypatch.setattr(nodes, "connection", away)
    run_jobs(allow_failures=True)
    assert card(photo).newest_comments == []
    monkeypatch.undo()
    run_jobs()


def test_a_like_is_counted(photo: int, bob: Somebody, run_jobs: RunJobs, mirrors_at_once: None) -> None:
    assert card(photo).likes == 0
    with killed_after_the_commit(photo):
        like.add(bob.id, photo)
    run_jobs()
    assert card(photo).likes == 1


def test_a_like_is_counted_although_valkey_was_away(
    photo: int, bob: Somebody, run_jobs: RunJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The row that mirrors it waits until Valkey has heard of it."""
    assert card(photo).likes == 0
    like.add(bob.id, photo)
    with monkeypatch.context() as patched:
        patched.setattr(valkey, "pipeline", _away)
        run_jobs(only=lambda name: name == "outbox", allow_failures=True)
    assert card(photo).likes == 0, "this is what others would go on seeing"
    run_jobs()
    assert card(photo).likes == 1


def _away(commands: Any) -> Any:
    raise valkey.ValkeyAway()


def test_a_deleted_photo_is_gone(photo: int, alice: Somebody, run_jobs: RunJobs) -> None:
    assert card(photo).caption == "the first"
    with killed_after_the_commit(photo):
        delete_photo.delete(alice.id, photo)
    run_jobs(only=lambda name: name not in ("remove_photo_files.v1", "clear_photo.v1"))
    assert cards.photos(None, [photo]) == [], "also while the lane of slow jobs is held up"
    run_jobs()
