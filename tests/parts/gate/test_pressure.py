"""How waits become a level: up while everybody waits, down when it is calm, and not to and fro."""

from __future__ import annotations

from heliograph.core.load import Level
from heliograph.gate.pressure import LOOK_SECONDS, Pressure


class Clock:
    """A pressure, looked at twice a second."""

    def __init__(self) -> None:
        self.pressure = Pressure()
        self.now = 1000.0

    def wait(self, seconds: float, *, looks: int = 1) -> Level:
        for _ in range(looks):
            self.now += LOOK_SECONDS
            self.pressure.look(seconds, self.now)
        return self.pressure.level

    def until_all(self) -> float:
        """Seconds of calm until nothing is left out any more."""
        began = self.now
        while self.wait(0.0) != Level.ALL:
            assert self.now < began + 600
        return self.now - began


def test_who_serves_at_once_leaves_nothing_out() -> None:
    assert Clock().wait(0.049, looks=100) == Level.ALL


def test_it_goes_up_one_step_at_a_time_and_only_as_far_as_it_must() -> None:
    clock = Clock()
    assert [clock.wait(5.0) for _ in range(5)] == [
        Level.SHORT,
        Level.PLAIN,
        Level.KEPT,
        Level.PUT_OFF,
        Level.PUT_OFF,
    ]
    assert Clock().wait(0.1, looks=50) == Level.SHORT
    assert Clock().wait(0.2, looks=50) == Level.PLAIN


def test_between_enough_and_too_much_it_stays_where_it_is() -> None:
    clock = Clock()
    clock.wait(0.2, looks=10)
    assert clock.wait(0.06, looks=100) == Level.PLAIN


def test_it_recovers_by_itself_within_a_minute() -> None:
    clock = Clock()
    clock.wait(5.0, looks=10)
    assert 10 < clock.until_all() < 60


def test_a_level_that_is_enough_is_not_given_up_every_few_seconds() -> None:
    """As long as feeds are short nobody waits; as soon as they are long, everybody does."""
    clock = Clock()
    changes = 0
    for _ in range(240):
        before = clock.pressure.level
        changes += clock.wait(0.0 if before else 0.06) != before
    assert changes <= 22, "two minutes, up and down every dozen seconds"


def test_recovery_also_ends_after_going_to_and_fro() -> None:
    clock = Clock()
    for _ in range(400):
        clock.wait(0.0 if clock.pressure.level >= Level.KEPT else 5.0)
    clock.wait(5.0, looks=10)
    assert clock.until_all() < 60
