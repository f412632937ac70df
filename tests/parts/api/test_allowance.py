"""Calls are counted by the hour, a hundredth at a time; who used them up is told to wait."""

from __future__ import annotations

import time
from dataclasses import replace
from uuid import uuid4

import pytest

from heliograph.api import allowance
from heliograph.api.allowance import Allowance
from heliograph.core import environment, limits
from heliograph.core.errors import Limited
from heliograph.core.limits import Remaining
from tests.parts.api.conftest import Window
from tests.parts.api.fake import REVOKED_TOKEN, ask, new_door


def test_the_window_is_asked_once_in_fifty_calls(window: Window) -> None:
    calls = Allowance("test")
    left = [calls.spend("erin", 5000).left for _ in range(120)]
    assert window.asked == 3
    assert left == list(range(4999, 4879, -1))


def test_all_of_it_can_be_used_and_no_more(window: Window) -> None:
    calls = Allowance("test")
    for _ in range(230):
        calls.spend("erin", 230)
    with pytest.raises(Limited):
        calls.spend("erin", 230)


def test_what_was_taken_is_given_up_after_a_while(window: Window, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = Allowance("test")
    calls.spend("erin", 5000)
    later = time.monotonic() + allowance.LEASE_SECONDS + 1
    monkeypatch.setattr(time, "monotonic", lambda: later)
    calls.spend("erin", 5000)
    assert window.asked == 2


def test_every_answer_says_what_is_left() -> None:
    door = new_door()
    first, second = ask("GET", "/media/12", door=door), ask("GET", "/media/x", door=door)
    assert first.headers["X-Ratelimit-Limit"] == second.headers["X-Ratelimit-Limit"] == "5000"
    assert first.headers["X-Ratelimit-Remaining"] == "4999"
    assert second.headers["X-Ratelimit-Remaining"] == "4998"


def test_whoever_used_it_up_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    env = replace(environment.get(), api_per_hour=2)
    monkeypatch.setattr(environment, "get", lambda: env)
    door = new_door()
    assert [ask("GET", "/media/12", door=door).status for _ in range(3)] == [200, 200, 429]
    answer = ask("GET", "/media/12", door=door)
    assert answer.meta["error_type"] == "OAuthRateLimitException"
    assert answer.headers["Retry-After"] == "9"
    assert answer.headers["X-Ratelimit-Remaining"] == "0"


def test_guessing_tokens_is_counted_by_address(monkeypatch: pytest.MonkeyPatch) -> None:
    env = replace(environment.get(), api_per_hour=2)
    monkeypatch.setattr(environment, "get", lambda: env)
    door = new_door()
    told = [ask("GET", "/media/12", door=door, token=REVOKED_TOKEN).status for _ in range(3)]
    assert told == [400, 400, 429]


def test_nobody_is_remembered_by_their_token(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(
        limits, "spend", lambda name, who, **more: asked.append(f"{name} {who}") or Remaining(5000, 4950)
    )
    ask("GET", f"/users/self/feed?nonce={uuid4()}")
    assert len(asked) == 1
    assert "." not in asked[0]
