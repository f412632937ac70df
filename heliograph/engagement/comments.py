"""Comments: truth beside the photo, in one transaction that also checks whether the author may.

The author's shard gets a mirrored row, to find them again. A deleted comment keeps its row and loses its words.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson

from heliograph.core import clock, metrics, undo
from heliograph.core.errors import Conflict, NotAllowed, NotFound
from heliograph.engagement import store

_TRIES: Final = 5


class NotYours(NotAllowed):
    """You can delete your own comments, and those on your own photos."""

    code = "not_your_comment"


@dataclass(frozen=True)
class Comment:
    """A comment as it is shown. `entities` are places of tags and mentions, as media/captions.py makes them."""

    id: int
    photo_id: int
    author_id: int
    text: str
    entities: list[dict[str, Any]]
    created_at: datetime


@dataclass(frozen=True)
class Removed:
    """A comment that has just been deleted, and what it said; `version` is that of the row without its words."""

    id: int
    author_id: int
    entities: list[dict[str, Any]]
    text: str = ""
    version: int = 0


def state_of(reader: store.Shards, author_id: int) -> str | None:
    """The author's state, by their home; None when it is not made yet. One round trip."""
    return store.state(reader.at(author_id), author_id)


def add(tx: store.Shard, author_id: int, photo_id: int, text: str, entities: Sequence[dict[str, Any]]) -> int:
    """Write a comment and count it; its id. NotFound when the photo is not for its author.

    The statement notes it in the outbox itself.
    """
    store.lock_counts(tx, [photo_id])
    values = {
        "author": author_id,
        "photo": photo_id,
        "text": text,
        "entities": orjson.dumps(list(entities)).decode(),
        "now": clock.now(),
    }
    for attempt in range(_TRIES):
        allowed, comment_id = store.comment(tx, values)
        if not allowed:
            raise NotFound(cause=f"photo {photo_id} for {author_id}")
        if comment_id is not None:
            return comment_id
        metrics.count("id_clashes_total")
        time.sleep(0.001 * (attempt + 1))  # the next millisecond has other ids
    raise Conflict(cause="no free id")


def remove(tx: store.Shard, actor_id: int, photo_id: int, comment_id: int) -> Removed | None:
    """Delete a comment, as its author or the photo's owner; None when it was deleted already, which from now on
    nobody undoes: whoever did it first would bring back what the other was told is gone."""
    store.lock_counts(tx, [photo_id])
    seen = store.comment_seen(tx, actor_id, photo_id, comment_id)
    if seen is None:
        raise NotFound(cause=f"comment {comment_id} on {photo_id}")
    on, author_id, owner_id, visible, text, entities = seen
    if actor_id not in (author_id, owner_id):
        if on and visible:
            raise NotYours()
        raise NotFound(cause=f"comment {comment_id} for {actor_id}")
    version = store.uncomment(tx, actor_id, photo_id, comment_id)
    if version is None:
        store.uncomment_again(tx, photo_id, comment_id)
        return None
    return Removed(comment_id, author_id, entities, text, version)


def restore(tx: store.Shard, actor_id: int, photo_id: int, gone: Removed) -> bool:
    """Undo this very deletion, by whoever did it; False when it is undone already.

    TooLate when its author could not say it now: the photo is gone or no longer for them, or one blocks the other.
    """
    store.lock_counts(tx, [photo_id])
    values = {
        "comment": gone.id,
        "photo": photo_id,
        "author": gone.author_id,
        "text": gone.text,
        "entities": orjson.dumps(gone.entities).decode(),
        "version": gone.version,
    }
    if store.recomment(tx, values):
        return True
    seen = store.comment_seen(tx, actor_id, photo_id, gone.id)
    if seen is None or not seen[0]:  # nothing but this switches a comment on again
        raise undo.TooLate(cause=f"comment {gone.id} of {gone.author_id} on {photo_id}")
    return False


def hush(tx: store.Shard, photo_id: int, *, count: int) -> list[Removed]:
    """Delete a chunk of a deleted photo's comments, as `remove` does one."""
    store.lock_counts(tx, [photo_id])
    return [Removed(*row) for row in store.hush(tx, photo_id, count)]


def read(reader: store.Shards, pairs: Sequence[tuple[int, int]]) -> store.Rows:
    """The truths of these (comment, author): (comment, author, photo, on, version)."""
    return store.commented(reader, pairs)


def arrive(tx: store.Shard, rows: Sequence[tuple[int, int, int, bool, int]]) -> None:
    """Mirror comments on their authors' shard."""
    store.commented_arrives(tx, rows)


def of_person(shard: store.Shard, author_id: int, *, after: int = 0, count: int) -> list[tuple[int, int]]:
    """What somebody has said, as (comment, photo), by ascending id, beginning after `after`."""
    return store.comments_of(shard, author_id, after, count)


def load(reader: store.Shards, comment_ids: Iterable[int], *, partial: bool = False) -> dict[int, Comment]:
    """Comments that are not deleted, by id. `partial`: without those on nodes that are away."""
    found = store.comments(reader, set(comment_ids), partial)
    return {comment.id: comment for comment in _comments(found)}


def _comments(rows: store.Rows) -> list[Comment]:
    return [Comment(*row) for row in sorted(rows, key=lambda row: -int(row[0]))]
