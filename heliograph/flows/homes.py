"""Writing to a person's home, which may not have been made yet.

Sign-up commits in the directory; the home rows follow by a job. Whoever comes first, a like from the other
side of the network or the job, makes them: once, from what the directory says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from heliograph.accounts import home
from heliograph.accounts.models import Person
from heliograph.core.errors import NotFound
from heliograph.sharding import sessions
from heliograph.sharding.queue import task
from heliograph.sharding.sessions import Tx

T = TypeVar("T")


def write(person_id: int, body: Callable[[Tx], T], *, repeatable: bool = False, of_photo: bool = True) -> T:
    """`sessions.write`, and when the body finds that a home is missing, make it and run the body again.

    NotFound when the directory knows nobody with that id.
    """
    for _ in range(3):
        try:
            return sessions.write(person_id, body, repeatable=repeatable, of_photo=of_photo)
        except home.HomeMissing as missing:
            ensure(missing.person_ids)
    return sessions.write(person_id, body, repeatable=repeatable, of_photo=of_photo)


def write_person(person_id: int, body: Callable[[Tx], T], *, repeatable: bool = False) -> T:
    """The same where the id is a person's and not a photo's: no copy of a photo goes by it."""
    return write(person_id, body, repeatable=repeatable, of_photo=False)


def ensure(person_ids: Iterable[int]) -> None:
    """Make the home rows of these people; NotFound when one of them does not exist."""
    wanted = set(person_ids)
    known = {
        id: (username, full_name)
        for id, username, full_name in Person.objects.filter(id__in=wanted).values_list(
            "id", "username", "full_name"
        )
    }
    if wanted - known.keys():
        raise NotFound(cause=f"nobody has id {sorted(wanted - known.keys())}")
    for id, names in known.items():
        settle(id, *names)


def settle(person_id: int, username: str, full_name: str) -> None:
    """Make the home rows of somebody whose names are known; nothing happens where they are."""
    sessions.write(
        person_id, lambda tx: home.ensure(tx, person_id, username, full_name), repeatable=True, of_photo=False
    )


def at_home(person_id: int, read: Callable[[], T]) -> T:
    """What `read` gives about somebody who asks for themself: who signed up a moment ago has a home by then."""
    try:
        return read()
    except NotFound:
        ensure([person_id])
        return read()


@task("make_home.v1", lane="feed")
def make(person_id: int) -> None:
    """The job that follows a sign-up."""
    try:
        ensure([person_id])
    except NotFound:
        return  # the account was taken back before its home was made
