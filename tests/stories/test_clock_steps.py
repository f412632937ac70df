"""The clock jumps by an hour, forward or back: what people see (docs/decisions says what is meant to hold)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from heliograph.core import clock, limits, valkey
from heliograph.core.errors import Limited
from heliograph.flows import edit_profile, sign_in
from heliograph.pages import cards, home
from tests.harness.client import TestClient
from tests.harness.people import Somebody
from tests.oracle import album
from tests.stories.test_web_pictures import address, photo

RunJobs = Callable[..., Any]
HOUR = timedelta(hours=1)
BOTH = pytest.mark.parametrize("step", [HOUR, -HOUR], ids=["forward", "back"])

assert photo  # the fixture


@BOTH
def test_who_is_signed_in_stays_so(step: timedelta, alice: Somebody) -> None:
    app = TestClient(viewer_id=alice.id, token=sign_in.issue_token(alice.id))
    assert app.get("/v1/users/self").status_code == 200
    clock.shift(step)
    assert app.get("/v1/users/self").status_code == 200
    valkey.call("FLUSHALL")
    assert app.get("/v1/users/self").status_code == 200


@BOTH
def test_nobody_is_kept_out_for_longer_than_the_limit_says(step: timedelta, network: Any) -> None:
    for _ in range(3):
        limits.spend("test", "alice", allowed=3, seconds=60)
    with pytest.raises(Limited):
        limits.spend("test", "alice", allowed=3, seconds=60)
    clock.shift(step)
    limits.spend("test", "alice", allowed=3, seconds=60)


def test_a_private_picture_in_an_open_page_is_asked_for_anew_when_the_clock_went_forward(
    photo: int, alice: Somebody, client: TestClient, run_jobs: RunJobs
) -> None:
    edit_profile.edit(alice.id, private=True)
    run_jobs()
    url = address(photo, alice)
    clock.shift(HOUR)
    assert client.get(url).status_code == 403
    assert client.get(address(photo, alice)).status_code == 200


@BOTH
def test_going_private_ends_addresses_within_seconds_whatever_the_clock_does(
    step: timedelta, photo: int, alice: Somebody, client: TestClient
) -> None:
    url = address(photo)
    assert client.get(url).status_code == 200
    [key] = valkey.call("KEYS", "served:*")
    valkey.call("PERSIST", key)  # it lives for an hour too long where Valkey's clock was put back
    edit_profile.edit(alice.id, private=True)
    clock.shift(step)
    assert client.get(url).status_code == 404


def test_what_is_posted_after_the_clock_went_back_is_there_below_what_was_posted_before(
    alice: Somebody, bob: Somebody, run_jobs: RunJobs
) -> None:
    before = album.post(alice.id, at=clock.now() + HOUR)
    run_jobs()
    after = album.post(alice.id)
    run_jobs()
    assert [card.id for card in home.page(bob.id).items] == [before, after]
    assert [card.id for card in home.page(bob.id, min_id=str(before)).items] == []
    assert cards.photos(bob.id, [before])[0].id == before
