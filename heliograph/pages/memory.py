"""Parts of cards in Valkey: what everybody sees alike, in three kinds of keys, read with one multi-get.

    photo:{id}    the photo, its owner's id, and its newest comments with their authors' ids
    cnt:{id}      how many likes, how many comments, and the ids of the newest people who like it
    person:{id}   a face: name, picture, private or not

Apart, because they change apart: a like drops a hundred bytes, a new name drops one key and not ten thousand
photos, since owners, authors and likers stand there by their ids. Nothing that depends on the viewer is ever in
here. Photos are kept only once they are published (or gone for good: a tombstone answers too).

A reader knows an id, never a version, so versions cannot be part of the key. What makes a stale value
impossible is the *hole*: after every commit a number that nothing else has is put where the changed thing was, and
whoever finds it there before they ask the nodes may fill this very hole, no other. Who found nothing there fills only
where still nothing is, and a hole lasts longer than any read of the nodes may take. So what was read before a change
never lands after it, and a photo that is liked ten times a second is still read from memory in between: a hole that
nobody may fill for some seconds would have every reader of the most popular photos ask the nodes.

No flow has to remember this: `sessions.write` tells which photo was written, and which faces are on their way to the
directory. A hole may be lost with its process, or because Valkey does not answer: so it is made again, at least once,
by what left with the transaction (flows/forget_photo.py says what). And values expire.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Mapping, Sequence

from heliograph.core import metrics, valkey
from heliograph.core.errors import Unavailable
from heliograph.sharding import sessions

HOLE_SECONDS = 5
KEEP_SECONDS = 600
_SLOW_SECONDS = 2  # who took longer to read the nodes keeps it to themself

PHOTO, COUNTS, PERSON = "photo", "cnt", "person"
_MARK = b"\0"  # a hole begins with it, no value does
_FACE = "face"  # the kind of rows by which the directory learns of a name, a picture, a state


#: By key: which hole was there when a reader looked.
Holes = dict[str, bytes]

#: Sent whole: it is short, and what travels with other commands cannot be told that it is not known there.
_FILL = """
for n, key in ipairs(KEYS) do
    local hole, there = ARGV[2 * n], redis.pcall('GET', key)
    if there == hole or (hole == '' and not there) then redis.call('SET', key, ARGV[2 * n + 1], 'EX', ARGV[1]) end
end
"""


def get(
    photo_ids: Sequence[int], person_ids: Sequence[int], *more: valkey.Command, holes: Holes
) -> list[bytes | None]:
    """Photos, then their counts, then people, in one round trip: None for what is not there, or is a hole.

    The holes are noted in `holes`, for `filling`. `more` commands travel along; their replies are dropped. An absent
    Valkey looks like an empty one.
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
    for place, value in enumerate(reply):
        if value and value[0] == _MARK[0]:
            holes[keys[place]] = value
            reply[place] = None
    found: list[bytes | None] = reply
    return found


def filling(values: Mapping[str, bytes], holes: Holes, *, read_since: float) -> list[valkey.Command]:
    """Commands that keep values which were read from the nodes since that moment (`time.monotonic()`): in the holes
    that were seen before, and where nothing was and is. For `tell`, or to travel with the next question."""
    if not values or time.monotonic() - read_since > _SLOW_SECONDS:
        return []
    args: list[valkey.Value] = [KEEP_SECONDS]
    for key, value in values.items():
        args += (holes.get(key, b""), value)
    return [("EVAL", _FILL, len(values), *values, *args)]


def tell(commands: Sequence[valkey.Command]) -> None:
    """Send these; if Valkey is away, what they would keep is read from the nodes once more."""
    if not commands:
        return
    try:
        valkey.pipeline(commands)
    except Unavailable:
        metrics.count("card_fills_lost_total")


def changed(*, photos: Iterable[int] = (), counts: Iterable[int] = (), people: Iterable[int] = ()) -> None:
    """Make holes where rows have changed; after the commit. Raises Unavailable: then a job must do it."""
    keys = [f"photo:{id}" for id in photos]
    keys += [f"cnt:{id}" for id in counts]
    keys += [f"person:{id}" for id in people]
    if keys:
        hole = _MARK + secrets.token_bytes(12)
        valkey.pipeline([("SET", key, hole, "EX", HOLE_SECONDS) for key in keys])


def _written(id: int, of_photo: bool, mirrored: Sequence[tuple[str, int, int]]) -> None:
    """After a commit: the photo of this id may have changed, and the faces that are on their way to the directory."""
    try:
        changed(photos=[id] if of_photo else [], people=[a for kind, a, _ in mirrored if kind == _FACE])
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
