"""What concerns security is in the log: who came in, who did not, what was changed; by numbers, without names."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from heliograph.accounts import links
from heliograph.accounts.errors import BadCredentials, Suspended, WrongPassword
from heliograph.accounts.models import Person
from heliograph.core import environment, logs
from heliograph.core.errors import Limited
from heliograph.flows import administrators, delete_account, email_addresses, passwords, sign_in, suspend
from tests.harness.people import PASSWORD

HERE = "203.0.113.7"
NEW = "seven small stones in a river"

Heard = Callable[[], list[tuple[str, dict[str, Any]]]]


@pytest.fixture
def heard(caplog: pytest.LogCaptureFixture) -> Heard:
    """The events since the last call; and nothing that was said is a secret or a name."""
    caplog.set_level(logging.INFO, "heliograph.security")

    def take() -> list[tuple[str, dict[str, Any]]]:
        records = [it for it in caplog.records if it.name == "heliograph.security"]
        said = "\n".join(logs.Line().format(it) + logs.Json().format(it) for it in records)
        for secret in (PASSWORD, NEW, "wrong", "alice", "example.org"):
            assert secret not in said
        caplog.clear()
        return [(it.event, it.facts) for it in records]  # type: ignore[attr-defined]

    return take


def test_coming_in_and_not(alice: Any, heard: Heard) -> None:
    sign_in.prove("alice", PASSWORD, address=HERE)
    for login in ("alice", "Alice", "nobody"):
        with pytest.raises(BadCredentials):
            sign_in.prove(login, "wrong", address=HERE)
    (came, first, second, other) = heard()
    assert came == (
        "sign_in",
        {"outcome": "welcome", "address": HERE, "name": came[1]["name"], "person": alice.id},
    )
    assert first == second == ("sign_in", {"outcome": "refused", "address": HERE, "name": came[1]["name"]})
    assert other[1]["name"] != came[1]["name"]


def test_who_guesses_without_end_is_told_once(
    alice: Any, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment, "_current", replace(environment.get(), sign_ins_per_minute=1))
    with pytest.raises(BadCredentials):
        sign_in.prove("alice", "wrong", address=HERE)
    for _ in range(3):
        with pytest.raises(Limited):
            sign_in.prove("alice", "wrong", address=HERE)
    assert [it for it in heard() if it[0] == "limited"] == [
        ("limited", {"limit": "sign_in_address", "who": HERE})
    ]


def test_passwords(alice: Any, heard: Heard) -> None:
    with pytest.raises(WrongPassword):
        passwords.change(alice.id, "wrong", NEW)
    passwords.change(alice.id, PASSWORD, NEW)
    Person.objects.filter(id=alice.id).update(email_verified=True)
    person = Person.objects.get(id=alice.id)
    passwords.reset(
        links.seal("reset", passwords.LIVES, person=person.id, print=links.print_of_password(person)),
        PASSWORD,
    )
    assert heard() == [
        ("password_refused", {"person": alice.id}),
        ("password_changed", {"person": alice.id, "by": "the old one"}),
        ("password_changed", {"person": alice.id, "by": "a link from a mail"}),
    ]


def test_addresses(alice: Any, heard: Heard) -> None:
    with pytest.raises(WrongPassword):
        email_addresses.change(alice.id, "new@example.org", "wrong")
    email_addresses.change(alice.id, "new@example.org", PASSWORD)
    assert heard() == [("password_refused", {"person": alice.id}), ("email_claimed", {"person": alice.id})]


def test_the_administrator_and_what_is_done_to_accounts(alice: Any, bob: Any, heard: Heard) -> None:
    administrators.claim(administrators.make_link().rsplit("/", 1)[1], alice.id)
    suspend.suspend(bob.id)
    with pytest.raises(Suspended):
        sign_in.prove("bob", PASSWORD, address=HERE)
    suspend.restore(bob.id)
    delete_account.ask(bob.id, PASSWORD)
    events = heard()
    assert [name for name, _ in events] == [
        "administrator_made", "state_set", "sign_in", "state_set", "account_leaving",
    ]  # fmt: skip
    assert events[1][1] == {"person": bob.id, "state": "suspended"}
    assert events[2][1]["outcome"] == "suspended"
