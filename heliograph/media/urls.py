"""Addresses of pictures: signed for everybody, for a time, and void when a generation goes up.

    /m/{token}/{size}.jpg?e={expiry, seconds since 1970}&s={signature}

The signature covers token, size, expiry and two generations, the photo's and its owner's, which do not
stand in the address: going private or taking down increments one, and all addresses given out before
are void for our servers within 5 s. Browsers keep what they have until the expiry.

Expiries are rounded, so that the same picture has the same address for a day (5 minutes if private),
and a browser's copy is good for that long: between 6 and 7 days, between 10 and 15 minutes.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime
from functools import lru_cache

from heliograph.core import environment
from heliograph.media.errors import UrlExpired, UrlForged

_DAY = 86_400
_PUBLIC = (7 * _DAY, _DAY)  # seconds: lifetime, and the step to which it is rounded
_PRIVATE = (15 * 60, 5 * 60)
_SIGNATURE_BYTES = 16
_MAX_EXPIRY = 1 << 40


def signed(
    token: str,
    size: int,
    *,
    photo_generation: int,
    person_generation: int,
    private: bool,
    now: datetime,
) -> str:
    """The address of one rendition, without scheme and host."""
    lifetime, step = _PRIVATE if private else _PUBLIC
    expiry = int(now.timestamp()) // step * step + lifetime
    signature = _signature(token, size, expiry, photo_generation, person_generation)
    return f"/m/{token}/{size}.jpg?e={expiry}&s={signature}"


def check(
    token: str,
    size: int,
    expiry: str,
    signature: str,
    *,
    photo_generation: int,
    person_generation: int,
    now: datetime,
) -> int:
    """Seconds for which a browser may keep the picture. Raises UrlExpired, UrlForged.

    A void generation looks like a forged address: there is nothing here.
    """
    if not (expiry.isascii() and expiry.isdigit() and len(expiry) <= 12):
        raise UrlForged()
    ends = int(expiry)
    right = _signature(token, size, ends, photo_generation, person_generation)
    if ends > _MAX_EXPIRY or not hmac.compare_digest(right.encode(), signature.encode()):
        raise UrlForged()
    left = ends - int(now.timestamp())
    if left <= 0:
        raise UrlExpired()
    return left


def _signature(token: str, size: int, expiry: int, photo_generation: int, person_generation: int) -> str:
    text = f"{token}/{size}/{expiry}/{photo_generation}/{person_generation}"
    digest = hmac.digest(_key(environment.get().secret_key), text.encode(), "sha256")
    return base64.urlsafe_b64encode(digest[:_SIGNATURE_BYTES]).rstrip(b"=").decode()


@lru_cache(maxsize=4)
def _key(secret: str) -> bytes:
    """A key for this purpose alone."""
    return hmac.digest(secret.encode(), b"heliograph media addresses 1", hashlib.sha256)
