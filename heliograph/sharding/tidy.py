"""What every shard forgets by itself: answers to requests that may come twice, after a day."""

from __future__ import annotations

from heliograph.core import clock, metrics
from heliograph.core.errors import Unavailable
from heliograph.sharding import idempotency, ids, map, sessions
from heliograph.sharding.periodic import periodic

_HOUR = 3600  # seconds


@periodic(_HOUR)
def forget_answers() -> None:
    """Of every shard; one that is away has its turn in an hour."""
    for shard in map.shards():
        try:
            gone = sessions.write(ids.make(clock.now_ms(), shard, 0), idempotency.sweep, repeatable=True)
        except Unavailable:
            continue
        metrics.count("answers_forgotten_total", gone)
