"""Two rings of numbers in Valkey: bounded, added up by whoever writes, and honest about where nobody looked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from heliograph.core import clock, history, quantiles, valkey, watched
from heliograph.core.history import DAY, HOUR


def test_sums_are_added_up_and_of_levels_the_worst_is_kept(network: Any) -> None:
    for lag in (0.5, 3, 1):
        history.add({"likes": 2}, {"lag": lag})
    clock.shift(timedelta(minutes=1))
    slot = history.read(HOUR).now[-1]
    assert slot is not None
    assert (slot["likes"], slot["lag"]) == (6, 3)


def test_the_hour_before_ends_where_the_last_one_begins(network: Any) -> None:
    history.add({"likes": 1}, {})
    clock.shift(timedelta(minutes=61))
    history.add({"likes": 5}, {})
    clock.shift(timedelta(minutes=62))
    found = history.read(HOUR)
    assert len(found.now) == len(found.before) == 60
    assert [slot["likes"] for slot in found.now if slot] == [5]
    assert [slot["likes"] for slot in found.before if slot] == [1]


def test_where_nobody_looked_is_a_gap_and_not_a_nought(network: Any) -> None:
    history.add({"likes": 0}, {})
    clock.shift(timedelta(minutes=2))
    *_, seen, unseen = history.read(HOUR).now
    assert seen is not None and seen.get("likes", 0) == 0
    assert unseen is None


def test_every_slot_goes_by_itself(network: Any) -> None:
    history.add({"likes": 1}, {"lag": 0})
    keys = valkey.call("KEYS", "numbers:*")
    assert len(keys) == 2
    for key in keys:
        assert 0 < valkey.call("TTL", key) <= 2 * DAY.slots * DAY.slot_seconds + 2 * DAY.slot_seconds


@pytest.mark.parametrize(
    ("share", "buckets", "found"),
    [
        (0.5, {}, None),
        (0.5, {0.1: 0, float("inf"): 0}, None),
        (0.5, {0.1: 10, 0.2: 10, float("inf"): 10}, 0.05),
        (0.99, {0.1: 50, 0.2: 100, float("inf"): 100}, 0.198),
        (0.99, {0.1: 50, float("inf"): 100}, 0.1),
    ],
)
def test_a_quantile_is_guessed_from_buckets(share: float, buckets: Any, found: Any) -> None:
    assert quantiles.quantile(share, buckets) == (None if found is None else pytest.approx(found))


def test_what_is_wrong_is_told_once_and_forgotten_when_nobody_looks_any_more(network: Any) -> None:
    low = watched.Trouble("room for media", "12 MiB", "Make room.", bad=True)
    odd = watched.Trouble("queue", "2 jobs failed", "See them.", bad=False)
    for machine in ("east", "west"):
        watched.tell(machine, [odd, low], [watched.Failed("node1:7", "fan_out.v1", 5, 1.0)])
    found = watched.read()
    assert found.troubles == [low, odd] and [job.name for job in found.failed] == ["node1:7"]
    clock.shift(timedelta(seconds=watched.KEPT_SECONDS + 1))
    assert watched.read() == watched.Watched()
    watched.tell("north", [], [])
    assert valkey.call("HKEYS", "watched") == [b"north"]
