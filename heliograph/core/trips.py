"""How many round trips a piece of work makes, by kind: for tests, the bench, and curiosity.

    with trips.counted() as made: …
    made["node"], made["valkey"], made["directory"]

Costs an attribute look-up where nobody counts.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

_local = threading.local()


def add(kind: str, number: int = 1) -> None:
    """Somebody made a round trip of this kind."""
    made: Counter[str] | None = getattr(_local, "made", None)
    if made is not None:
        made[kind] += number


@contextmanager
def counted() -> Iterator[Counter[str]]:
    """Count the round trips of this thread inside the block."""
    before: Counter[str] | None = getattr(_local, "made", None)
    made = _local.made = Counter[str]()
    try:
        yield made
    finally:
        _local.made = before
        if before is not None:
            before.update(made)
