"""How many likes and comments a photo has, and the copy of that in Valkey.

`cnt:{photo_id}` holds b"likes,comments" for an hour: set after each commit that changed it, refilled by who reads
it. Two commits may set it in the wrong order; the hour bounds for how long that shows. The row is the truth.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from heliograph.core import valkey
from heliograph.core.errors import Unavailable
from heliograph.engagement import store

SECONDS = 3600  # that a copy lives


@dataclass(frozen=True)
class Counts:
    likes: int = 0
    comments: int = 0


def load(reader: store.Shards, photo_ids: Iterable[int]) -> dict[int, Counts]:
    """The counts of every photo that was asked for; one round trip a node. No row is no likes."""
    wanted = set(photo_ids)
    found = {row[0]: Counts(row[1], row[2]) for row in store.counts(reader, wanted)}
    return {id: found.get(id, Counts()) for id in wanted}


def key(photo_id: int) -> str:
    return f"cnt:{photo_id}"


def remember(counts: Mapping[int, Counts]) -> None:
    """Keep a copy in Valkey. Does not raise: when Valkey is away there are no copies to be wrong."""
    try:
        valkey.pipeline(
            [("SET", key(id), f"{c.likes},{c.comments}", "EX", SECONDS) for id, c in counts.items()]
        )
    except Unavailable:
        pass
