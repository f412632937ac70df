"""The cast: Alice, Bob (follows Alice), Carol (private), Dave (whom Alice blocked), on both nodes.

make_person("erin", private=True, shard=7)
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any
from unittest import mock

from heliograph.accounts.models import Person
from heliograph.flows import homes
from heliograph.sharding import map, sessions

PASSWORD = "correct horse battery staple"
#: Where the cast lives: shards 1-4 are on node 1, 5-8 on node 2.
HOMES = {"alice": 1, "bob": 5, "carol": 6, "dave": 2}

_addresses = itertools.count(1)


@dataclass(frozen=True)
class Somebody:
    """A person of the cast."""

    id: int
    username: str
    password: str = PASSWORD

    @property
    def email(self) -> str:
        return f"{self.username}@example.org"


def make_person(
    username: str, *, private: bool = False, shard: int | None = None, full_name: str = ""
) -> Somebody:
    """Somebody new, with a home. Through the sign-up flow where there is one; else by hand."""
    sign_up = _flow("sign_up")
    with living_in(shard):
        person_id = _signed_up(sign_up, username, full_name) if sign_up else _by_hand(username, full_name)
    homes.ensure([person_id])
    if private:
        _make_private(person_id)
    return Somebody(person_id, username)


@contextmanager
def living_in(shard: int | None) -> Iterator[None]:
    """Whoever signs up inside the block gets a home in this shard."""
    if shard is None:
        yield
        return
    with mock.patch.object(map, "pick_open_shard", lambda: shard):
        yield


def _signed_up(sign_up: Any, username: str, full_name: str) -> int:
    number = next(_addresses)
    address = (
        f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"  # each from an address of their own
    )
    person_id: int = sign_up.sign_up(
        username, f"{username}@example.org", PASSWORD, full_name, address=address
    )
    return person_id


def _by_hand(username: str, full_name: str) -> int:
    shard = map.pick_open_shard()

    def body(tx: sessions.DirectoryTx) -> int:
        person_id: int = tx.value("SELECT public.next_id(%s, 'public.person_id_seq')", (shard,))
        person = Person(id=person_id, username=username, email=f"{username}@example.org", full_name=full_name)
        person.set_password(PASSWORD)
        person.save(force_insert=True)
        return person_id

    return sessions.directory(body)


def _make_private(person_id: int) -> None:
    edit_profile = _flow("edit_profile")
    if edit_profile:
        edit_profile.edit(person_id, private=True)
        return
    sql = "UPDATE {s}.person SET private = true, face_version = face_version + 1 WHERE id = %s"
    sessions.write(person_id, lambda tx: tx.run(sql, (person_id,)))
    Person.objects.filter(id=person_id).update(private=True)


def _flow(name: str) -> Any:
    """A module of flows, or None while nobody has written it."""
    try:
        return import_module(f"heliograph.flows.{name}")
    except ModuleNotFoundError as error:
        if error.name != f"heliograph.flows.{name}":
            raise
        return None


def follow(actor: Somebody, owner: Somebody) -> None:
    flow = _flow("follow")
    if flow:
        flow.follow(actor.id, owner.id)


def block(actor: Somebody, target: Somebody) -> None:
    flow = _flow("block")
    if flow:
        flow.block(actor.id, target.id)
