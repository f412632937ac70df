"""One page of a list, and the cursor of the next one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")

LARGEST = 100  # items on a page, whatever was asked for


@dataclass(frozen=True)
class Page(Generic[T]):
    """Items in order, and how to ask for the next page (None: this was the last)."""

    items: list[T] = field(default_factory=list)
    next_cursor: str | None = None


def clamp(count: int | None, default: int = 20) -> int:
    """How many items to show when `count` were asked for."""
    return default if count is None else max(1, min(count, LARGEST))
