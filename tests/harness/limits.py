"""Connections keep the time limits of when they were made: a test with limits of its own leaves neither behind.

One that did had later tests put out of their transactions after a fifth of a second, now and then.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from heliograph.core import environment
from heliograph.core.environment import Environment
from tests.harness.servers import close_ours


@contextmanager
def as_usual() -> Iterator[None]:
    """Afterwards the environment is the usual one, and no connection knows another."""
    usual, use = environment.get().node_timeout_ms, environment.use
    used: list[Environment] = []

    def noted(other: Environment | None) -> None:
        if other is not None:
            used.append(other)
        use(other)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(environment, "use", noted)
        yield
    if used:
        use(None)
    if any(other.node_timeout_ms != usual for other in used):
        close_ours()
