"""Secrets that stand for a person: API tokens, browser keys, one-time links. Only their SHA-256 is kept.

    token        {person id}.{client, 7 hex}.{32 hex}
    browser key  {person id}.{43 url-safe characters}     the cookie `session`

The person's id stands in front so that the record of who is asking and the feed of that person can be read in
one round trip; it proves nothing by itself.
"""

from __future__ import annotations

import hashlib
import re
import secrets

from heliograph.sharding.ids import LARGEST, PersonId

#: What a client may be allowed to do. The built-in client (our own pages and apps) has all of it.
ALL_SCOPES = ("basic", "comments", "relationships", "likes")

#: Clients by name, and the number that stands in their tokens.
CLIENTS = {"built-in": 1}

_TOKEN = re.compile(r"([1-9][0-9]{0,18})\.[0-9a-f]{7}\.[0-9a-f]{32}")
_BROWSER_KEY = re.compile(r"([1-9][0-9]{0,18})\.[A-Za-z0-9_-]{43}")


def new_token(person_id: PersonId, client: str) -> str:
    return f"{person_id}.{client_digits(client)}.{secrets.token_hex(16)}"


def client_digits(client: str) -> str:
    """The seven hex digits of a client; KeyError when there is no such client."""
    return f"{CLIENTS[client]:07x}"


def new_browser_key(person_id: PersonId) -> str:
    return f"{person_id}.{secrets.token_urlsafe(32)}"


def new_link_secret() -> str:
    return secrets.token_urlsafe(24)


def sha256(secret: str) -> bytes:
    """As it is kept. The secrets have 128 bits and more, so a plain hash is enough."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def person_of_token(token: str) -> PersonId | None:
    """Whose token it says it is; None when it is not even the shape of one."""
    return _person(_TOKEN.fullmatch(token))


def person_of_browser_key(key: str) -> PersonId | None:
    """Whose browser it says it is; None when it is not even the shape of a key."""
    return _person(_BROWSER_KEY.fullmatch(key))


def _person(match: re.Match[str] | None) -> PersonId | None:
    if match is None:
        return None
    id = int(match[1])
    return id if id <= LARGEST else None
