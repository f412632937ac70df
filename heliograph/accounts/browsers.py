"""How long a browser stays signed in, what it is called in a list, and which of them somebody has."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

from heliograph.accounts import store
from heliograph.core import clock, environment

IDLE = timedelta(days=60)  # a browser that was not seen for so long has to sign in again
NOTED = timedelta(hours=1)  # a visit is written down at most once in this time


def until(began: datetime, seen: datetime) -> datetime:
    """When a browser that signed in and was seen at these times has to sign in again, if nobody uses it."""
    days = environment.get().session_days
    return min(seen + IDLE, began + timedelta(days=days)) if days else seen + IDLE


def name_of(sha256: bytes) -> str:
    """The name of a session on pages: made from what is kept of its key, and good for nothing but finding it."""
    return hashlib.sha256(b"browser:" + sha256).hexdigest()[:20]


def of(reader: store.Directory, person_id: int, count: int) -> list[tuple[Any, ...]]:
    """(SHA-256, user agent, since, seen) of those in which somebody is signed in, the latest seen first."""
    return store.browsers(reader, person_id, clock.now(), count)
