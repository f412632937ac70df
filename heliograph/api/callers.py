"""Who calls: a token from the query or the Authorization header. Cookies say nothing here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from heliograph.accounts import credentials
from heliograph.api.errors import TokenMissing
from heliograph.core import addresses, environment
from heliograph.pages import who


class Viewer(Protocol):
    """Somebody who showed a token."""

    @property
    def person_id(self) -> int: ...
    @property
    def scopes(self) -> Any: ...


def token_of(headers: Mapping[str, Any], query: Mapping[str, str]) -> str:
    """The token of a request, the header's before the query's; raises TokenMissing."""
    said: str = headers.get("HTTP_AUTHORIZATION", "")
    scheme, _, token = said.partition(" ")
    if scheme.lower() != "bearer":
        token = query.get("access_token", "")
    token = token.strip()
    if not token:
        raise TokenMissing()
    return token


def name_of(token: str) -> str:
    """What a token is called in counters: its hash, so that no memory holds the token."""
    return credentials.sha256(token).hex()[:24]


def address_of(headers: Mapping[str, Any]) -> str:
    """The network address of a request."""
    return addresses.of_client(
        headers.get("REMOTE_ADDR", ""),
        headers.get("HTTP_X_FORWARDED_FOR", ""),
        environment.get().trusted_proxies,
    )


def identify(token: str, with_feed: bool) -> tuple[Viewer, list[bytes] | None]:
    """Whose token it is, and their home feed's list when the endpoint wants it: one round trip either way."""
    if with_feed:
        return who.from_token_and_feed(token)
    return who.from_token(token), None
