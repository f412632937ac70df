"""The table of budgets: its steps exist, and a budget is kept or missed in the right direction."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from bench import table
from bench.rows import Row


@pytest.mark.parametrize("step", table.STEPS.values(), ids=list(table.STEPS))
def test_every_step_of_the_table_is_there(step: table.Step) -> None:
    assert find_spec(step.module) is not None


@pytest.mark.parametrize(
    ("value", "limit", "more", "verdict"),
    [
        (5.0, 5.0, False, "kept"),
        (5.1, 5.0, False, "MISSED"),
        (5.1, 5.0, True, "kept"),
        (4.9, 5.0, True, "MISSED"),
        (4.9, None, False, ""),
    ],
)
def test_a_budget_is_kept_or_missed(value: float, limit: float | None, more: bool, verdict: str) -> None:
    assert Row("work", "measured", value, limit, more=more).verdict == verdict
