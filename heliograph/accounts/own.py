"""What the directory knows of an account at a glance, for its owner's eyes."""

from __future__ import annotations

from dataclasses import dataclass

from heliograph.accounts import store
from heliograph.core import clock


@dataclass(frozen=True)
class Account:
    """`verified`: the address is. `browsers`: in how many one is signed in."""

    email: str
    verified: bool
    administrator: bool
    browsers: int


def account(reader: store.Directory, person_id: int) -> Account | None:
    """One round trip; None where there is no such account."""
    row = store.account(reader, person_id, clock.now())
    return None if row is None else Account(row[0], row[1] and bool(row[0]), row[2], row[3])
