"""Browsers that are signed in: a row in the directory, its key in the cookie, a record for every request."""

from __future__ import annotations

from heliograph.accounts import browsers, credentials, entry
from heliograph.accounts.models import WebSession
from heliograph.flows import revoke, sign_in
from heliograph.sharding import sessions
from heliograph.sharding.ids import PersonId
from heliograph.sharding.sessions import DirectoryTx

_LONGEST_AGENT = 200  # characters


def open(person_id: PersonId, user_agent: str = "", *, proof: sign_in.Proof | None = None) -> str:
    """Sign a browser in; the key that goes into its cookie, told only now. Suspended; NotFound; BadCredentials when the
    password of `proof` was changed meanwhile."""
    key = credentials.new_browser_key(person_id)
    agent = "".join(char for char in user_agent if char.isprintable())[:_LONGEST_AGENT]

    def body(tx: DirectoryTx) -> None:
        sign_in.enter(tx, person_id, proof)
        entry.with_browser(tx, person_id, key, agent)

    sessions.directory(body)
    return key


def close(key: str) -> None:
    """Sign this browser out. Nothing happens when it is not signed in (any more)."""
    sha256 = credentials.sha256(key)
    sessions.directory(lambda tx: revoke.browsers(tx, [sha256]))


def close_one(person_id: PersonId, name: str) -> None:
    """Sign out one browser of this person, by its name in `pages.devices`. Nothing happens when there is none."""

    def body(tx: DirectoryTx) -> None:
        mine = WebSession.objects.filter(person_id=person_id).values_list("sha256", flat=True)
        revoke.browsers(tx, [sha256 for sha256 in map(bytes, mine) if browsers.name_of(sha256) == name])

    sessions.directory(body)


def close_all(person_id: PersonId, but: str | None = None) -> None:
    """Sign out every browser and end every token of a person, except the one with this key."""
    kept = None if but is None else credentials.sha256(but)
    sessions.directory(lambda tx: revoke.everything(tx, person_id, but=kept))
