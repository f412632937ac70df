"""Deleting one's account: a state first, which every read obeys at once, and after some days of grace for good.

    active --ask--> deleting --`account_grace_days`--> emptied, chunk by chunk (flows/empty_account.py) --> deleted
       '<--keep--------'

At home, since every read asks there; all else leaves with that transaction: sessions and tokens end, the directory
hears of it, a mail says until when it can be taken back. Whoever signs in meanwhile is asked whether they want to stay.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from heliograph.accounts import home, links, mail, passwords, states
from heliograph.accounts.errors import BadLink, Gone, Suspended, WrongPassword
from heliograph.accounts.home import Home
from heliograph.accounts.models import Person
from heliograph.core import clock, environment, limits, logs, metrics
from heliograph.core.errors import NotFound
from heliograph.flows import edit_profile, homes, revoke
from heliograph.flows import empty_account as _its_task_is_enqueued_here  # noqa: F401
from heliograph.flows.passwords import TRIES_PER_MINUTE
from heliograph.sharding import sessions
from heliograph.sharding.ids import PersonId
from heliograph.sharding.queue import task
from heliograph.sharding.sessions import Tx

_UNDER_WAY = timedelta(seconds=30)  # longer than a request that began before may still write
_DECIDES = timedelta(minutes=30)  # how long the question after signing in can be answered


def ask(person_id: PersonId, password: str) -> datetime:
    """Ask for one's account to be deleted; from when on it is. WrongPassword (field `password`); Suspended.

    Nobody sees them from now on, and nothing of theirs stands for them. May be repeated.
    """
    limits.spend("password_tries", person_id, allowed=TRIES_PER_MINUTE, seconds=60)
    person = Person.objects.filter(id=person_id).first()
    if person is None:
        raise NotFound(cause=f"nobody has id {person_id}")
    if not passwords.matches(password, person.password):
        error = WrongPassword()
        error.fields = {"password": error.sentence}
        raise error
    sessions.leave_directory()
    return begin(person_id, timedelta(days=environment.get().account_grace_days), by_themself=True)


@metrics.time("flow_seconds", flow="delete_account")
def begin(person_id: PersonId, grace: timedelta = timedelta(), *, by_themself: bool = False) -> datetime:
    """The same for whoever need not know the password: an operator, at once. Suspended people go, too, and who has
    asked themself goes at the earlier of both moments."""
    wanted = clock.now() + grace

    def change(person: Home) -> Home:
        if person.state == states.DELETED:
            raise Gone()
        if person.state == states.SUSPENDED and by_themself:
            raise Suspended()  # else they would be back by staying
        if _leaves_by(person, wanted):
            return person  # asked before
        return replace(person, state=states.DELETING, leaves_at=wanted)

    def body(tx: Tx) -> datetime:
        before = edit_profile.keep(tx, person_id, change)
        if _leaves_by(before, wanted):
            return before.leaves_at or clock.now()
        if before.state != states.DELETING:
            tx.enqueue("end_everything.v1", person_id=person_id)
            tx.enqueue("mail_leaving.v1", person_id=person_id)
        tx.enqueue("empty_account.v1", person_id=person_id, run_at=max(wanted, clock.now() + _UNDER_WAY))
        return wanted

    leaves_at = homes.write(person_id, body, repeatable=True)
    end_everything(person_id)
    metrics.count("accounts_leaving_total")
    logs.event("account_leaving", person=person_id)
    return leaves_at


def _leaves_by(person: Home, moment: datetime) -> bool:
    """Whether the account is emptied by then anyway, or is being emptied now."""
    return person.state == states.DELETING and (person.leaves_at is None or person.leaves_at <= moment)


@task("end_everything.v1", lane="feed")
def end_everything(person_id: PersonId) -> None:
    """The directory's half: nothing stands for them any more. Does nothing when they have decided to stay."""
    reader = sessions.reader()
    person = home.load(reader, [person_id]).get(person_id)
    if person is None or person.state not in (states.DELETING, states.DELETED):
        return
    rows = edit_profile.faces(reader, [(person_id, 0)])

    def body(tx: sessions.DirectoryTx) -> None:
        edit_profile.faces_arrive(tx, rows)
        revoke.everything(tx, person_id)

    sessions.directory(body)


def question(person_id: PersonId) -> tuple[str, datetime]:
    """For whoever has signed in to an account that is being deleted: what `keep` takes, and from when on it is gone.

    Gone when that moment is over.
    """
    person = Person.objects.get(id=person_id)
    there = home.load(sessions.reader(), [person_id])[person_id]
    if there.leaves_at is None or there.leaves_at <= clock.now():
        raise Gone()
    seal = links.seal(
        "keep", _DECIDES, person=person_id, leaves=_leaves(there), print=links.print_of_password(person)
    )
    return seal, there.leaves_at


def keep(seal: str) -> PersonId:
    """Keep the account after all; whose it is. BadLink; Gone; Suspended when an operator has decided otherwise.

    An answer counts once: whoever holds it signs somebody in.
    """
    facts = links.unseal("keep", seal)
    person = Person.objects.filter(id=int(facts["person"])).first()
    if person is None or not links.fits(facts, links.print_of_password(person)):
        raise BadLink(cause="another password by now")
    there = home.load(sessions.reader(), [PersonId(person.id)]).get(PersonId(person.id))
    if there is None or _leaves(there) != facts.get("leaves"):
        raise BadLink(cause="answered before")
    stay(person.id)
    return int(person.id)


def _leaves(person: Home) -> str:
    return person.leaves_at.isoformat() if person.leaves_at else ""


@metrics.time("flow_seconds", flow="keep_account")
def stay(person_id: PersonId) -> None:
    """As before: nothing of theirs was touched. Gone; Suspended. May be repeated."""

    def change(person: Home) -> Home:
        if person.state == states.SUSPENDED:
            raise Suspended()
        if person.state == states.ACTIVE:
            return person
        if person.leaves_at is None or person.leaves_at <= clock.now():
            raise Gone()
        return replace(person, state=states.ACTIVE, leaves_at=None)

    homes.write(person_id, lambda tx: edit_profile.keep(tx, person_id, change), repeatable=True)
    # Not left to the outbox: they are waiting to come in.
    rows = edit_profile.faces(sessions.reader(), [(person_id, 0)])
    sessions.directory(lambda tx: edit_profile.faces_arrive(tx, rows))


@task("mail_leaving.v1", lane="outside")
def mail_leaving(person_id: PersonId) -> None:
    """Tell the owner of an account, who may not be the one who asked."""
    person = Person.objects.filter(id=person_id, email_verified=True).first()
    there = home.load(sessions.reader(), [person_id]).get(person_id)
    if person is None or there is None or there.leaves_at is None:
        return
    days = max(1, round((there.leaves_at - clock.now()) / timedelta(days=1)))
    mail.send(
        person.email,
        _("@%(username)s will be deleted") % {"username": person.username},
        ngettext(
            "Somebody, probably you, asked for @%(username)s on Heliograph to be deleted. In %(days)s day all its"
            " photos, comments and likes are gone.",
            "Somebody, probably you, asked for @%(username)s on Heliograph to be deleted. In %(days)s days all its"
            " photos, comments and likes are gone.",
            days,
        )
        % {"username": person.username, "days": days},
        _("To keep it, sign in before then: %(address)s") % {"address": environment.get().url + "/sign-in"},
    )
