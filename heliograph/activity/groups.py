"""Events that are one sentence: what was done to one photo within a day. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from heliograph.activity.events import Event, Kind

TOGETHER: Final = timedelta(hours=24)
#: So many likes of one photo fill pages: they are one sentence, whatever the day, with the photo's own number.
CROWD: Final = 40
_JOINED: Final[tuple[Kind, ...]] = ("like", "comment")


@dataclass
class Group:
    """Events of one kind on one photo, newest first. `new`: the person has not seen them. `crowd`: there are more."""

    events: list[Event]
    new: bool
    crowd: bool = False

    @property
    def kind(self) -> Kind:
        return self.events[0].kind

    @property
    def at(self) -> datetime:
        return self.events[0].at

    @property
    def photo_id(self) -> int:
        return self.events[0].photo_id


def crowded(found: Iterable[Event]) -> list[int]:
    """Photos with a crowd of likes among these events."""
    likes = Counter(event.photo_id for event in found if event.kind == "like")
    return [photo_id for photo_id, number in likes.items() if number >= CROWD]


def of(found: Sequence[Event], seen_until: datetime) -> list[Group]:
    """The events in groups, in the order of the newest of each."""
    groups: list[Group] = []
    latest: dict[tuple[Kind, int, bool], Group] = {}
    crowds = set(crowded(found))
    for event in found:
        crowd = event.kind == "like" and event.photo_id in crowds
        new = event.at > seen_until
        key = (event.kind, event.photo_id, new and not crowd)
        group = latest.get(key)
        joins = group is not None and (crowd or group.at - event.at <= TOGETHER)
        if group is None or event.kind not in _JOINED or not joins:
            group = latest[key] = Group([], new, crowd)
            groups.append(group)
        group.events.append(event)
    return groups
