"""Parts of cards in Valkey: what everybody sees alike, in three kinds of keys, read with one multi-get.

    photo:{id}    the photo, its owner's id, and its newest comments with their authors' ids
    cnt:{id}      how many likes, how many comments, and the ids of the newest people who like it
    person:{id}   a face: name, picture, private or not

Apart, because they change apart: a like drops a hundred bytes, a new name drops one key and not ten thousand
photos, since owners, authors and likers stand there by their ids. Nothing that depends on the viewer is ever in
here. Photos are kept only once they are published (or gone for good: a tombstone answers too).

A reader knows an id, never a version, so versions cannot be part of the key. What makes a stale value
impossible is the *hole*: after every commit an empty value is put where the changed thing was, for longer than
any read of the nodes may take, and a reader fills only what is not there at all. So what was read before a change
never lands after it. No flow has to remember this: `sessions.write` tells which photo was written, and which faces
are on their way to the directory. A hole may be lost with its process, or because Valkey does not answer: so it is
made again, at least once, by what left with the transaction (flows/forget_photo.py says what). And values expire.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence

from heliograph.core import metrics, valkey
from heliograph.core.errors import Unavailable
from heliograph.sharding import sessions

HOLE_SECONDS = 5
KEEP_SECONDS = 600
_SLOW_SECONDS = 2  # who took longer to read the nodes keeps it to themself

PHOTO, COUNTS, PERSON = "photo", "cnt", "person"
_FACE = "face"  # the kind of rows by which the directory learns of a name, a picture, a state


def get(photo_ids: Sequence[int], person_ids: Sequence[int], *more: valkey.Command) -> list[bytes | None]:
    """Photos, then their counts, then people, in one round trip: None for what is not there (or is a hole).

    `more` commands travel along; their replies are dropped. An absent Valkey looks like an empty one.
    """
    keys = [f"photo:{id}" for id in photo_ids]
    keys += [f"cnt:{id}" for id in photo_ids]
    keys += [f"person:{id}" for id in person_ids]
    if not keys:
        return []
    try:
        reply = valkey.pipeline([("MGET", *keys), *more])[0]
    except Unavailable:
        return [None] * len(keys)
    if isinstance(reply, valkey.ValkeyError):  # somebody else's key of the same name, of another kind
        metrics.count("card_memory_errors_total")
        return [None] * len(keys)
    return [value or None for value in reply]


def fill(values: Mapping[str, bytes], *, read_since: float) -> None:
    """Keep values that were read from the nodes since that moment (`time.monotonic()`), where nothing is kept."""
    if not values or time.monotonic() - read_since > _SLOW_SECONDS:
        return
    try:
        valkey.pipeline([("SET", key, value, "NX", "EX", KEEP_SECONDS) for key, value in values.items()])
    except Unavailable:
        pass


def changed(*, photos: Iterable[int] = (), counts: Iterable[int] = (), people: Iterable[int] = ()) -> None:
    """Make holes where rows have changed; after the commit. Raises Unavailable: then a job must do it."""
    keys = [f"photo:{id}" for id in photos]
    keys += [f"cnt:{id}" for id in counts]
    keys += [f"person:{id}" for id in people]
    if keys:
        valkey.pipeline([("SET", key, b"", "EX", HOLE_SECONDS) for key in keys])


def _written(id: int, mirrored: Sequence[tuple[str, int, int]]) -> None:
    """After a commit: the photo of this id may have changed, and the faces that are on their way to the directory.

    Where the id is a person's, the hole is an unused key.
    """
    try:
        changed(photos=[id], people=[a for kind, a, _ in mirrored if kind == _FACE])
    except Unavailable:
        metrics.count("card_holes_lost_total")


sessions.on_written.append(_written)


def forget_all() -> int:
    """Drop all parts of cards; how many. For a Valkey that came back with older data."""
    dropped = 0
    for kind in (PHOTO, COUNTS, PERSON):
        cursor = b"0"
        while True:
            cursor, keys = valkey.call("SCAN", cursor, "MATCH", f"{kind}:*", "COUNT", 1000)
            if keys:
                dropped += int(valkey.call("UNLINK", *keys))
            if cursor == b"0":
                break
    return dropped
