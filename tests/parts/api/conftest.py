"""The door is tested without servers: the window of allowances is in memory."""

from __future__ import annotations

import pytest

from heliograph.core import limits
from heliograph.core.errors import Limited
from heliograph.core.limits import Remaining


class Window:
    """A window in memory, in place of the one in Valkey."""

    def __init__(self) -> None:
        self.used = 0
        self.asked = 0

    def spend(self, name: str, who: str, *, allowed: int, seconds: int, cost: int = 1) -> Remaining:
        self.asked += 1
        if self.used + cost > allowed:
            raise Limited(retry_after_seconds=9)
        self.used += cost
        return Remaining(allowed, allowed - self.used)


@pytest.fixture(autouse=True)
def window(monkeypatch: pytest.MonkeyPatch) -> Window:
    """What is left of everybody's hour."""
    window = Window()
    monkeypatch.setattr(limits, "spend", window.spend)
    return window
