"""Where somebody is signed in: their browsers, for their own eyes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from heliograph.accounts import browsers, credentials
from heliograph.sharding import sessions
from heliograph.sharding.ids import PersonId

MOST = 100  # that are shown; more are still ended by "all others"


@dataclass(frozen=True)
class Device:
    """A browser that is signed in. `name` is for the form that ends it, and tells nothing of its key."""

    name: str
    user_agent: str
    since: datetime
    seen: datetime
    here: bool


def of(person_id: PersonId, key: str | None) -> list[Device]:
    """All browsers of a person: the one with this key first, then by when they were seen last."""
    here = credentials.sha256(key) if key else b""
    found = [
        Device(browsers.name_of(bytes(sha256)), user_agent, since, seen, bytes(sha256) == here)
        for sha256, user_agent, since, seen in browsers.of(sessions.reader().directory, person_id, MOST)
    ]
    return sorted(found, key=lambda device: not device.here)
