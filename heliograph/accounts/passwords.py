"""Passwords: what is asked of a new one, and how one is checked in the same time whoever it is for."""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.password_validation import (
    CommonPasswordValidator,
    MinimumLengthValidator,
    NumericPasswordValidator,
    UserAttributeSimilarityValidator,
)
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from heliograph.accounts.models import Person
from heliograph.core import texts
from heliograph.core.errors import Invalid

SHORTEST = 8  # characters
LONGEST = 1000  # characters
_MOST_TYPED = 20 * LONGEST  # more is not looked at


def new(
    typed: str, *, username: str = "", email: str = "", full_name: str = "", field: str = "password"
) -> str:
    """The new password, hashed; Invalid (in `field`) with every reason why it cannot be one.

    About 12 ms of one core and 12 MiB, so not inside a transaction.
    """
    check_new(typed, username=username, email=email, full_name=full_name, field=field)
    return hashed(typed)


def check_new(
    typed: str, *, username: str = "", email: str = "", full_name: str = "", field: str = "password"
) -> None:
    """The same without the hashing."""
    reasons: list[str] = []
    if _too_long(typed):
        reasons.append(_("A password has at most 1,000 characters."))
    elif not _encodable(typed) or texts.UNREADABLE in typed:
        reasons.append(_("This password has characters that cannot be typed again."))
    else:
        person = Person(username=username, email=email, full_name=full_name)
        # One letter may stand for eighteen: what is typed has to be long, and what is made of it.
        shorter = min(typed, _folded(typed), key=len)
        for validator in _validators():
            text = shorter if isinstance(validator, MinimumLengthValidator) else _folded(typed)
            try:
                validator.validate(text, person)
            except ValidationError as error:
                reasons += error.messages
    if reasons:
        raise Invalid(reasons[0], fields={field: " ".join(reasons)})


def hashed(typed: str) -> str:
    """As it is kept: argon2id (config/hashers.py)."""
    return make_password(_folded(typed))


def matches(typed: str, encoded: str | None, upgrade: Callable[[str], None] | None = None) -> bool:
    """Whether this is the password. With None (there is no such person) it takes as long as for a hash of today, and is
    not.

    `upgrade` gets the password hashed anew when it was right and the way of hashing has changed since.
    """
    if encoded is None or _too_long(typed) or not _encodable(typed):
        check_password("-", _nobody())
        return False
    setter = None if upgrade is None else lambda raw: upgrade(make_password(raw))
    return check_password(_folded(typed), encoded, setter)


@lru_cache(maxsize=1)
def _nobody() -> str:
    """What is compared when nobody has that name: the hash of something that cannot be guessed."""
    return make_password(secrets.token_urlsafe(32))


@lru_cache(maxsize=1)
def _validators() -> tuple[Any, ...]:
    # Made at the first sign-up: the list of common passwords takes 20 ms to read.
    return (
        MinimumLengthValidator(SHORTEST),
        CommonPasswordValidator(),
        NumericPasswordValidator(),
        UserAttributeSimilarityValidator(("username", "email", "full_name")),
    )


def _folded(typed: str) -> str:
    # Two keyboards may send the same letter as different code points (NIST SP 800-63B, 3.1.1.2).
    return unicodedata.normalize("NFKC", typed)


def _too_long(typed: str) -> bool:
    # Of what is hashed: another keyboard may need two code points for each letter, and one letter may become eighteen.
    return len(typed) > _MOST_TYPED or len(_folded(typed)) > LONGEST


def _encodable(typed: str) -> bool:
    return not any("\ud800" <= char <= "\udfff" for char in typed)
