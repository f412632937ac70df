"""Things to do every so often. One-line registration; the worker does them.

    @periodic(3600)
    def sweep_uploads() -> None: …

Each runs in one thread of the worker, one after the other; may run twice at the same time when there are
several workers; may run at any moment after a start. Not a cron: what must happen for one row is a job with
`run_at`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

F = TypeVar("F", bound=Callable[[], object])


@dataclass(frozen=True)
class Periodic:
    """A function, and how many seconds lie between two calls."""

    name: str
    seconds: float
    run: Callable[[], object]


PERIODIC: dict[str, Periodic] = {}


def periodic(seconds: float) -> Callable[[F], F]:
    """Have a function called every so many seconds."""

    def register(function: F) -> F:
        name = f"{function.__module__}.{function.__qualname__}"
        PERIODIC[name] = Periodic(name, seconds, function)
        return function

    return register
