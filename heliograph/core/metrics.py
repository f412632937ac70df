"""Count and time anything, anywhere, in one line. Names appear by themselves.

    metrics.count("likes_total")
    with metrics.time("fan_out_seconds", lane="feed"): …

Every name gets the prefix `heliograph_`. Labels are few and bounded: a lane, a route, a kind; never an id.
When HELIOGRAPH_METRICS_DIR is set, each process keeps its numbers in a file of its own there (made after
the fork) and the listener adds them up.

Source: "What Powers Instagram", 2011: statsd, counters and timers added wherever one is curious.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from time import perf_counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from prometheus_client.metrics import MetricWrapperBase

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0)
_FILES = (
    "counter",
    "histogram",
    "gauge_livemostrecent",
    "gauge_livesum",
    "gauge_livemax",
)  # as prometheus_client calls them
_MODES = {"Gauge": "livemostrecent", "Share": "livesum", "Worst": "livemax"}
_ROOM = 1024 * 1024  # bytes for one of them; more than the numbers of every route take

_known: dict[tuple[str, tuple[tuple[str, str], ...]], Any] = {}
_lock = threading.Lock()


def count(name: str, amount: float = 1, **labels: str) -> None:
    """Add to a counter; its name ends in `_total`."""
    _child("Counter", name, labels).inc(amount)


def gauge(name: str, value: float, **labels: str) -> None:
    """Set what a thing measures now; of several processes the last word counts."""
    _child("Gauge", name, labels).set(value)


def share(name: str, value: float, **labels: str) -> None:
    """The same, of a thing of which each process has its part: the listener adds them up."""
    _child("Share", name, labels).set(value)


def worst(name: str, value: float, **labels: str) -> None:
    """The same, of a thing that each process measures for itself: the listener tells the largest."""
    _child("Worst", name, labels).set(value)


def observe(name: str, seconds: float, **labels: str) -> None:
    """Add one duration; the name ends in `_seconds`."""
    _child("Histogram", name, labels).observe(seconds)


@contextmanager
def time(name: str, **labels: str) -> Iterator[None]:
    """Time a block, also one that raises."""
    started = perf_counter()
    try:
        yield
    finally:
        observe(name, perf_counter() - started, **labels)


def _child(kind: str, name: str, labels: dict[str, str]) -> Any:
    key = (name, tuple(labels.items()))
    child = _known.get(key)
    if child is None:
        with _lock:
            metric = _metric(kind, name, tuple(labels))
            child = _known[key] = metric.labels(**labels) if labels else metric
    return child


_metrics: dict[str, MetricWrapperBase] = {}


def _metric(kind: str, name: str, labels: tuple[str, ...]) -> Any:
    metric = _metrics.get(name)
    if metric is None:
        client = _client()
        options: dict[str, Any] = {}
        if kind == "Histogram":
            options["buckets"] = _BUCKETS
        if kind in _MODES:
            options["multiprocess_mode"] = _MODES[kind]
            kind = "Gauge"
        made = getattr(client, kind)(f"heliograph_{name}", name.replace("_", " "), labels, **options)
        metric = _metrics[name] = made
    return metric


def _client() -> Any:
    # prometheus_client decides at its import whether numbers live in files, by this variable.
    from heliograph.core import environment

    directory = environment.get().metrics_dir
    if directory and _reserve(directory):
        os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", directory)
    import prometheus_client

    return prometheus_client


@cache
def _reserve(directory: str) -> bool:
    """Room on the disk for this process's files; False where there is none: its numbers are then its own.

    prometheus_client writes into files with holes, by memory. When the disk is full, such a write ends the process
    (SIGBUS): for the sake of a number the whole site would be gone.
    """
    try:
        for kind in _FILES:
            file = os.open(
                f"{directory}/{kind}_{os.getpid()}.db", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
            )
            try:
                os.posix_fallocate(file, 0, _ROOM)
            finally:
                os.close(file)
    except OSError as error:
        logging.getLogger(__name__).warning("numbers of this process are not collected: %s", error)
        return False
    return True
