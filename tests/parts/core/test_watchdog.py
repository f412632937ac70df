"""What is stuck is written down while it is stuck: once, with its stack, without secrets."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.urls import path

from heliograph.config import urls
from heliograph.core import environment, watchdog
from heliograph.sharding import lanes
from heliograph.sharding.queue import Task
from tests.harness.client import TestClient

_PATIENCE_SECONDS = 10  # until a test that should have ended fails


class _Log(logging.Handler):
    """What the watchdog wrote, and a way to wait for it."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self.wrote = threading.Event()

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())
        self.wrote.set()


@pytest.fixture
def log() -> Iterator[_Log]:
    log = _Log()
    logger = logging.getLogger("heliograph.core.watchdog")
    logger.addHandler(log)
    yield log
    logger.removeHandler(log)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """These knobs, for the thread that runs already, too."""
    before = environment.get()

    def use(**knobs: int) -> None:
        environment.use(replace(before, **knobs))

    use(slow_request_ms=30, slow_job_ms=30)
    yield use
    environment.use(before)


def _stuck(log: _Log) -> bool:
    return log.wrote.wait(_PATIENCE_SECONDS)


@pytest.fixture
def look(monkeypatch: pytest.MonkeyPatch) -> Callable[[list[float]], None]:
    """A look by hand; the watchdog's own thread looks away."""
    look = watchdog._look
    monkeypatch.setattr(watchdog, "_look", lambda told: None)
    return look


@pytest.fixture
def slow_page(log: _Log) -> Iterator[str]:
    """A page that is done only when somebody has written that it is not."""

    def lingers(request: HttpRequest, secret: str) -> HttpResponse:
        return HttpResponse(str(_stuck(log)))

    pattern = path("tests/linger/<str:secret>", lingers)
    urls.urlpatterns.insert(0, pattern)
    yield "/tests/linger/sesame?access_token=open"
    urls.urlpatterns.remove(pattern)


def test_a_request_that_is_stuck_leaves_its_stack_once_and_no_secret(
    slow_page: str, log: _Log, impatient: Any
) -> None:
    assert TestClient().get(slow_page).content == b"True"
    (said,) = log.said
    assert "GET /tests/linger/<str:secret> has been at it for" in said
    assert "in lingers" in said and "in _stuck" in said
    assert "sesame" not in said and "open" not in said.replace("_stuck", "")


def test_a_job_that_is_stuck_is_named(log: _Log, impatient: Any) -> None:
    task = Task("linger.v1", "slow", lambda: _stuck(log), 0, 30)
    lanes.run(task, {})
    assert len(log.said) == 1 and "job linger.v1 has been at it for" in log.said[0]


def test_only_some_stacks_are_written_in_a_minute(log: _Log, impatient: Any, look: Any) -> None:
    told: list[float] = []
    for _ in range(watchdog.MOST + 5):
        before = watchdog.begin("job", lambda: "one of many")
        work = watchdog._under_way[threading.get_ident()]
        work.since = (work.since or 0) - 60
        look(told)
        watchdog.end(before)
    assert len(log.said) == watchdog.MOST


def test_who_waits_for_a_slow_line_is_not_stuck(look: Any) -> None:
    before = watchdog.begin("request", lambda: "a photo on its way")
    work = watchdog._under_way[threading.get_ident()]
    with watchdog.waiting():
        assert work.since is None
    assert work.since is not None
    watchdog.end(before)


def test_a_knob_of_0_lets_everything_take_its_time(
    log: _Log, impatient: Callable[..., None], look: Any
) -> None:
    impatient(slow_request_ms=0, slow_job_ms=0)
    before = watchdog.begin("request", lambda: "takes its time")
    work = watchdog._under_way[threading.get_ident()]
    work.since = (work.since or 0) - 3600
    look([])
    watchdog.end(before)
    assert log.said == []
