"""People without a password: a row in the directory and a home, made in a few milliseconds."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from heliograph.accounts.models import Person
from heliograph.flows import homes
from heliograph.sharding import sessions

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Made:
    id: int
    username: str


def somebody(shard: int) -> Made:
    """Somebody new who lives in this shard."""

    def body(tx: sessions.DirectoryTx) -> Made:
        person_id: int = tx.value("SELECT public.next_id(%s, 'public.person_id_seq')", (shard,))
        name = f"s{next(_numbers)}"
        Person(id=person_id, username=name, password="!").save(force_insert=True)
        return Made(person_id, name)

    made = sessions.directory(body)
    homes.ensure([made.id])
    return made
