"""A slice of the fuzzing (`python -m tests.fuzz`), small enough for every run; its seed is that of the run."""

from __future__ import annotations

import os

import pytest

from heliograph.media import cage_client
from tests.fuzz import cases
from tests.fuzz.cases import Tally
from tests.harness.cage import Cage

CHECKED, DECODED = 1500, 60


@pytest.fixture(scope="module")
def seed() -> int:
    return int(os.environ["HELIOGRAPH_TEST_SEED"])


def test_no_photo_makes_the_checks_fail_or_hang(seed: int) -> None:
    photos, tally = cases.own(), Tally()
    for number in range(len(photos) + CHECKED):
        case = cases.case(photos, seed, number)
        tally.add(case, cases.check(case))
    assert tally.findings == [], "make it again: python -m tests.fuzz again SEED NUMBER"
    assert len(tally.outcomes) > 5  # it is not one refusal for all


def test_no_photo_breaks_the_cage(seed: int, cage: Cage) -> None:
    """The decoders of JPEG, PNG and WebP: the cage of the tests takes no others."""
    photos, tally = cases.own(modern=False), Tally()
    alarms = cage_client.hello()["alarms"]
    number = len(photos)
    while sum(tally.outcomes.values()) < DECODED:
        case = cases.case(photos, seed, number)
        number += 1
        if cases.check(case).outcome == "taken":  # the others meet the same checks again
            tally.add(case, cases.ask(case, 15))
    assert tally.findings == []
    assert cage_client.hello()["alarms"] == alarms
