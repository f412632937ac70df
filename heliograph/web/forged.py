"""The field against forged forms: Django's token, made in a twentieth of the time.

Django keeps a secret in a cookie and takes from a form the secret under a mask, another one for each page, so that
compressed pages of the same browser cannot be compared letter by letter (BREACH). The mask is added here with tables of
bytes instead of a loop over letters. And the cookie is not sent again with every page that has a form: it lives for a
year, and who signs in gets a new one.
"""

from __future__ import annotations

import operator
import os

from django.http import HttpRequest
from django.middleware.csrf import CSRF_ALLOWED_CHARS, CSRF_SECRET_LENGTH, get_token
from markupsafe import Markup

_LETTERS = CSRF_ALLOWED_CHARS.encode()
_COUNT = len(_LETTERS)
_FAIR = 256 // _COUNT * _COUNT  # bytes from here on would make some letters likelier than others
_UNFAIR = bytes(range(_FAIR, 256))
_PLACES = bytes(byte % _COUNT for byte in range(256))
_PLACE_OF = bytes(max(0, _LETTERS.find(byte)) for byte in range(256))
_LETTER_AT = bytes(_LETTERS[byte % _COUNT] for byte in range(256))


def field(token: str) -> Markup:
    """The hidden field of a form."""
    return Markup(f'<input type="hidden" name="csrfmiddlewaretoken" value="{token}">')  # noqa: S704 - letters


class Token:
    """The token of a page, and in a template its hidden field. Made when a template shows it: a page without
    forms gives nobody a cookie."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        self._token = ""

    def __str__(self) -> str:
        if not self._token:
            secret = self._request.META.get("CSRF_COOKIE")  # Django has checked its letters
            self._token = masked(secret) if secret else get_token(self._request)
        return self._token

    def __html__(self) -> str:
        return field(str(self))


def masked(secret: str) -> str:
    """The secret under a new mask, as Django's check understands it."""
    mask = _mask()
    cipher = bytes(map(operator.add, mask, secret.encode().translate(_PLACE_OF)))
    return (mask + cipher).translate(_LETTER_AT).decode()


def _mask() -> bytes:
    """Random places in the alphabet, all equally likely."""
    found = b""
    while len(found) < CSRF_SECRET_LENGTH:
        found = os.urandom(2 * CSRF_SECRET_LENGTH).translate(_PLACES, _UNFAIR)
    return found[:CSRF_SECRET_LENGTH]
