"""Somebody has looked at what happened to them."""

from __future__ import annotations

from datetime import datetime

from heliograph.activity import events
from heliograph.flows import homes


def see(person_id: int, until: datetime) -> None:
    """Everything until then is not new any more. May be repeated; what was seen stays seen."""
    homes.write_person(person_id, lambda tx: events.see(tx, person_id, until), repeatable=True)
