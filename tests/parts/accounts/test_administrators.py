"""The first administrator: one link, once, for a day, and only while there is none."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from heliograph.accounts.errors import AdministratorExists, BadLink, Suspended
from heliograph.accounts.models import AdministratorLink, Person
from heliograph.core import clock
from heliograph.core.errors import NotFound
from heliograph.flows import administrators
from tests.parts.accounts.threads import at_once


def token() -> str:
    address = administrators.make_link()
    assert address.startswith("http://testserver/administrator/")
    return address.rsplit("/", 1)[1]


def are() -> list[str]:
    return [person.username for person in Person.objects.filter(is_administrator=True)]


def test_the_link_makes_an_administrator_once(alice: Any, bob: Any) -> None:
    link = token()
    administrators.look(link)
    administrators.look(link)  # looking uses nothing up
    administrators.claim(link, alice.id)
    assert are() == ["alice"]
    for deed in (lambda: administrators.look(link), lambda: administrators.claim(link, bob.id)):
        with pytest.raises(AdministratorExists):
            deed()
    assert are() == ["alice"]


def test_only_its_hash_is_kept(network: Any) -> None:
    link = token()
    assert link.encode() not in bytes(AdministratorLink.objects.get().sha256)


def test_it_is_good_for_a_day(alice: Any) -> None:
    link = token()
    clock.shift(timedelta(hours=23, minutes=59))
    administrators.look(link)
    clock.shift(timedelta(hours=24, seconds=1))
    with pytest.raises(BadLink):
        administrators.look(link)
    with pytest.raises(BadLink):
        administrators.claim(link, alice.id)
    assert are() == []


def test_a_new_link_ends_the_old_one(alice: Any) -> None:
    old, new = token(), token()
    with pytest.raises(BadLink):
        administrators.claim(old, alice.id)
    administrators.claim(new, alice.id)


def test_there_is_no_link_once_there_is_one(alice: Any) -> None:
    administrators.claim(token(), alice.id)
    with pytest.raises(AdministratorExists):
        administrators.make_link()


@pytest.mark.parametrize("bad", ["", "x", "\0", "😀", "x" * 10_000, "\ud800", "../admin"])
def test_a_link_that_we_did_not_make(alice: Any, bad: str) -> None:
    token()
    with pytest.raises(BadLink):
        administrators.look(bad)
    with pytest.raises(BadLink):
        administrators.claim(bad, alice.id)


def test_nobody_and_the_suspended_do_not_become_one(alice: Any) -> None:
    link = token()
    with pytest.raises(NotFound):
        administrators.claim(link, 2**40)
    Person.objects.filter(id=alice.id).update(state="suspended")
    with pytest.raises(Suspended):
        administrators.claim(link, alice.id)
    Person.objects.filter(id=alice.id).update(state="active")
    administrators.claim(link, alice.id)


def test_of_two_who_claim_at_once_one_is_it(alice: Any, bob: Any) -> None:
    link = token()
    outcomes = at_once(*[lambda id=x.id: administrators.claim(link, id) for x in (alice, bob)])
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["AdministratorExists", "NoneType"]
    assert len(are()) == 1
