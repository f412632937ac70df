"""Cursors that cross the border: plain ids, and sealed values nobody can read or make.

A full page ends with an id that the viewer has seen, and that id is the cursor. When the place to go
on from is something the viewer may not see, the value is sealed: a hidden id never leaves.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

from heliograph.core import environment
from heliograph.core.errors import Invalid

_LARGEST = 2**63 - 1
_NONCE = 8  # bytes
_MAC = 16  # bytes


class BadCursor(Invalid):
    """This page's address is not valid. Start again from the first page."""

    code = "bad_cursor"


def number(text: str | int | None) -> int | None:
    """A cursor that is a plain number: None when absent, else 0 <= number < 2**63."""
    if text is None or text == "":
        return None
    if isinstance(text, int):
        value = text
    else:
        if not (text.isascii() and text.isdigit() and len(text) <= 19):
            raise BadCursor(cause=text[:80])
        value = int(text)
    if not 0 <= value <= _LARGEST:
        raise BadCursor(cause=value)
    return value


def seal(kind: str, value: str | int) -> str:
    """An opaque text from which only `unseal(kind, …)` gets the value back; url-safe."""
    plain = str(value).encode()
    nonce = secrets.token_bytes(_NONCE)
    body = nonce + _xor(plain, kind, nonce)
    return base64.urlsafe_b64encode(body + _mac(kind, body)).rstrip(b"=").decode()


def unseal(kind: str, text: str) -> str:
    """The sealed value; raises BadCursor for anything that `seal(kind, …)` did not make."""
    try:
        raw = base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except (ValueError, UnicodeEncodeError) as error:
        raise BadCursor(cause=error) from error
    body, mac = raw[:-_MAC], raw[-_MAC:]
    if len(body) < _NONCE or not hmac.compare_digest(mac, _mac(kind, body)):
        raise BadCursor(cause="not ours")
    return _xor(body[_NONCE:], kind, body[:_NONCE]).decode()


def _key(purpose: str) -> bytes:
    return hmac.new(
        environment.get().secret_key.encode(), b"cursor:" + purpose.encode(), hashlib.sha256
    ).digest()


def _mac(kind: str, body: bytes) -> bytes:
    return hmac.new(_key("mac:" + kind), body, hashlib.sha256).digest()[:_MAC]


def _xor(plain: bytes, kind: str, nonce: bytes) -> bytes:
    # A key stream by SHAKE of key and nonce; values are short (a comment's words at most), nonces are never reused.
    stream = hashlib.shake_256(_key("box:" + kind) + nonce).digest(len(plain))
    return bytes(a ^ b for a, b in zip(plain, stream, strict=True))
