"""Looking around: in the demo, whoever sits at this machine may be one of its people, whose password nobody knows.

Whether this network is a demo, and whether the visitor sits here, is for the door to say.
"""

from __future__ import annotations

from heliograph.accounts.models import Person
from heliograph.core.errors import NotFound
from heliograph.sharding.ids import PersonId

GUIDE = "alice"  # who one looks around as
_DOMAIN = "demo.invalid"  # nobody can have an address there (RFC 2606), so no mail ever leaves for it


def address_of(name: str) -> str:
    """The e-mail address with which a person of the demo is signed up."""
    return f"{name}@{_DOMAIN}"


def guide() -> PersonId:
    """Whom visitors look around as. NotFound when there is nobody of the demo here."""
    found = Person.objects.filter(username=GUIDE, email=address_of(GUIDE), state="active").first()
    if found is None:
        raise NotFound(cause="the guide of the demo is not here")
    return found.id
