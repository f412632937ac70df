"""Taking a deed back: it is done at once, and whoever did it is handed, sealed, what undoes it.

So what somebody did is done, wherever they go next, and nothing is kept here for the day that they change their mind:
the words of a deleted comment are gone from its row, and travel with the seal, to the person who deleted it alone.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import orjson

from heliograph.core import clock, cursor
from heliograph.core.errors import Conflict

#: How long a seal is good. Pages offer it for some seconds, longer only while somebody is about to press.
LIVES: Final = timedelta(minutes=10)


class TooLate(Conflict):
    """It is too late to undo that."""

    code = "too_late"


def seal(kind: str, actor_id: int, **facts: Any) -> str:
    """Facts that only `unseal(kind, actor_id, …)` gets back, for ten minutes."""
    until = (clock.now() + LIVES).timestamp()
    return cursor.seal(f"undo {kind}", orjson.dumps([until, actor_id, facts]).decode())


def unseal(kind: str, actor_id: int, sealed: str) -> dict[str, Any]:
    """The facts. TooLate for what is too old, was sealed for somebody else, or not by us."""
    try:
        until, sealed_for, facts = orjson.loads(cursor.unseal(f"undo {kind}", sealed))
    except cursor.BadCursor as error:
        raise TooLate(cause=error) from error
    if sealed_for != actor_id or until < clock.now().timestamp():
        raise TooLate(cause=f"sealed for {sealed_for} until {until:.0f}")
    return dict(facts)
