"""Calls are counted by the hour, a handful at a time; who used them up is told to wait."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from heliograph.api import allowance
from heliograph.api.allowance import Allowance
from heliograph.core import environment, limits
from heliograph.core.errors import Limited
from heliograph.core.limits import Remaining
from tests.parts.api.conftest import Window
from tests.parts.api.fake import REVOKED_TOKEN, ask, new_door


def pass_by(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """So much time, for what is measured."""
    later = time.monotonic() + seconds
    monkeypatch.setattr(time, "monotonic", lambda: later)


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


def test_what_is_left_is_asked_for_again_after_a_minute(
    window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = Allowance("test")
    calls.spend("erin", 5000)
    pass_by(monkeypatch, allowance.LEASE_SECONDS + 1)
    calls.spend("erin", 5000)
    assert window.asked == 2


def test_a_call_now_and_then_at_many_processes_uses_up_no_more_than_itself(
    window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    processes = [Allowance("test") for _ in range(2)]
    for _ in range(110):
        left = min(calls.spend("erin", 5000).left for calls in processes)
        pass_by(monkeypatch, allowance.LEASE_SECONDS + 1)
    assert left == 5000 - 220 - 49  # the other process has 49 in hand


def test_processes_that_end_lose_a_handful_however_much_is_allowed(window: Window) -> None:
    left = [Allowance("test").spend("erin", 1_000_000).left for _ in range(120)][-1]
    assert left >= 1_000_000 - 120 * 50


def test_what_is_in_hand_is_used_before_anybody_is_told_to_wait(
    window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls, other = Allowance("test"), Allowance("test")
    calls.spend("erin", 200)
    for _ in range(198):
        other.spend("erin", 200)
    pass_by(monkeypatch, allowance.LEASE_SECONDS + 1)
    assert calls.spend("erin", 200).left == 0
    with pytest.raises(Limited):
        calls.spend("erin", 200)


@pytest.mark.parametrize("asks_first", [True, False])
def test_threads_that_take_at_once_lose_nothing(
    window: Window, monkeypatch: pytest.MonkeyPatch, asks_first: bool
) -> None:
    """The one that comes back last has asked first, or last."""
    calls = Allowance("test")
    answer, costs, first = limits.spend, list[int](), [True]

    def meanwhile(*args: Any, cost: int = 1, **more: Any) -> Remaining:
        costs.append(cost)
        answered = answer(*args, cost=cost, **more) if asks_first else None
        if first:
            first.clear()
            calls.spend("erin", 5000)
        return answered or answer(*args, cost=cost, **more)

    monkeypatch.setattr(limits, "spend", meanwhile)
    assert calls.spend("erin", 5000).left == 4998
    pass_by(monkeypatch, allowance.LEASE_SECONDS + 1)
    assert [calls.spend("erin", 5000).left for _ in range(98)] == list(range(4997, 4899, -1))
    assert costs == [50, 50, 0], "two hands are more than one: nothing is given back"


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


def test_all_addresses_of_one_customer_are_one(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(limits, "spend", lambda name, who, **more: asked.append(who) or Remaining(5000, 4950))
    for address in ("2001:db8::1", "2001:db8::ffff:2", "2001:db8:0:1::1", "203.0.113.9"):
        ask("GET", "/media/12", door=new_door(), token=REVOKED_TOKEN, REMOTE_ADDR=address)
    assert asked == ["2001:db8::/64", "2001:db8::/64", "2001:db8:0:1::/64", "203.0.113.9"]


def test_nobody_is_remembered_by_their_token(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(
        limits, "spend", lambda name, who, **more: asked.append(f"{name} {who}") or Remaining(5000, 4950)
    )
    ask("GET", f"/users/self/feed?nonce={uuid4()}")
    assert len(asked) == 1
    assert "." not in asked[0]
