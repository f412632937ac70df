"""Whether the bytes behind an address may be handed out.

An address carries a signature over two generations that do not stand in it (media/urls.py). They are read
from Valkey, else from the node, and kept for KEEP_MS: so going private, taking a photo down or suspending
somebody ends every address within five seconds.

That there is nothing is kept, too, for a moment: a picture that was taken down and is on many pages costs the node
one question a moment, not one a view. Nobody waits for a new photo because of it: its token is told to nobody before
it is published. Who is let in again after a suspension is seen a moment later.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import BinaryIO

from heliograph.core import clock, metrics, valkey
from heliograph.core.errors import Unavailable
from heliograph.media import photos, recipes, storage, tokens, urls
from heliograph.media.errors import UrlForged
from heliograph.media.photos import Served
from heliograph.sharding import sessions

KEEP_MS = 4000  # with the time of the read, at most five seconds
KEEP_NOTHING_MS = 1000
_SLOW_SECONDS = 1.0  # a read that took longer is not kept
_NOTHING = b"-"


@dataclass(frozen=True)
class Permission:
    """A picture that may be handed out, and for how long whoever gets it may keep it."""

    token: str
    size: int
    keep_seconds: int
    private: bool

    @property
    def name(self) -> str:
        """The same for the same bytes, for ever: a token's pictures never change."""
        return f"{self.token}-{self.size}"

    def open(self) -> BinaryIO:
        """The picture, to be read. Raises NoPicture."""
        return storage.get().open(storage.rendition(self.token, self.size))


def permission(token: str, size: str, expiry: str, signature: str) -> Permission:
    """Raises UrlExpired, and UrlForged for everything that was never an address of ours or is void by now."""
    width = next((s for s in recipes.SIZES if str(s) == size), None)
    if width is None:
        raise UrlForged(cause=f"size {size[:20]!r}")
    served = _served(tokens.parse(token))
    if served is None:
        raise UrlForged()
    keep = urls.check(
        token,
        width,
        expiry,
        signature,
        photo_generation=served.photo_generation,
        person_generation=served.person_generation,
        now=clock.now(),
    )
    return Permission(token, width, keep, served.private)


def _served(token: tokens.Token) -> Served | None:
    key = f"served:{token}"
    kept = _kept(key)
    if kept is not None:
        return None if kept == _NOTHING else _parse(kept)
    began = time.monotonic()
    served = photos.served(sessions.reader().at(token.id), token)
    if time.monotonic() - began < _SLOW_SECONDS:
        _keep(key, served)
    return served


def _kept(key: str) -> bytes | None:
    try:
        value: bytes | None = valkey.call("GET", key)
    except Unavailable:
        return None
    if value is None:
        metrics.count("served_misses_total")
    return value


def _parse(value: bytes) -> Served:
    photo, person, private = value.split()
    return Served(int(photo), int(person), private == b"1")


def _keep(key: str, served: Served | None) -> None:
    try:
        if served is None:
            valkey.call("SET", key, _NOTHING, "PX", KEEP_NOTHING_MS)
        else:
            value = f"{served.photo_generation} {served.person_generation} {served.private:d}"
            valkey.call("SET", key, value, "PX", KEEP_MS)
    except Unavailable:
        pass  # then the node is asked again
