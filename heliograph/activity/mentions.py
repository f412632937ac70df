"""Mentions: what a text says beside its photo, mirrored with the person whom it names.

The truth is the text. A pair is (the photo's or comment's id, the person's id); the text is on, and names them, or it
does not. Nobody is told that they named themself, nor the owner of a photo of a comment on it a second time. The
receiver's shard keeps the row whoever wrote it: whether the photo and its people are for them is asked when it is
shown, and is another answer tomorrow.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from heliograph.accounts import home
from heliograph.activity import store
from heliograph.core import clock


def people(entities: Iterable[Mapping[str, Any]]) -> list[int]:
    """Whom the entities of a text name, each once."""
    return list(dict.fromkeys(int(entity["person_id"]) for entity in entities if entity["type"] == "mention"))


def pairs(id: int, *texts: Iterable[Mapping[str, Any]]) -> list[tuple[int, int]]:
    """What to mirror when a text has changed from one of these to another: everybody any of them names."""
    named = dict.fromkeys(person_id for entities in texts for person_id in people(entities))
    return [(id, person_id) for person_id in named]


def read_captions(reader: store.Shards, wanted: Sequence[tuple[int, int]]) -> store.Rows:
    """The truths of these (photo, person): (photo, person, actor, photo, 0, on, version)."""
    return store.in_captions(reader, wanted)


def read_comments(reader: store.Shards, wanted: Sequence[tuple[int, int]]) -> store.Rows:
    """The truths of these (comment, person): (comment, person, actor, photo, comment, on, version)."""
    return store.in_comments(reader, wanted)


def arrive(tx: store.Shard, rows: Sequence[tuple[Any, ...]]) -> None:
    """Mirror mentions with the people named; newer ones only."""
    home.require(tx, *{row[1] for row in rows})
    store.arrive(tx, rows, clock.now())


def sweep(tx: store.Shard, cutoff: datetime, *, count: int) -> int:
    """Forget mentions that have been off since before `cutoff`; how many."""
    return store.sweep(tx, cutoff, count)
