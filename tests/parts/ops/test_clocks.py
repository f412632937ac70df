"""A clock that was put back: it is noticed, by how much, and a network does not start like that."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import timedelta

import pytest

from heliograph.core import clock, environment
from heliograph.ops import clocks, doctor
from tests.harness.people import Somebody
from tests.oracle import album


@pytest.fixture
def photo_of_later(alice: Somebody) -> Iterator[int]:
    """Of an hour from now: made before the clock was put back by one."""
    yield album.post(alice.id, at=clock.now() + timedelta(hours=1))
    environment.use(None)


def test_a_clock_that_goes_on_is_not_behind(alice: Somebody) -> None:
    album.post(alice.id)
    assert clocks.look().seconds < 1
    assert not clocks.look().refused


def test_a_clock_that_was_put_back_is_behind_the_newest_photo(photo_of_later: int) -> None:
    found = clocks.look()
    assert 3590 < found.seconds <= 3600
    assert found.refused
    assert "Put the clock right" in str(found)
    (said,) = doctor.look([doctor._order])
    assert said.level is doctor.Level.BAD
    assert "gone back" in said.told


def test_whoever_runs_it_may_say_that_the_clock_is_right_now(photo_of_later: int) -> None:
    environment.use(dataclasses.replace(environment.get(), clock_back_seconds=3660))
    assert not clocks.look().refused
