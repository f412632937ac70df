"""What `heliograph metrics` does besides serving: enters the numbers into their history, and looks whether all is well.

Here, and not in the worker: whoever watches must not be gone with what is watched.

Every SAMPLE_SECONDS the counters of all processes of this machine are added up, and what is more than the last time
goes into the rings of core/history.py. Every LOOK_SECONDS the quick checks of `heliograph doctor` are made, and what is
wrong is left for the page (core/watched.py). A node that hangs delays the next look, never /metrics.
"""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from heliograph.core import history, watched
from heliograph.core.errors import Unavailable
from heliograph.core.watched import Failed, Trouble

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

log = logging.getLogger(__name__)

SAMPLE_SECONDS = 30
LOOK_SECONDS = 60
_NEWEST = 5  # failed jobs of each database

#: What is kept of the counters, by the name it has in the history.
_COUNTERS = {
    "heliograph_sign_ups_total": "sign_ups",
    "heliograph_photos_total": "photos",
    "heliograph_likes_total": "likes",
    "heliograph_follows_total": "follows",
    "heliograph_comments_total": "comments",
    "heliograph_card_reads_total": "card_reads",
    "heliograph_limited_total": "refused",
    "heliograph_node_refused_total": "refused",
    "heliograph_uploads_refused_total": "refused",
    "heliograph_bodies_refused_total": "refused",
    "heliograph_turned_away_total": "refused",
    "heliograph_left_out_total": "left_out",
}
_HISTOGRAMS = {
    "heliograph_request_seconds_bucket": "request",
    "heliograph_feed_seconds_bucket": "feed",
}
#: What the front door says of the last half minute (gate/desk.py).
_DOOR = {"heliograph_door_wait_seconds": "door", "heliograph_load_level_lately": "load"}
_UNSEEN = ("static", "health")  # doors whose requests nobody waits for


class Sampler:
    """The counters of one machine as they were last time, so that only what is new is entered."""

    def __init__(self) -> None:
        self._last: dict[str, float] | None = None
        self.load = 0  # the level of what is left out, lately (core/load.py)

    def sample(self, families: Iterable[Metric]) -> None:
        """Enter what has happened since the last sample. Raises Unavailable: then the next one brings it, too."""
        families = list(families)
        totals, levels = _totals(families), _levels(families)
        self.load = int(levels.get("load", 0))
        last = self._last
        if last is None:  # what was counted before anybody looked has no time
            new = dict.fromkeys(totals, 0.0)
        else:
            # Less than before: the files were removed, and counting began again.
            new = {
                name: value - last.get(name, 0) if value >= last.get(name, 0) else value
                for name, value in totals.items()
            }
        history.add(new, levels)
        self._last = totals


def _totals(families: Iterable[Metric]) -> dict[str, float]:
    found: dict[str, float] = {}
    for name, labels, value in _samples(families):
        key = _COUNTERS.get(name)
        if name in _HISTOGRAMS and labels.get("door") not in _UNSEEN:
            key = f"{_HISTOGRAMS[name]}:{labels['le']}"
        elif name == "heliograph_answers_total" and labels.get("status") == "5xx":
            key = "errors"
        elif name == "heliograph_card_misses_total" and labels.get("kind") == "photo":
            key = "card_misses"
        if key is not None:
            found[key] = found.get(key, 0) + value
    return found


def _levels(families: Iterable[Metric]) -> dict[str, float]:
    lags: dict[str, float] = {}
    busy: dict[str, float] = {}
    most: dict[str, float] = {}
    door: dict[str, float] = {}
    for name, labels, value in _samples(families):
        if name == "heliograph_queue_lag_seconds":
            lane = f"lag:{labels['lane']}"
            lags[lane] = max(lags.get(lane, 0), value)
        elif name == "heliograph_pool_connections_busy":
            busy[labels["node"]] = value
        elif name == "heliograph_pool_connections_most":
            most[labels["node"]] = value
        elif name in _DOOR:
            door[_DOOR[name]] = max(door.get(_DOOR[name], 0), value)
    fullest = max((busy[node] / most[node] for node in busy if most.get(node)), default=0.0)
    return {**lags, **door, "pool": fullest}


def _samples(families: Iterable[Metric]) -> Iterator[tuple[str, Mapping[str, str], float]]:
    for family in families:
        for sample in family.samples:
            yield sample.name, sample.labels, sample.value


def watch(folder: Path, stop: threading.Event) -> None:
    """Sample and look until told to stop; what goes wrong is logged, and tried again."""
    from heliograph.ops.metrics_listener import families
    from heliograph.ops.ready import ready

    ready()
    sampler, looked = Sampler(), 0.0
    while True:
        try:
            sampler.sample(families(folder))
            if time.monotonic() - looked >= LOOK_SECONDS or not looked:
                looked = time.monotonic()
                look(sampler.load)
        except Unavailable as error:
            log.warning("the numbers are not entered: %s", error)
        except Exception:
            log.exception("the numbers are not entered")
        if stop.wait(SAMPLE_SECONDS):
            return


def look(load: int = 0) -> None:
    """Leave what is wrong on this machine, and what jobs have failed, for the page. `load`: what is left out."""
    from heliograph.ops import doctor

    found = [finding for finding in doctor.look(doctor.QUICK) if finding.level is not doctor.Level.GOOD]
    troubles = [Trouble(it.what, it.told, it.advice, it.level is doctor.Level.BAD) for it in found]
    if load:
        troubles.append(_crowded(load))
    try:
        failed = list(_failed())
    except (
        Exception
    ) as error:  # whoever does not answer stands among the troubles, which are told all the same
        log.warning("which jobs have failed is not known: %s", str(error).split("\n")[0])
        failed = []
    watched.tell(socket.gethostname(), troubles, failed)


def _crowded(load: int) -> Trouble:
    left_out = (
        "feeds are short",
        "likers and lost numbers are left out",
        "guests get copies",
        "writes are put off",
    )
    told = f"requests wait, so {', '.join(left_out[:load])} (level {load} of {len(left_out)})"
    advice = "It ends by itself when fewer come. If it does not: docs/howto/watch-it.md, about load"
    return Trouble("load", told, advice, load >= len(left_out))


def _failed() -> Iterator[Failed]:
    from heliograph.ops import doctor

    for name, job in doctor.failed_jobs(_NEWEST):
        at = job.last_event_at.timestamp() if job.last_event_at else 0.0
        yield Failed(f"{name}:{job.id}", job.task, job.attempts, at)
