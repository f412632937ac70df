"""What is new in the counters is entered into the history; what is wrong is left for the page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from heliograph.core import clock, history, valkey, watched
from heliograph.core.errors import Unavailable
from heliograph.ops import sampler
from heliograph.ops.sampler import Sampler
from heliograph.sharding import map


class _Machine:
    """The counters of a machine, and what of them has arrived in the history."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        labels = {"registry": self.registry}
        self.likes = Counter("heliograph_likes_total", "likes", **labels)
        self.answers = Counter("heliograph_answers_total", "answers", ("door", "status"), **labels)
        self.requests = Histogram("heliograph_request_seconds", "requests", ("door",), **labels)
        self.lag = Gauge("heliograph_queue_lag_seconds", "lag", ("database", "lane"), **labels)
        self.sampler = Sampler()

    def sample(self) -> None:
        self.sampler.sample(self.registry.collect())

    @staticmethod
    def entered() -> Any:
        clock.shift(timedelta(minutes=10))
        return next((slot for slot in reversed(history.read(history.HOUR).now) if slot), None)


@pytest.fixture
def machine(network: Any) -> _Machine:
    return _Machine()


def test_what_was_counted_before_anybody_looked_has_no_time(machine: _Machine) -> None:
    machine.likes.inc(1000)
    machine.sample()
    machine.likes.inc(3)
    machine.sample()
    assert machine.entered()["likes"] == 3


def test_counters_that_began_again_count_from_nought(machine: _Machine) -> None:
    machine.likes.inc(1000)
    machine.sample()
    machine.likes.reset()
    machine.likes.inc(2)
    machine.sample()
    assert machine.entered()["likes"] == 2


def test_nobody_waits_for_a_health_check(machine: _Machine) -> None:
    machine.sample()
    for door in ("page", "api", "health", "static"):
        machine.requests.labels(door).observe(0.02)
        machine.answers.labels(door, "5xx").inc()
    machine.lag.labels("directory", "feed").set(1)
    machine.lag.labels("node1", "feed").set(4)
    machine.sample()
    slot = machine.entered()
    assert slot["request:+Inf"] == 2 and slot.get("request:0.01", 0) == 0
    assert slot["errors"] == 4
    assert slot["lag:feed"] == 4


def test_what_could_not_be_entered_comes_with_the_next_sample(
    machine: _Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any) -> None:
        raise Unavailable(cause="gone fishing")

    machine.sample()
    machine.likes.inc(3)
    with monkeypatch.context() as patch, pytest.raises(Unavailable):
        patch.setattr(history, "add", away)
        machine.sample()
    machine.likes.inc(1)
    machine.sample()
    assert machine.entered()["likes"] == 4


def test_a_directory_that_is_away_is_told_and_not_taken_for_all_is_well(
    network: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> Any:
        raise Unavailable(cause="the directory")

    monkeypatch.setattr(map, "nodes", away)
    sampler.look()
    found = watched.read()
    assert found.at > 0 and found.failed == []
    assert "nodes" in [trouble.what for trouble in found.troubles if trouble.bad]


def test_a_look_leaves_what_is_wrong_and_what_has_failed(
    network: Any, run_jobs: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        sampler, "_failed", lambda: iter([watched.Failed("node1:7", "fan_out.v1", 5, clock.now_ms() / 1000)])
    )
    sampler.look()
    found = watched.read()
    assert "workers" in [trouble.what for trouble in found.troubles if trouble.bad]  # there is none in a test
    assert [job.name for job in found.failed] == ["node1:7"]
    assert found.at > 0
    assert valkey.call("TTL", "watched") > 0


def test_what_the_door_leaves_out_is_entered_and_told(machine: _Machine) -> None:
    labels = {"registry": machine.registry}
    level = Gauge("heliograph_load_level_lately", "level", **labels)
    Gauge("heliograph_door_wait_seconds", "wait", **labels).set(1.5)
    left_out = Counter("heliograph_left_out_total", "left out", ("what",), **labels)
    turned_away = Counter("heliograph_turned_away_total", "turned away", ("kind", "why"), **labels)
    machine.sample()
    left_out.labels("long feeds").inc(5)
    turned_away.labels("write", "late").inc(2)
    level.set(2)
    machine.sample()
    slot = machine.entered()
    assert (slot["door"], slot["load"], slot["left_out"], slot["refused"]) == (1.5, 2, 5, 2)

    sampler.look(machine.sampler.load)
    [told] = [trouble for trouble in watched.read().troubles if trouble.what == "load"]
    assert "feeds are short, likers and lost numbers are left out (level 2 of 4)" in told.told
    assert not told.bad
    sampler.look(0)
    assert "load" not in [trouble.what for trouble in watched.read().troubles]
