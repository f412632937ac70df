"""What the directory forgets of somebody who is gone: all but an id, and for a while the name, so that nobody takes it.

Links, mentions and habits still mean whoever had the name; somebody else under it would be taken for them.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from heliograph.accounts import names
from heliograph.accounts.models import Person, PersonWord, Report, RetiredName
from heliograph.core import clock
from heliograph.sharding.ids import PersonId

NAME_RESTS: Final = timedelta(days=30)


def empty(person_id: PersonId) -> None:
    """Empty the person's row and drop what hangs on it, in a transaction of the directory. May be repeated."""
    person = Person.objects.select_for_update(no_key=True).get(id=person_id)
    name = names.of_nobody(person_id)
    if person.username != name:
        RetiredName.objects.update_or_create(
            name=person.username, defaults={"until": clock.now() + NAME_RESTS}
        )
    PersonWord.objects.filter(person_id=person_id).delete()
    Report.objects.filter(reporter_id=person_id).delete()
    Report.objects.filter(owner_id=person_id).update(seen="")  # their words; that somebody told stays
    Person.objects.filter(id=person_id).update(
        username=name,
        email="",
        email_verified=False,
        password="!",  # noqa: S106 - Django's mark for what no password matches
        full_name="",
        avatar="",
        is_administrator=False,
        is_active=False,
        state="deleted",
    )


def sweep() -> int:
    """Free the names that have rested long enough; how many."""
    return RetiredName.objects.filter(until__lte=clock.now()).delete()[0]
