"""Links in mails: for one thing, for a while, and made by us."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.urls import resolve

from heliograph.accounts import links
from heliograph.accounts.errors import BadLink
from heliograph.core import clock


@pytest.fixture(autouse=True)
def clock_is_put_right_again() -> Iterator[None]:
    yield
    clock.shift(timedelta())


def test_facts_come_back() -> None:
    token = links.seal("reset", timedelta(hours=1), person=2**62, print="x")
    facts = links.unseal("reset", token)
    assert (facts["person"], facts["print"]) == (2**62, "x")


def test_a_link_is_for_one_thing() -> None:
    with pytest.raises(BadLink):
        links.unseal("verify", links.seal("reset", timedelta(hours=1), person=1))


def test_a_link_grows_old() -> None:
    token = links.seal("reset", timedelta(hours=1), person=1)
    clock.shift(timedelta(minutes=59))
    links.unseal("reset", token)
    clock.shift(timedelta(minutes=61))
    with pytest.raises(BadLink):
        links.unseal("reset", token)


@pytest.mark.parametrize(
    "token",
    ["", ".", "a.b", "\0", "😀", "x" * 10_000, "eyJwZXJzb24iOjF9.", "eyJwZXJzb24iOjF9.AAAA", "\ud800.x"],
)
def test_what_we_did_not_make_is_refused(token: str) -> None:
    with pytest.raises(BadLink):
        links.unseal("reset", token)


def test_a_changed_letter_is_noticed() -> None:
    token = links.seal("reset", timedelta(hours=1), person=1)
    for place in range(0, len(token), 7):
        changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        with pytest.raises(BadLink):
            links.unseal("reset", changed)


@pytest.mark.parametrize(
    ("kind", "name"),
    [("verify", "verify-address"), ("reset", "reset-password"), ("administrator", "administrator-link")],
)
def test_mails_and_the_table_of_addresses_agree(kind: str, name: str) -> None:
    token = links.seal("reset", timedelta(hours=1), person=1)
    found = resolve(links.PATHS[kind].format(token=token))
    assert found.url_name == name
    assert found.kwargs == {"token": token}


def test_an_address_is_absolute_and_never_of_the_host_header() -> None:
    assert links.address("reset", "x") == "http://testserver/password/reset/x"
