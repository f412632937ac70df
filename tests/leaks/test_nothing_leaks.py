"""Nothing leaks: the whole matrix is clean."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.leaks import matrix, world

pytestmark = pytest.mark.usefixtures("network", "cage")


def test_nobody_gets_what_is_not_for_them(run_jobs: Callable[..., Any]) -> None:
    built = world.build(run_jobs)
    _clean(matrix.leaks(built))
    # The same from memory, which now holds everything that anybody may see.
    _clean(matrix.leaks(built, forget=False))


def _clean(found: Iterator[str]) -> None:
    leaks = list(found)
    assert not leaks, "\n".join([f"{len(leaks)} leaks", *leaks[:60]])
