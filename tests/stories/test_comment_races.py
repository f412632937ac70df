"""Comments that meet something else in the same moment."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connections

from heliograph.core import valkey
from heliograph.core.errors import HeliographError, NotFound
from heliograph.engagement import store
from heliograph.flows import comment
from heliograph.pages import photo as photos
from heliograph.sharding import sessions
from tests.parts.engagement.photos import counted, make_photo

_GONE = "UPDATE {s}.photo SET state = 'deleted' WHERE id = %s"
_FEWER = "UPDATE {s}.counters SET photos = photos - 1 WHERE person_id = %s"


def _leave() -> None:
    """What a thread has opened for itself."""
    connections.close_all()
    valkey.forget()


def test_a_photo_that_is_being_deleted_is_waited_for_and_then_refuses(alice: Any, bob: Any) -> None:
    photo = make_photo(alice)
    heard: list[HeliographError] = []
    done = threading.Event()

    def write() -> None:
        try:
            comment.add(bob.id, photo, "hello")
        except HeliographError as error:
            heard.append(error)
        finally:
            _leave()
            done.set()

    thread = threading.Thread(target=write)

    def delete(tx: sessions.Tx) -> None:
        tx.run(_FEWER, (alice.id,))
        tx.run(_GONE, (photo,))
        thread.start()
        assert not done.wait(0.3)

    sessions.write(photo, delete)
    thread.join(10)
    assert [type(error) for error in heard] == [NotFound]
    assert counted(photo) == (0, 0)


def test_many_at_once_are_all_counted(alice: Any, bob: Any) -> None:
    photo = make_photo(alice)

    def write() -> None:
        for _ in range(5):
            comment.add(bob.id, photo, "hello")
        _leave()

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert counted(photo) == (0, 20)
    assert len(photos.comments(bob.id, photo, count=30).items) == 20


def test_an_id_that_was_taken_is_made_anew(alice: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    photo = make_photo(alice)
    write, clashes = store.comment, [None, None]

    def clashing(tx: Any, values: Any) -> tuple[bool, int | None]:
        return (True, clashes.pop()) if clashes else write(tx, values)

    monkeypatch.setattr(store, "comment", clashing)
    comment.add(alice.id, photo, "hello")
    assert counted(photo) == (0, 1)
