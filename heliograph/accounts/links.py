"""Links in mails: signed, good for a while, and for one thing in one situation.

A link names a person and carries a *print* of what it is about (their password, their address). Once that has
changed, by this very link or otherwise, the print no longer fits: that is what makes a link single-use, without a
row for each.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from django.core.signing import BadSignature, Signer
from django.utils.crypto import constant_time_compare, salted_hmac

from heliograph.accounts.errors import BadLink
from heliograph.accounts.models import Person
from heliograph.core import clock, environment

#: Where a link of each kind leads, below HELIOGRAPH_URL; a test compares it with the table of addresses.
PATHS: Final = {
    "verify": "/email/verify/{token}",
    "reset": "/password/reset/{token}",
    "administrator": "/administrator/{token}",
}
_LONGEST = 2000  # characters


def address(kind: str, token: str) -> str:
    """The absolute address that goes into a mail, or onto a terminal."""
    return environment.get().url + PATHS[kind].format(token=token)


def seal(kind: str, lives: timedelta, **facts: Any) -> str:
    """Facts as a token that only `unseal(kind, …)` accepts, and for `lives` only."""
    until = int((clock.now() + lives).timestamp())
    return _signer(kind).sign_object({**facts, "until": until})


def unseal(kind: str, token: str) -> dict[str, Any]:
    """The facts; BadLink for anything that was not sealed for this, or is too old."""
    try:
        if len(token) > _LONGEST:
            raise BadSignature("too long")
        facts: dict[str, Any] = _signer(kind).unsign_object(token)
    except (BadSignature, ValueError) as error:
        raise BadLink(cause=error) from error
    if facts["until"] <= clock.now().timestamp():
        raise BadLink(cause="too old")
    return facts


def print_of_password(person: Person) -> str:
    """Changes with the password, also when the same one is hashed anew (config/hashers.py), and with the address that
    the link went to."""
    return salted_hmac("heliograph.links.password", f"{person.password}\0{person.email}").hexdigest()[:32]


def print_of_address(person: Person) -> str:
    """Changes with the address, with its being verified, and with the password: whoever sets a new one wants an end of
    what was asked for with the old one."""
    about = f"{person.email}\0{person.email_verified}\0{person.password}"
    return salted_hmac("heliograph.links.address", about).hexdigest()[:32]


def print_of_hash(password: str) -> str:
    """Changes with the password, which comes hashed, also when the same one is hashed anew; for jobs."""
    return salted_hmac("heliograph.links.hash", password).hexdigest()[:32]


def fits(facts: dict[str, Any], print: str) -> bool:
    return constant_time_compare(str(facts.get("print", "")), print)


def _signer(kind: str) -> Signer:
    return Signer(salt=f"heliograph.links.{kind}", sep=".")
