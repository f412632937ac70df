"""Bugs to be planted: what the feed would be without one of its odd-looking rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from unittest import mock

from heliograph.core import valkey
from heliograph.feed import home as lists
from heliograph.flows import fan_out, replay
from heliograph.sharding import sessions
from heliograph.sharding.sessions import Tx
from tests.oracle import album


@contextmanager
def no_sentinel() -> Iterator[None]:
    """Nothing marks a list that is about to be made: what is pushed meanwhile finds no list."""

    def finish(reader_id: int, mark: str, photo_ids: Iterable[int], floor: int = 0) -> bool:
        key = lists.key(reader_id)
        valkey.pipeline([("DEL", key), ("RPUSH", key, *photo_ids, f"-{floor}")])
        return True

    with mock.patch.object(lists, "begin", lambda reader_id, take_over=False: "?"):
        with mock.patch.object(lists, "finish", finish):
            yield


@contextmanager
def no_sort() -> Iterator[None]:
    """A page takes what arrived last for what is newest."""

    def parse(raw: Sequence[bytes]) -> lists.Feed | None:
        found = _really(raw)
        if found is not None:
            found.ids = [id for id in dict.fromkeys(_ids(raw)) if id > found.floor]
        return found

    with mock.patch.object(lists, "parse", parse):
        yield


@contextmanager
def no_dedupe() -> Iterator[None]:
    """A photo that was pushed twice is there twice."""

    def parse(raw: Sequence[bytes]) -> lists.Feed | None:
        found = _really(raw)
        if found is not None:
            found.ids = sorted((id for id in _ids(raw) if id > found.floor), reverse=True)
        return found

    with mock.patch.object(lists, "parse", parse):
        yield


@contextmanager
def no_replay() -> Iterator[None]:
    """Nobody minds that Valkey came back with older data."""
    with mock.patch.object(replay, "watch", lambda: None):
        yield


@contextmanager
def pushed_before_commit() -> Iterator[None]:
    """The photo is pushed by the transaction that publishes it, instead of by a job of that transaction."""

    def publish(owner_id: int, photo_id: int, *, before_commit: Callable[[], None] = lambda: None) -> None:
        def body(tx: Tx) -> None:
            tx.run(album.COUNT, (owner_id,))
            if tx.run(album.PUBLISH, (photo_id,)):
                readers = fan_out.lists.follower_ids(sessions.reader(), owner_id)
                lists.add(photo_id, [owner_id, *readers])
            before_commit()

        sessions.write(photo_id, body)

    with mock.patch.object(album, "publish", publish):
        yield


_really = lists.parse


def _ids(raw: Sequence[bytes]) -> list[int]:
    return [int(element) for element in raw[:-1] if element[:1] != b"?"]
