"""All that can be set, at a glance: a question to the directory, and one's own face."""

from __future__ import annotations

from dataclasses import dataclass

from heliograph.accounts import own
from heliograph.accounts.own import Account
from heliograph.core.errors import NotFound
from heliograph.pages import cards
from heliograph.pages.cards import PersonCard
from heliograph.sharding import sessions


@dataclass(frozen=True)
class Settings:
    """Somebody's account, and how others see them."""

    person: PersonCard
    account: Account


def of(person_id: int) -> Settings:
    """For somebody who asks for themself; NotFound while their home is not made."""
    reader = sessions.reader()
    face, account = cards.face(person_id, reader=reader), own.account(reader.directory, person_id)
    if face is None or account is None:
        raise NotFound(cause=f"settings of {person_id}")
    return Settings(face, account)
