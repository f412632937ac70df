"""A person's home feed: the newest photos of the people they follow, and their own, kept in Valkey.

One list per *active* person: photo ids as decimal text, about `feed_max` long, trimmed only when
`feed_trim_slack` over (one trim in fifty pushes). No list means "not active": nothing is pushed, and the next
visit builds it from the nodes, which are the truth. It expires `feed_expire_days` after the last visit.

The last element is `-{floor}`: everything of this feed above that id is in the list. So an empty feed exists
too, a page knows when it must go on from the nodes, and a photo that came late can never hide the ones
between. `-0` says that the list is the whole feed.

Why a list: 500 ids take 5 KB, a sorted set takes 64 KB (docs/benchmarks.md). The price: arrival order is not
id order, and a job that ran twice pushed twice; so `Feed` sorts and removes duplicates at reading.

Source: "What Powers Instagram", 2011: the main feed in Redis, filled by workers.
"""

from __future__ import annotations

import secrets
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from importlib import resources
from itertools import islice
from operator import gt, neg

import orjson

from heliograph.core import environment, valkey

_DAY_SECONDS = 86_400
PATIENCE_MS = 10_000  # how long a rebuild may take before somebody else starts one


def _script(name: str) -> valkey.Script:
    folder = resources.files("heliograph.feed") / "lua"
    return valkey.Script((folder / "common.lua").read_text() + (folder / f"{name}.lua").read_text())


_ADD, _ADD_LATE, _MERGE = _script("add"), _script("add_late"), _script("merge")
_BEGIN, _FINISH = _script("begin"), _script("finish")


def key(reader_id: int) -> str:
    """Where the list is."""
    return f"feed:{reader_id}"


class Feed:
    """A list as it was read: ids in order, each once, and how far down they are complete."""

    def __init__(self, ids: list[int], floor: int) -> None:
        """`ids` newest first, each once, all above `floor`."""
        self.ids = ids
        self.floor = floor

    @property
    def whole(self) -> bool:
        """Whether there is nothing older on the nodes."""
        return self.floor == 0

    def below(self, before: int | None, after: int | None = None) -> list[int]:
        """Ids older than `before` and newer than `after`, newest first."""
        start = 0 if before is None else bisect_right(self.ids, -before, key=neg)
        end = len(self.ids) if after is None else bisect_left(self.ids, -after, key=neg)
        return self.ids[start:end]


def read(reader_id: int) -> list[bytes]:
    """The whole list, unsorted, as `parse` takes it; one round trip."""
    raw: list[bytes] = valkey.call(*read_command(reader_id))
    return raw


def read_command(reader_id: int) -> valkey.Command:
    """The same as a command, for a round trip that is made anyway."""
    return ("LRANGE", key(reader_id), 0, -1)


def visit_command(reader_id: int) -> valkey.Command:
    """Somebody looks at their feed: it lives on. For a round trip that is made anyway."""
    return ("EXPIRE", key(reader_id), environment.get().feed_expire_days * _DAY_SECONDS)


def parse(raw: Sequence[bytes]) -> Feed | None:
    """The feed in a list; None when there is no list, or when it is still being built."""
    if not raw or raw[-1][:1] != b"-":
        return None
    floor = -int(raw[-1])
    try:
        # As one JSON array: half the time of five hundred calls of int.
        ids: list[int] = orjson.loads(b"[%b]" % b",".join(raw[:-1]))
    except ValueError:  # somebody is writing it anew: there is a mark among the ids
        ids = [int(element) for element in raw[:-1] if element[:1] != b"?"]
    if not all(map(gt, ids, islice(ids, 1, None))):  # most lists are in order as they are
        ids.sort(reverse=True)
        ids = list(dict.fromkeys(ids))
    if ids and ids[-1] <= floor:
        del ids[bisect_left(ids, -floor, key=neg) :]
    return Feed(ids, floor)


def add(photo_id: int, reader_ids: Sequence[int], *, late: bool = False) -> int:
    """Put one photo at the top of many feeds; return how many feeds took it.

    `late`: into its place by id, for a photo that is older than what arrived meanwhile. One script call per
    `feed_chunk_readers` readers, since it holds Valkey for 1-2 ms. Safe to repeat. Raises Unavailable.
    """
    env = environment.get()
    # Sorting a list costs as much as a hundred pushes: smaller bites.
    bite = max(1, env.feed_chunk_readers // 20) if late else env.feed_chunk_readers
    taken = 0
    for start in range(0, len(reader_ids), bite):
        readers = " ".join(map(str, reader_ids[start : start + bite]))
        if late:
            taken += int(_ADD_LATE((), (photo_id, env.feed_max, readers)))
        else:
            taken += int(_ADD((), (photo_id, env.feed_max, env.feed_trim_slack, readers)))
    return taken


def merge(reader_id: int, photo_ids: Iterable[int], floor: int = 0) -> bool:
    """Add photos of somebody newly followed, sorted, in one script call; False when there is no list.

    `floor`: above this id `photo_ids` are all there are. A list that is being built is given up, so that its
    builder starts again and reads what has just been followed.
    """
    return bool(_MERGE((key(reader_id),), (environment.get().feed_max, floor, _packed(photo_ids))))


def begin(reader_id: int, *, take_over: bool = False) -> str | None:
    """Announce that the nodes are about to be read, *before* reading them: what is pushed from now on is kept.

    Returns the mark for `finish`; None when somebody else is at it (unless `take_over`).
    """
    mark: bytes | None = _BEGIN((key(reader_id),), (secrets.token_hex(4), PATIENCE_MS, int(take_over)))
    return None if mark is None else mark.decode()


def finish(reader_id: int, mark: str, photo_ids: Iterable[int], floor: int = 0) -> bool:
    """Make the list of what was read and what was pushed since `begin`, in one script call.

    False when the mark is gone (Valkey was emptied, somebody took over, somebody was followed meanwhile):
    something may have been missed, so begin again.
    """
    env = environment.get()
    seconds = env.feed_expire_days * _DAY_SECONDS
    return bool(_FINISH((key(reader_id),), (mark, env.feed_max, floor, seconds, _packed(photo_ids))))


def remove_commands(reader_id: int, photo_ids: Iterable[int]) -> list[valkey.Command]:
    """Take photos out that are gone for good. Only housekeeping: a page drops them anyway."""
    return [("LREM", key(reader_id), 0, id) for id in photo_ids]


def forget(reader_ids: Iterable[int]) -> None:
    """Drop whole lists; the next visits build them anew."""
    valkey.pipeline([("UNLINK", key(id)) for id in reader_ids])


def forget_all() -> int:
    """Drop every list; how many. Walks over all keys, in small steps that hold nobody up."""
    dropped, cursor = 0, b"0"
    while True:
        cursor, keys = valkey.call("SCAN", cursor, "MATCH", "feed:*", "COUNT", 1000)
        if keys:
            dropped += int(valkey.call("UNLINK", *keys))
        if cursor == b"0":
            return dropped


def _packed(ids: Iterable[int]) -> str:
    return " ".join(map(str, ids))
