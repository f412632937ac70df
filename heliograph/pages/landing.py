"""What somebody sees who has no account: a few of the newest photos of public people.

    ids, kept in Valkey for a minute ──▶ cards that a stranger may see ──▶ two of each person first

Which photos are new may be a minute old; whether they may be seen is asked on every look, like for every card. So
many shards are asked, and no more, however many there are.
"""

from __future__ import annotations

import random
from collections import Counter

import orjson

from heliograph.core import environment, valkey
from heliograph.core.errors import Unavailable
from heliograph.media import photos
from heliograph.pages import cards
from heliograph.pages.cards import PhotoCard
from heliograph.sharding import map, sessions

_KEY = "landing"
_KEEP_SECONDS = 60
_SHARDS = 32  # asked at most; others the next time
_OF_EACH = 2  # photos of one person, before the others of theirs
_SPARE = 3  # times as many ids are kept as photos are shown: some are private


def newest() -> list[PhotoCard]:
    """Photos for everybody, newest first; none when this is switched off or the memory is away."""
    count = environment.get().landing_photos
    if count <= 0:
        return []
    try:
        ids = _ids(count * _SPARE)
        shown = cards.photos(None, ids) if ids else []
    except Unavailable:
        return []
    return _varied(shown, count)


def _varied(shown: list[PhotoCard], count: int) -> list[PhotoCard]:
    """At most two of each person first, then the others: few people may post much."""
    of = Counter[int]()
    first: list[PhotoCard] = []
    then: list[PhotoCard] = []
    for card in shown:
        of[card.owner.id] += 1
        (first if of[card.owner.id] <= _OF_EACH else then).append(card)
    return [*first, *then][:count]


def _ids(count: int) -> list[int]:
    kept: bytes | None = valkey.call("GET", _KEY)
    if kept is not None:
        ids: list[int] = orjson.loads(kept)
        return ids
    shards = list(map.shards())
    sample = random.sample(shards, min(_SHARDS, len(shards)))
    ids = [id for id, _ in photos.newest_of_all(sessions.reader(), sample, count=count)][:count]
    valkey.call("SET", _KEY, orjson.dumps(ids), "EX", _KEEP_SECONDS)
    return ids
