"""Passwords: changed by who knows the old one, or by who reads the mail of a verified address.

Either way every other browser and every token of the person ends: somebody who changes a password wants the others out.
"""

from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext as _

from heliograph.accounts import credentials, entry, links, mail, names, passwords
from heliograph.accounts.errors import BadLink, WrongPassword
from heliograph.accounts.models import Person
from heliograph.core import addresses, limits, logs
from heliograph.core.errors import Conflict, NotFound
from heliograph.flows import revoke
from heliograph.sharding import sessions
from heliograph.sharding.ids import PersonId
from heliograph.sharding.queue import task
from heliograph.sharding.sessions import DirectoryTx

LIVES = timedelta(hours=2)
RESETS_PER_HOUR = 5  # asked for one name
RESETS_PER_HOUR_FROM_ONE_ADDRESS = 30
TRIES_PER_MINUTE = 10  # of the old password, by one person who is signed in
_LONGEST_LOGIN = 254  # characters


def change(person_id: PersonId, old: str, new: str, *, keep: str | None = None) -> None:
    """A new password. `keep` is the token or browser key that goes on; everything else of the person ends.

    WrongPassword (field `old`); Invalid (field `new`).
    """
    limits.spend("password_tries", person_id, allowed=TRIES_PER_MINUTE, seconds=60)
    person = Person.objects.filter(id=person_id).first()
    if person is None:
        raise NotFound(cause=f"nobody has id {person_id}")
    if not passwords.matches(old, person.password):
        logs.event("password_refused", person=person_id)
        error = WrongPassword()
        error.fields = {"old": error.sentence}
        raise error
    encoded = _hashed(person, new, "new")
    before = person.password

    def body(tx: DirectoryTx) -> None:
        if _locked(person_id).password != before:
            raise Conflict()  # changed elsewhere in these milliseconds
        _set(tx, person_id, encoded, but=None if keep is None else credentials.sha256(keep))

    sessions.directory(body)
    logs.event("password_changed", person=person_id, by="the old one")


def forgot(login: str, *, address: str | None) -> None:
    """Mail a link to the verified address of whoever has this name or address, if there is one.

    What is known is looked up by the job, so this does and answers the same for everybody.
    """
    login = "".join(char for char in login.strip()[:_LONGEST_LOGIN] if char.isprintable())
    if address is not None:
        where = addresses.household(address)
        limits.spend("forgot_address", where, allowed=RESETS_PER_HOUR_FROM_ONE_ADDRESS, seconds=3600)
    who = credentials.sha256(names.fold(login)).hex()[:32]
    limits.spend("forgot_name", who, allowed=RESETS_PER_HOUR, seconds=3600)
    sessions.directory(lambda tx: tx.enqueue("mail_reset.v1", login=login))


def look(token: str) -> str:
    """Whose password a link would set; BadLink."""
    facts = links.unseal("reset", token)
    return _fitting(Person.objects.filter(id=facts["person"]).first(), facts).username


def reset(token: str, new: str) -> PersonId:
    """Set a new password by a link from a mail, once. BadLink; Invalid (field `new`)."""
    facts = links.unseal("reset", token)
    id = int(facts["person"])
    encoded = _hashed(_fitting(Person.objects.filter(id=id).first(), facts), new, "new")

    def body(tx: DirectoryTx) -> None:
        # Under the lock: of two who use the link at once, the second finds another password.
        _fitting(_locked(id), facts)
        _set(tx, id, encoded)

    sessions.directory(body)
    logs.event("password_changed", person=id, by="a link from a mail")
    return id


def _fitting(person: Person | None, facts: dict[str, object]) -> Person:
    if person is None or not person.email_verified or not links.fits(facts, links.print_of_password(person)):
        raise BadLink(cause="used, or something has changed since")
    return person


def _hashed(person: Person, new: str, field: str) -> str:
    return passwords.new(
        new, username=person.username, email=person.email, full_name=person.full_name, field=field
    )


def _locked(person_id: PersonId) -> Person:
    person = Person.objects.select_for_update(no_key=True).filter(id=person_id).first()
    if person is None:
        raise NotFound(cause=f"nobody has id {person_id}")
    return person


def _set(tx: DirectoryTx, person_id: PersonId, encoded: str, *, but: bytes | None = None) -> None:
    Person.objects.filter(id=person_id).update(password=encoded)
    revoke.everything(tx, person_id, but=but)
    tx.enqueue("mail_password_changed.v1", person_id=person_id)


@task("mail_reset.v1", lane="outside")
def mail_reset(login: str) -> None:
    """Send the link to a verified address; nothing, where there is none."""
    known = entry.known(sessions.reader().directory, login)
    person = known and Person.objects.filter(id=known.id).first()
    if person is None or not person.email_verified:
        return
    token = links.seal("reset", LIVES, person=person.id, print=links.print_of_password(person))
    mail.send(
        person.email,
        _("A new password for @%(username)s") % {"username": person.username},
        _("Somebody, probably you, wants to set a new password for @%(username)s on Heliograph. Do it here:")
        % {"username": person.username},
        links.address("reset", token),
        _("The link works once, for two hours. If it was not you, do nothing: your password stays as it is."),
    )


@task("mail_password_changed.v1", lane="outside")
def mail_password_changed(person_id: PersonId) -> None:
    """Tell the owner of an account that its password is another one now."""
    person = Person.objects.filter(id=person_id, email_verified=True).first()
    if person is None:
        return
    mail.send(
        person.email,
        _("Your password was changed"),
        _("The password of @%(username)s on Heliograph was changed, and all other devices were signed out.")
        % {"username": person.username},
        _("If it was not you, set a new one now with “Forgotten password” on the page where you sign in."),
    )
