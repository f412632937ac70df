"""Suspending somebody, and letting them in again: an operator's deed, obeyed everywhere at once.

Home first, since every read asks there; then the directory, where signing in asks; then the records of who is
asking. When it stops half-way it has begun at the right end, and the outbox finishes it.
"""

from __future__ import annotations

from dataclasses import replace

from heliograph.accounts import states
from heliograph.accounts.home import Home
from heliograph.core import logs, metrics
from heliograph.core.errors import Conflict
from heliograph.flows import edit_profile, homes
from heliograph.flows import revoke as _its_tasks_are_enqueued_here  # noqa: F401
from heliograph.sharding import sessions


class BeingDeleted(Conflict):
    """This account is being deleted."""

    code = "being_deleted"


@metrics.time("flow_seconds", flow="suspend")
def suspend(person_id: int) -> bool:
    """Nobody sees them or their photos, and they cannot come in. May be repeated; whether it is news."""
    return _set(person_id, "suspended")


@metrics.time("flow_seconds", flow="restore")
def restore(person_id: int) -> bool:
    """As before; what they liked and whom they follow was never touched. May be repeated; whether it is news."""
    return _set(person_id, "active")


def _set(person_id: int, state: str) -> bool:
    found: set[str] = set()

    def change(person: Home) -> Home:
        if person.state in (states.DELETING, states.DELETED):
            raise BeingDeleted()
        found.add(person.state)  # of each try: one that seemed lost may have been kept
        return replace(person, state=state)

    homes.write(person_id, lambda tx: edit_profile.keep(tx, person_id, change), repeatable=True)
    # Not left to the outbox: whoever asked for it wants to know that it is done.
    rows = edit_profile.faces(sessions.reader(), [(person_id, 0)])
    sessions.directory(lambda tx: edit_profile.faces_arrive(tx, rows))
    news = found != {state}
    if news:
        logs.event("state_set", person=person_id, state=state)
    return news
