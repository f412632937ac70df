"""The first administrator: made by a link that works once, for 24 hours, and only while there is none.

The link is printed where only the operator looks (`bin/up`, `heliograph admin link`); the directory keeps its hash.
"""

from __future__ import annotations

from datetime import timedelta

from django.db.models import QuerySet

from heliograph.accounts import credentials, links
from heliograph.accounts.errors import AdministratorExists, BadLink
from heliograph.accounts.models import AdministratorLink, Person
from heliograph.core import clock, logs
from heliograph.flows import sign_in
from heliograph.sharding import sessions
from heliograph.sharding.ids import PersonId
from heliograph.sharding.sessions import DirectoryTx

LIVES = timedelta(hours=24)
_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(4242003)"  # two claims, or a claim and a new link


def exists() -> bool:
    """Whether somebody is an administrator."""
    return Person.objects.filter(is_administrator=True).exists()


def is_one(person_id: PersonId) -> bool:
    """Whether this person is an administrator; asked of the directory each time."""
    return Person.objects.filter(id=person_id, is_administrator=True).exists()


def make_link() -> str:
    """A new link, as an absolute address, told only now; older ones end. AdministratorExists."""
    secret = credentials.new_link_secret()

    def body(tx: DirectoryTx) -> None:
        tx.row(_ONE_AT_A_TIME)
        if exists():
            raise AdministratorExists()
        AdministratorLink.objects.filter(used_by=None).delete()
        now = clock.now()
        AdministratorLink.objects.create(
            sha256=credentials.sha256(secret), created_at=now, expires_at=now + LIVES
        )

    sessions.directory(body)
    return links.address("administrator", secret)


def look(token: str) -> None:
    """BadLink, AdministratorExists, or nothing: the link can be claimed. Changes nothing."""
    if exists():
        raise AdministratorExists()
    if not _good(token).exists():
        raise BadLink()


def claim(token: str, person_id: PersonId) -> None:
    """This person is the administrator now, and the link is used. BadLink; AdministratorExists."""

    def body(tx: DirectoryTx) -> None:
        tx.row(_ONE_AT_A_TIME)
        if exists():
            raise AdministratorExists()
        sign_in.enter(tx, person_id)
        if not _good(token).update(used_by=person_id):
            raise BadLink()
        Person.objects.filter(id=person_id).update(is_administrator=True)

    sessions.directory(body)
    logs.event("administrator_made", person=person_id)


def _good(token: str) -> QuerySet[AdministratorLink]:
    sha256 = credentials.sha256(token)
    return AdministratorLink.objects.filter(sha256=sha256, used_by=None, expires_at__gt=clock.now())
