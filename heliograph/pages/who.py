"""Who is asking: from a token or a browser's key to a viewer, without the directory in the common case.

One record in Valkey answers (accounts/records.py), and for a home feed the same round trip brings the feed's list.
A miss asks the directory; so does everything while Valkey is away.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from heliograph.accounts import browsers, credentials, records, states
from heliograph.accounts.errors import Suspended, TokenMalformed, TokenRevoked
from heliograph.accounts.models import Token, WebSession
from heliograph.accounts.records import Record
from heliograph.core import clock, valkey
from heliograph.core.errors import Unavailable
from heliograph.sharding import sessions
from heliograph.sharding.ids import PersonId

_PERSON = ("person_id", "person__username", "person__state", "expires_at")


@dataclass(frozen=True)
class Viewer:
    """Somebody who proved who they are. `scopes` is what the client in their hands may do."""

    person_id: PersonId
    scopes: frozenset[str]
    username: str = ""


def from_token(token: str) -> Viewer:
    """The person behind an API token. TokenMalformed, TokenRevoked (also expired and unknown), Suspended."""
    return _of_token(token, with_feed=False)[0]


def from_token_and_feed(token: str) -> tuple[Viewer, list[bytes] | None]:
    """The same, and their home feed's list as it lies in Valkey, in one round trip.

    None: not read, or there is no list, or it is not the viewer's; whoever needs the feed reads it then.
    """
    return _of_token(token, with_feed=True)


def from_web_session(key: str) -> Viewer | None:
    """The person whose browser this is; None when it is not signed in (any more), or they are suspended."""
    return from_web_session_and_feed(key, with_feed=False)[0]


def from_web_session_and_feed(
    key: str, *, with_feed: bool = True
) -> tuple[Viewer | None, list[bytes] | None]:
    """The same, and their home feed's list, in one round trip."""
    claimed = credentials.person_of_browser_key(key)
    if claimed is None:
        return None, None
    sha256 = credentials.sha256(key)
    record, feed = _ask(records.browser_key(key), claimed, with_feed, lambda: _browser(sha256))
    if record is None or record.state != states.ACTIVE:
        return None, None
    return _viewer(record), feed


def _of_token(token: str, *, with_feed: bool) -> tuple[Viewer, list[bytes] | None]:
    claimed = credentials.person_of_token(token)
    if claimed is None:
        raise TokenMalformed()
    sha256 = credentials.sha256(token)
    record, feed = _ask(records.token_key(token), claimed, with_feed, lambda: _token(sha256))
    if record is None:
        raise TokenRevoked()
    if record.state != states.ACTIVE:
        raise Suspended()
    return _viewer(record), feed


def _ask(
    key: str, claimed: PersonId, with_feed: bool, ask: Callable[[], Record | None]
) -> tuple[Record | None, list[bytes] | None]:
    """The record, and the feed of `claimed`; None for both unless the credential is that person's."""
    try:
        record, final, seen, feed = _from_valkey(key, claimed if with_feed else None)
    except (Unavailable, valkey.ValkeyError):
        record, feed = ask(), None
    else:
        if not final:
            record = records.through(key, seen, ask)
    if record is None or record.person != claimed:
        return None, None
    return record, feed or None


def _from_valkey(key: str, feed_of: PersonId | None) -> tuple[Record | None, bool, bytes, list[bytes] | None]:
    commands: list[valkey.Command] = [("GET", key)]
    if feed_of is not None:
        commands.append(("LRANGE", f"feed:{feed_of}", 0, -1))
    replies = valkey.pipeline(commands)
    if isinstance(replies[0], valkey.ValkeyError):
        raise replies[0]
    feed = replies[1] if feed_of is not None and not isinstance(replies[1], valkey.ValkeyError) else None
    return *records.read(replies[0]), feed


def _viewer(record: Record) -> Viewer:
    return Viewer(record.person, frozenset(record.scopes.split()), record.username)


def _token(sha256: bytes) -> Record | None:
    """What the directory knows of a token."""
    row = sessions.directory(
        lambda tx: Token.objects.filter(sha256=sha256).values_list(*_PERSON, "scopes").first()
    )
    return None if row is None else _record("token", *row)


def _browser(sha256: bytes) -> Record | None:
    """What the directory knows of a browser; its visit is noted."""
    row = sessions.directory(lambda tx: _note_visit(sha256))
    return None if row is None else _record("browser", *row)


def _note_visit(sha256: bytes) -> Any:
    now = clock.now()
    mine = WebSession.objects.filter(sha256=sha256, expires_at__gt=now)
    unseen = mine.filter(seen_at__lt=now - browsers.NOTED)
    for began in unseen.values_list("created_at", flat=True):
        unseen.update(seen_at=now, expires_at=browsers.until(began, now))
    return mine.values_list(*_PERSON).first()


def _record(
    kind: Literal["token", "browser"],
    person_id: PersonId,
    username: str,
    state: str,
    expires_at: datetime | None,
    scopes: str = " ".join(credentials.ALL_SCOPES),
) -> Record | None:
    if expires_at is not None and expires_at <= clock.now():
        return None
    expires = 0 if expires_at is None else int(expires_at.timestamp())
    return Record(person_id, username, scopes, states.of(sessions.reader(), person_id, state), kind, expires)
