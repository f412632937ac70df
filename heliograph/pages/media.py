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
_AGAIN_MS = (
    250  # what is older is read anew before an address is turned away; so often at most is a node asked
)
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
    asked = tokens.parse(token)
    known = _served(asked)
    try:
        return _permission(known, token, width, expiry, signature)
    except UrlForged:
        # Perhaps the address is newer than what we know: its owner has just gone private, and a follower looks.
        if known.served is None or known.age_ms < _AGAIN_MS:
            raise
        return _permission(_read(asked), token, width, expiry, signature)


@dataclass(frozen=True)
class _Known:
    served: Served | None  # None: there is nothing
    age_ms: int = 0  # since it was read


def _permission(known: _Known, token: str, width: int, expiry: str, signature: str) -> Permission:
    served = known.served
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


def _served(token: tokens.Token) -> _Known:
    return _kept(_key(token)) or _read(token)


def _read(token: tokens.Token) -> _Known:
    began = time.monotonic()
    served = photos.served(sessions.reader().at(token.id), token)
    if time.monotonic() - began < _SLOW_SECONDS:
        _keep(_key(token), served)
    return _Known(served)


def _key(token: tokens.Token) -> str:
    return f"served:{token}"


def _kept(key: str) -> _Known | None:
    """What was kept, unless it says itself that it is of another time: where the clock of Valkey was put back, a key
    lives longer than it was meant to, and this is what ends access."""
    try:
        value: bytes | None = valkey.call("GET", key)
    except Unavailable:
        return None
    if value is not None:
        at_ms, *told = value.split()
        age_ms = clock.now_ms() - int(at_ms)
        if abs(age_ms) <= KEEP_MS:
            return _Known(_parse(told), age_ms)
    metrics.count("served_misses_total")
    return None


def _parse(told: list[bytes]) -> Served | None:
    if told == [_NOTHING]:
        return None
    photo, person, private = told
    return Served(int(photo), int(person), private == b"1")


def _keep(key: str, served: Served | None) -> None:
    try:
        told, lives = _NOTHING.decode(), KEEP_NOTHING_MS
        if served is not None:
            told = f"{served.photo_generation} {served.person_generation} {served.private:d}"
            lives = KEEP_MS
        valkey.call("SET", key, f"{clock.now_ms()} {told}", "PX", lives)
    except Unavailable:
        pass  # then the node is asked again
