"""Who comes in, in the directory: a new person's row, and what a program or a browser is known by afterwards."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import NamedTuple

from heliograph.accounts import browsers, credentials, finding, names, store
from heliograph.accounts import email as email_addresses
from heliograph.core import clock


def free(reader: store.Directory, username: str) -> bool:
    """Nobody has this name, and it does not rest after somebody who had it. One round trip."""
    return store.free(reader, username, clock.now())


class Known(NamedTuple):
    """Who may come in, if they know the password, which is kept as `password`."""

    id: int
    password: str
    state: str


def known(reader: store.Directory, login: str) -> Known | None:
    """Who signs in as this: a username, or a verified address (a name never holds an @). One round trip always."""
    if any(char == "\0" or "\ud800" <= char <= "\udfff" for char in login):
        login = ""  # what PostgreSQL cannot even be asked about
    if "@" in login:
        found = store.known_by(reader, email_addresses.compared(login), "email")
    else:
        found = store.known_by(reader, names.fold(login), "username")
    return None if found is None else Known(*found)


def join(
    tx: store.DirectoryTx, shard: int, *, username: str, email: str, full_name: str, password: str
) -> int:
    """Make a person whose home will be in this shard, with all that they are found by; their id. One round trip.

    `password` is its hash. A name or an id that is taken is Django's IntegrityError.
    """
    return store.join(
        tx,
        {
            "shard": shard,
            "username": username,
            "email": email,
            "full_name": full_name,
            "password": password,
            "words": finding.words_of(username, full_name),
            "now": clock.now(),
        },
    )


def lock(tx: store.DirectoryTx, person_id: int) -> tuple[str, str] | None:
    """In which state somebody is, and their password as it is kept: neither changes until the transaction ends. None
    for nobody."""
    return store.lock_standing(tx, person_id)


def with_token(
    tx: store.DirectoryTx,
    person_id: int,
    token: str,
    *,
    client: str,
    scopes: Iterable[str],
    lives: timedelta | None,
) -> None:
    """Keep a new token."""
    now = clock.now()
    store.keep_token(
        tx,
        {
            "sha256": credentials.sha256(token),
            "person_id": person_id,
            "client": credentials.client_digits(client),
            "scopes": " ".join(scopes),
            "now": now,
            "expires_at": None if lives is None else now + lives,
        },
    )


def with_browser(tx: store.DirectoryTx, person_id: int, key: str, user_agent: str) -> None:
    """Keep a browser that is signed in from now on."""
    now = clock.now()
    store.keep_browser(
        tx,
        {
            "sha256": credentials.sha256(key),
            "person_id": person_id,
            "user_agent": user_agent,
            "now": now,
            "expires_at": browsers.until(now, now),
        },
    )
