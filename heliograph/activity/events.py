"""What happened to somebody, newest first, from their own shard: one statement, one index range a kind.

An event is a row of another part, so there is nothing here to switch off: a like taken back, a comment deleted or a
follow that ended is no longer in its index. Whether the viewer may still see who did it, and on which photo, is asked
where a page is made (pages/activity.py).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal, TypeAlias

from heliograph.activity import store
from heliograph.sharding.ids import LARGEST

Kind: TypeAlias = Literal["like", "comment", "mention", "follow", "approval"]

KINDS: Final[tuple[Kind, ...]] = ("like", "comment", "mention", "follow", "approval")
_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Place:
    """Where an event stands: newest first, then by kind, then by its two keys. The next page begins after one."""

    at: datetime
    kind: Kind
    x: int
    y: int


#: Likes that are looked through for those of other photos: about 10 ms (python -m bench.activity).
REACH: Final = 20_000
FIRST: Final = Place(datetime(9999, 1, 1, tzinfo=UTC), KINDS[0], LARGEST, LARGEST)


@dataclass(frozen=True)
class Event:
    """`photo_id` and `comment_id` are 0 where there is none. A mention without a comment stands in a caption."""

    kind: Kind
    at: datetime
    actor_id: int
    photo_id: int
    comment_id: int
    place: Place


def newest(
    reader: store.Shards,
    person_id: int,
    after: Place = FIRST,
    count: int = 50,
    *,
    without: Collection[int] = (),
) -> list[Event]:
    """Events after a place, newest first. `without`: photos whose likes are not told. One round trip.

    Behind the newest REACH likes of such photos no like is found: what a crowd hides must not cost what a crowd costs.
    """
    values: dict[str, Any] = {"person": person_id, "count": count, "at": after.at, "without": list(without)}
    values["reach"] = REACH if values["without"] else count
    rank = KINDS.index(after.kind)
    for number, kind in enumerate(KINDS):
        # Of the same moment, kinds before the place's have been told, kinds behind it have not.
        x, y = (0, 0) if number < rank else (LARGEST, LARGEST) if number > rank else (after.x, after.y)
        values |= {f"{kind}_x": x, f"{kind}_y": y}
    rows = store.events(reader.at(person_id), values)
    return [_event(*row) for row in rows]


def _event(rank: int, at: datetime, x: int, y: int, actor_id: int, photo_id: int, comment_id: int) -> Event:
    kind = KINDS[rank]
    return Event(kind, at, actor_id, photo_id, comment_id, Place(at, kind, x, y))


def forget(tx: store.Shard, person_id: int) -> None:
    """Forget how much somebody has seen."""
    store.forget_seen(tx, person_id)


def seen_until(reader: store.Shards, person_id: int) -> datetime:
    """Until when somebody has looked; 1970 for whoever never did."""
    return store.seen(reader.at(person_id), person_id) or _NEVER


def see(tx: store.Shard, person_id: int, until: datetime) -> bool:
    """Somebody has looked at everything until then; whether that is news."""
    return store.see(tx, person_id, until)
