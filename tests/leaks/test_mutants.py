"""Taking any one visibility check out turns the matrix red."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.leaks import matrix, world
from tests.leaks.mutants import MUTANTS, Mutant

pytestmark = pytest.mark.usefixtures("network", "cage")


@pytest.mark.damages("mutants let people do what they may not")
def test_every_mutant_is_caught(run_jobs: Callable[..., Any]) -> None:
    built = world.build(run_jobs)
    noticed = {mutant.why: _noticed(built, mutant) for mutant in MUTANTS}
    print("\n".join(f"{why}: {leak}" for why, leak in noticed.items()))
    assert not [why for why, leak in noticed.items() if leak is None]


def _noticed(built: world.World, mutant: Mutant) -> str | None:
    """The first leak of the mutant; None when nobody noticed."""
    with mutant.alive():
        try:
            return next(matrix.leaks(built, first=mutant.noticed_by), None)
        except AssertionError as error:  # an answer that no longer fits its schema
            return str(error)[:200]
