"""Who comes in, in the directory: a new person's row, and what a program or a browser is known by afterwards."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from heliograph.accounts import browsers, credentials, finding, store
from heliograph.core import clock


def free(reader: store.Directory, username: str) -> bool:
    """Nobody has this name, and it does not rest after somebody who had it. One round trip."""
    return store.free(reader, username, clock.now())


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
