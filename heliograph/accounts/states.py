"""Whether a person may come in. The truth is at home; the directory's copy counts while the home does not answer."""

from __future__ import annotations

from heliograph.accounts import home, store
from heliograph.core.errors import Unavailable
from heliograph.sharding.ids import PersonId

ACTIVE = "active"
SUSPENDED = "suspended"
DELETING = "deleting"
DELETED = "deleted"


def of(reader: store.Shards, person_id: PersonId, copy: str) -> str:
    """The person's state, stricter of the two: a suspension counts from its first write on."""
    if copy != ACTIVE:
        return copy
    try:
        found = home.load(reader, [person_id]).get(person_id)
    except Unavailable:
        return copy
    return copy if found is None else found.state
