"""Addresses: claimed by anybody, had by the first who proves it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from heliograph.accounts.errors import AddressTaken, BadLink, WrongPassword
from heliograph.accounts.models import Person
from heliograph.core import clock
from heliograph.core.errors import Invalid, Limited
from heliograph.flows import email_addresses, passwords, sign_in, sign_up
from tests.harness.people import PASSWORD
from tests.parts.accounts.test_passwords_changed import HERE, mailbox, token

__all__ = ["mailbox"]  # the fixture


def test_signing_up_sends_a_link_that_verifies(alice: Any, mailbox: Any) -> None:
    (message,) = mailbox()
    assert message.to == ["alice@example.org"]
    claim = email_addresses.look(token(message))
    assert (claim.username, claim.email, claim.verified) == ("alice", "alice@example.org", False)
    assert not email_addresses.of(alice.id).verified  # looking is not verifying
    assert email_addresses.verify(token(message)).verified
    assert email_addresses.of(alice.id).verified
    assert sign_in.prove("alice@example.org", PASSWORD, address=HERE).person_id == alice.id


def test_a_second_click_finds_it_done(alice: Any, mailbox: Any) -> None:
    (message,) = mailbox()
    for _ in range(2):
        assert email_addresses.verify(token(message)).verified
        assert email_addresses.look(token(message)).verified


def test_several_may_claim_an_address_and_the_first_to_verify_has_it(mailbox: Any, network: Any) -> None:
    for name, email in (("erin", "family@example.org"), ("frank", "Family@example.org")):
        sign_up.sign_up(name, email, PASSWORD, address=None)
    links = {m.body.split("@")[1].split(" ")[0]: token(m) for m in mailbox()}
    email_addresses.verify(links["frank"])
    with pytest.raises(AddressTaken):
        email_addresses.verify(links["erin"])
    frank = Person.objects.get(username="frank")
    assert sign_in.prove("family@example.org", PASSWORD, address=HERE).person_id == frank.id
    assert not Person.objects.get(username="erin").email_verified


def test_a_link_grows_old(alice: Any, mailbox: Any) -> None:
    (message,) = mailbox()
    clock.shift(email_addresses.LIVES + timedelta(seconds=1))
    with pytest.raises(BadLink):
        email_addresses.verify(token(message))


def test_a_new_claim_ends_the_link_of_the_old_one(alice: Any, mailbox: Any) -> None:
    (old,) = mailbox()
    email_addresses.change(alice.id, "new@example.org", PASSWORD)
    (new,) = mailbox()
    assert new.to == ["new@example.org"]
    with pytest.raises(BadLink):
        email_addresses.verify(token(old))
    assert email_addresses.verify(token(new)).email == "new@example.org"


def test_a_verified_address_stays_until_its_successor_is_verified(alice: Any, mailbox: Any) -> None:
    (first,) = mailbox()
    email_addresses.verify(token(first))
    email_addresses.change(alice.id, "new@example.org", PASSWORD)
    assert email_addresses.of(alice.id).email == "alice@example.org"
    second, told = sorted(mailbox(), key=lambda message: message.to, reverse=True)
    assert (second.to, told.to) == (["new@example.org"], ["alice@example.org"])
    assert "Somebody who knows your password" in told.body
    email_addresses.verify(token(second))
    assert email_addresses.of(alice.id) == email_addresses.Claim(alice.id, "alice", "new@example.org", True)
    with pytest.raises(BadLink):  # nor does an old link bring the old address back
        email_addresses.verify(token(first))


def test_a_new_password_ends_what_was_claimed_with_the_old_one(
    alice: Any, mailbox: Any, run_jobs: Any
) -> None:
    """Whoever had the old one would have the account by the link in their own mailbox."""
    email_addresses.verify(token(mailbox()[0]))
    email_addresses.change(alice.id, "mallory@example.net", PASSWORD)
    links = [message for message in mailbox() if message.to == ["mallory@example.net"]]
    email_addresses.change(alice.id, "mallory@example.com", PASSWORD)  # its mail waits
    passwords.change(alice.id, PASSWORD, "another walk along the sea")
    assert ["mallory@example.com"] not in [message.to for message in mailbox()]
    for link in links:
        with pytest.raises(BadLink):
            email_addresses.verify(token(link))
    assert email_addresses.of(alice.id).email == "alice@example.org"


def test_an_open_browser_is_not_enough_to_change_it(alice: Any) -> None:
    with pytest.raises(WrongPassword) as refusal:
        email_addresses.change(alice.id, "new@example.org", "wrong")
    assert list(refusal.value.fields) == ["password"]
    assert email_addresses.of(alice.id).email == "alice@example.org"


def test_an_address_that_somebody_has_is_not_told(alice: Any, bob: Any, mailbox: Any) -> None:
    Person.objects.filter(id=bob.id).update(email_verified=True)
    email_addresses.change(alice.id, "bob@example.org", PASSWORD)
    assert ["bob@example.org"] in [message.to for message in mailbox()]


@pytest.mark.parametrize(
    "email", ["", "x", "a@b@c", "\0@example.org", "x" * 10_000, "a@example.org\nBcc: b@example.org"]
)
def test_bad_input(alice: Any, email: str) -> None:
    with pytest.raises(Invalid) as refusal:
        email_addresses.change(alice.id, email, PASSWORD)
    assert list(refusal.value.fields) == ["email"]


def test_the_link_is_sent_again_but_not_for_ever(alice: Any, mailbox: Any) -> None:
    mailbox()
    email_addresses.ask_again(alice.id)
    assert len(mailbox()) == 1
    with pytest.raises(Limited):
        for _ in range(email_addresses.MAILS_PER_HOUR):
            email_addresses.ask_again(alice.id)


def test_not_to_a_verified_address(alice: Any, mailbox: Any) -> None:
    mailbox()
    Person.objects.filter(id=alice.id).update(email_verified=True)
    email_addresses.ask_again(alice.id)
    assert mailbox() == []


@pytest.mark.parametrize("bad", ["", "x", "a.b", "\0", "😀", "x" * 10_000])
def test_a_link_that_we_did_not_send(network: Any, bad: str) -> None:
    with pytest.raises(BadLink):
        email_addresses.look(bad)
    with pytest.raises(BadLink):
        email_addresses.verify(bad)
