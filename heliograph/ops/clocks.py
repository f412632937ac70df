"""Whether the clock has gone back: ids are made of time, and new ones are to be greater than those that there are.

A clock that was put back harms nothing that is kept, but what is posted until it has caught up is sorted below what was
posted before. So a network does not start like that, unless whoever runs it says so; one that runs goes on, and tells.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from heliograph.core import environment, metrics
from heliograph.sharding import ids, sessions

_NEWEST = """
SELECT greatest((SELECT max(id) FROM {s}.photo), (SELECT max(id) FROM {s}.comment)), clock_timestamp()
"""


@dataclass(frozen=True)
class Behind:
    """A clock that makes ids, and the newest id that it has to come after."""

    now: datetime
    newest: datetime

    @property
    def seconds(self) -> float:
        """How far the clock is behind; 0 when it is not."""
        return max(0.0, (self.newest - self.now) / timedelta(seconds=1))

    @property
    def refused(self) -> bool:
        """Whether a network does not start like this."""
        return self.seconds > environment.get().clock_back_seconds

    def __str__(self) -> str:
        return (
            f"The clock says {self.now:%Y-%m-%d %H:%M:%S} UTC, and the newest id here was made at"
            f" {self.newest:%Y-%m-%d %H:%M:%S}: new photos would stand below old ones. Put the clock right; or if it"
            f" is right now, and was wrong before, start with HELIOGRAPH_CLOCK_BACK_SECONDS={int(self.seconds) + 60}."
        )


def look() -> Behind:
    """The clock of the directory or of a node that is furthest behind. Raises Unavailable."""
    found = [_of_directory()]
    for newest, now in sessions.reader().everywhere(_NEWEST):
        if newest is not None:
            found.append(Behind(now, ids.time_of(newest)))
    worst = max(found, key=lambda one: one.newest - one.now)
    metrics.gauge("clock_behind_seconds", worst.seconds)
    return worst


def _of_directory() -> Behind:
    from django.db.models import Max

    from heliograph.accounts.models import Person

    def body(tx: sessions.DirectoryTx) -> Behind:
        now = tx.value("SELECT clock_timestamp()")
        newest = Person.objects.aggregate(newest=Max("id"))["newest"]
        return Behind(now, ids.time_of(newest) if newest else now)

    return sessions.directory(body)
