"""Who is meant by the @names in a text."""

from __future__ import annotations

from collections.abc import Collection

from heliograph.accounts.models import Person


def people(usernames: Collection[str]) -> dict[str, int]:
    """Ids by username, in lower case, of those who exist; one question to the directory, or none."""
    if not usernames:
        return {}
    found = Person.objects.filter(username__in=list(usernames), state="active")
    return dict(found.values_list("username", "id"))
