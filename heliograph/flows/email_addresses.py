"""E-mail addresses: claimed by anybody, had by the first who proves that they read the mail sent there.

An unverified address can do nothing: no sign-in, no reset. A verified one stays until its successor is verified, so
that a typing error locks nobody out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import IntegrityError
from django.utils.translation import gettext as _

from heliograph.accounts import email as email_addresses
from heliograph.accounts import links, mail, passwords
from heliograph.accounts.errors import AddressTaken, BadLink, WrongPassword
from heliograph.accounts.models import Person
from heliograph.core import limits, logs
from heliograph.core.errors import NotFound
from heliograph.sharding import sessions
from heliograph.sharding.ids import PersonId
from heliograph.sharding.queue import task
from heliograph.sharding.sessions import DirectoryTx

LIVES = timedelta(days=3)
MAILS_PER_HOUR = 5  # that one person may ask for
TRIES_PER_MINUTE = 10  # of the password, by one person who is signed in


@dataclass(frozen=True)
class Claim:
    """Somebody says that an address is theirs."""

    person_id: PersonId
    username: str
    email: str
    verified: bool


def of(person_id: PersonId) -> Claim:
    """A person's address as it stands, for their own eyes."""
    person = Person.objects.filter(id=person_id).first()
    if person is None:
        raise NotFound(cause=f"nobody has id {person_id}")
    return _claim(person, person.email)


def ask(tx: DirectoryTx, person_id: PersonId, email: str, password: str) -> None:
    """Have a mail sent that asks whoever reads it to prove the address; not if they have another password (this is its
    hash) by then."""
    by = links.print_of_hash(password)
    tx.enqueue("mail_verification.v1", person_id=person_id, email=email, by=by)


def ask_again(person_id: PersonId) -> None:
    """Send the mail once more. Nothing happens when the address is verified."""
    limits.spend("ask_to_verify", person_id, allowed=MAILS_PER_HOUR, seconds=3600)
    person = Person.objects.filter(id=person_id).first()
    if person is None:
        raise NotFound(cause=f"nobody has id {person_id}")
    if person.email and not person.email_verified:
        sessions.directory(lambda tx: ask(tx, person_id, person.email, person.password))


def change(person_id: PersonId, email: str, password: str) -> None:
    """Claim another address. WrongPassword: an open browser is not enough to take an account away.

    Whether somebody else has the address is not told here, only to whoever opens the link in the mail.
    """
    wanted = email_addresses.address(email)
    limits.spend("password_tries", person_id, allowed=TRIES_PER_MINUTE, seconds=60)
    person = Person.objects.filter(id=person_id).first()
    if person is None or not passwords.matches(password, person.password):
        logs.event("password_refused", person=person_id)
        raise _wrong("password")
    limits.spend("ask_to_verify", person_id, allowed=MAILS_PER_HOUR, seconds=3600)

    def body(tx: DirectoryTx) -> None:
        # The claim replaces an unverified address; a verified one waits for the proof of the new one.
        Person.objects.filter(id=person_id, email_verified=False).update(email=wanted)
        ask(tx, person_id, wanted, person.password)
        if person.email_verified and email_addresses.compared(person.email) != email_addresses.compared(
            wanted
        ):
            tx.enqueue("mail_address_claimed.v1", person_id=person_id, email=person.email)

    sessions.directory(body)
    logs.event("email_claimed", person=person_id)


def look(token: str) -> Claim:
    """What a link in a mail is about; BadLink. Looking changes nothing: mail programs open links by themselves."""
    facts = links.unseal("verify", token)
    person = Person.objects.filter(id=facts["person"]).first()
    if person is None or not (_had(person, facts) or links.fits(facts, links.print_of_address(person))):
        raise BadLink(cause="the address has changed since")
    return _claim(person, facts["email"])


def verify(token: str) -> Claim:
    """The address is proven. BadLink; AddressTaken when somebody else proved it before. May be repeated."""
    facts = links.unseal("verify", token)

    def body(tx: DirectoryTx) -> Claim:
        person = Person.objects.select_for_update(no_key=True).filter(id=facts["person"]).first()
        if person is None:
            raise BadLink(cause="nobody")
        if not _had(person, facts):
            if not links.fits(facts, links.print_of_address(person)):
                raise BadLink(cause="the address has changed since")
            person.email, person.email_verified = facts["email"], True
            person.save(update_fields=["email", "email_verified"])
        return _claim(person, person.email)

    try:
        claim = sessions.directory(body)
    except IntegrityError as error:
        raise AddressTaken() from error
    logs.event("email_verified", person=int(facts["person"]))
    return claim


def _had(person: Person, facts: dict[str, Any]) -> bool:
    """Whether this link has done its work already."""
    return person.email_verified and person.email == facts["email"]


def _claim(person: Person, email: str) -> Claim:
    return Claim(person.id, person.username, email, person.email_verified and person.email == email)


def _wrong(field: str) -> WrongPassword:
    error = WrongPassword()
    error.fields = {field: error.sentence}
    return error


@task("mail_address_claimed.v1", lane="outside")
def mail_address_claimed(person_id: PersonId, email: str) -> None:
    """Tell whoever reads the address so far that another one is to take its place."""
    person = Person.objects.filter(id=person_id, email_verified=True).first()
    if person is None or person.email != email:
        return
    mail.send(
        email,
        _("Another e-mail address for @%(username)s") % {"username": person.username},
        _(
            "Somebody who knows your password wants @%(username)s on Heliograph to have another e-mail address."
        )
        % {"username": person.username},
        _(
            "If it was not you, set a new password now: the link that was sent there is then good for nothing."
        ),
    )


@task("mail_verification.v1", lane="outside")
def mail_verification(person_id: PersonId, email: str, by: str = "") -> None:
    """Send the link; made here, so that no queue ever holds it. `by`: the print of the password it was asked with."""
    person = Person.objects.filter(id=person_id).first()
    if person is None or _claim(person, email).verified:
        return
    if by and by != links.print_of_hash(person.password):
        return
    token = links.seal("verify", LIVES, person=person.id, email=email, print=links.print_of_address(person))
    mail.send(
        email,
        _("Is this your e-mail address?"),
        _("@%(username)s on Heliograph gave this address. If that is you, open this page and confirm it:")
        % {"username": person.username},
        links.address("verify", token),
        _("The link works for three days. If it is not you, do nothing: the address stays unconfirmed."),
    )
