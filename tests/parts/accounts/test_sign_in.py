"""Signing in: by name or verified address, the same answer and the same work for every mistake."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from django.contrib.auth import hashers
from django.db import connection

from heliograph.accounts import entry, passwords
from heliograph.accounts.errors import BadCredentials, Suspended
from heliograph.accounts.models import Person
from heliograph.core import environment
from heliograph.core.errors import Limited
from heliograph.flows import passwords as change_password
from heliograph.flows import sign_in, web_sessions
from heliograph.sharding import sessions
from tests.harness.people import PASSWORD

HERE = "203.0.113.7"


def known(login: str) -> entry.Known:
    found = entry.known(sessions.reader().directory, login)
    assert found is not None
    return found


@pytest.mark.parametrize("login", ["alice", "Alice", " ALICE ", "ａｌｉｃｅ"])
def test_by_name_however_it_is_typed(alice: Any, login: str) -> None:
    assert sign_in.prove(login, PASSWORD, address=HERE).person_id == alice.id


@pytest.mark.parametrize("login", ["alice@example.org", "Alice@Example.ORG", " alice@example.org "])
def test_by_address_once_it_is_verified(alice: Any, login: str) -> None:
    with pytest.raises(BadCredentials):
        sign_in.prove(login, PASSWORD, address=HERE)
    Person.objects.filter(id=alice.id).update(email_verified=True)
    assert sign_in.prove(login, PASSWORD, address=HERE).person_id == alice.id


@pytest.mark.parametrize(
    "password", ["", "wrong", PASSWORD.upper(), PASSWORD + " ", "\0", "x" * 10_000, "\ud800", "😀"]
)
def test_a_wrong_password_is_refused(alice: Any, password: str) -> None:
    with pytest.raises(BadCredentials):
        sign_in.prove("alice", password, address=HERE)


@pytest.mark.parametrize(
    "login",
    [
        "",
        "nobody",
        "nobody@example.org",
        "@",
        "al\0ice",
        "alice\0@example.org",
        "\ud800",
        "\ud800@example.org",
        "\u202ealice",
        "😀",
        "عائشة",
        "x" * 10_000,
        "x" * 10_000 + "@example.org",
        "alice' OR 1=1 --",
        "%",
        "_____",
        "settings",
    ],
)
def test_an_unknown_name_gets_the_same_answer_after_the_same_work(
    alice: Any, login: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = [_work("alice", monkeypatch), _work(login, monkeypatch)]
    assert work[0] == work[1]


def _work(login: str, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, ...]:
    """What is said, how often a password was hashed, how often the directory was asked."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    passwords._nobody()
    hashed: list[str] = []
    check = hashers.check_password

    def counted(password: str, encoded: str, *more: Any) -> bool:
        hashed.append(encoded)
        return check(password, encoded, *more)

    with monkeypatch.context() as counting, CaptureQueriesContext(connection) as queries:
        counting.setattr(passwords, "check_password", counted)
        with pytest.raises(BadCredentials) as refusal:
            sign_in.prove(login, "wrong password", address=HERE)
    return (str(refusal.value), len(hashed), len(queries))


def test_so_many_attempts_from_one_address(alice: Any) -> None:
    for number in range(environment.get().sign_ins_per_minute):
        with pytest.raises(BadCredentials):
            sign_in.prove(f"name{number}", "wrong", address=HERE)
    with pytest.raises(Limited):
        sign_in.prove("alice", PASSWORD, address=HERE)
    assert sign_in.prove("alice", PASSWORD, address="203.0.113.8").person_id == alice.id


@pytest.mark.parametrize("login", ["alice", "nobody"])
def test_so_many_attempts_at_one_name_from_everywhere(alice: Any, login: str) -> None:
    spellings = [login, login.upper(), f" {login}", f"{login} "]
    for number in range(environment.get().sign_ins_per_minute):
        with pytest.raises(BadCredentials):
            sign_in.prove(spellings[number % 4], "wrong", address=f"198.51.100.{number}")
    with pytest.raises(Limited):
        sign_in.prove(login, PASSWORD, address=HERE)
    with pytest.raises(BadCredentials):
        sign_in.prove("another", "wrong", address=HERE)


def test_suspended_is_told_only_to_who_knows_the_password(alice: Any) -> None:
    sql = "UPDATE {s}.person SET state = %s WHERE id = %s"
    sessions.write(alice.id, lambda tx: tx.run(sql, ("suspended", alice.id)))
    Person.objects.filter(id=alice.id).update(state="suspended")
    with pytest.raises(BadCredentials):
        sign_in.prove("alice", "wrong", address=HERE)
    with pytest.raises(Suspended):
        sign_in.prove("alice", PASSWORD, address=HERE)


def test_a_password_of_an_older_way_of_hashing_is_hashed_anew(alice: Any) -> None:
    old = hashers.make_password(PASSWORD, hasher="argon2")  # the tests' first hasher is another
    Person.objects.filter(id=alice.id).update(password=old)
    sign_in.prove("alice", PASSWORD, address=HERE)
    assert Person.objects.get(id=alice.id).password.startswith("md5$")


def test_but_never_over_a_password_that_was_changed_meanwhile(alice: Any) -> None:
    person = known("alice")
    Person.objects.filter(id=alice.id).update(password="changed meanwhile")
    proof = sign_in.Proof(alice.id, person.password)
    keep = sign_in._upgrade(person, proof, PASSWORD)
    assert keep is not None
    keep("the old one, hashed anew")
    assert Person.objects.get(id=alice.id).password == "changed meanwhile"
    assert proof.password == person.password


def test_two_who_sign_in_while_a_password_is_hashed_anew_both_come_in(alice: Any) -> None:
    older = hashers.make_password(PASSWORD, hasher="argon2")  # the tests' first hasher is another
    Person.objects.filter(id=alice.id).update(password=older)
    person = known("alice")
    proof = sign_in.Proof(alice.id, older)
    keep = sign_in._upgrade(person, proof, PASSWORD)
    assert keep is not None
    quicker = sign_in.prove("alice", PASSWORD, address=HERE)
    keep(hashers.make_password(PASSWORD))
    for each in (proof, quicker):
        assert sign_in.issue_token(alice.id, proof=each)


def test_who_proved_the_old_password_does_not_come_in_after_another_was_set(alice: Any) -> None:
    proof = sign_in.prove("alice", PASSWORD, address=HERE)
    change_password.change(alice.id, PASSWORD, "another walk along the sea")
    for come_in in (web_sessions.open, sign_in.issue_token):
        with pytest.raises(BadCredentials):
            come_in(alice.id, proof=proof)
    assert web_sessions.open(
        alice.id, proof=sign_in.prove("alice", "another walk along the sea", address=HERE)
    )


def test_a_password_that_is_hashed_anew_while_signing_in_lets_one_in(alice: Any) -> None:
    older = hashers.make_password(PASSWORD, hasher="argon2")  # the tests' first hasher is another
    Person.objects.filter(id=alice.id).update(password=older)
    proof = sign_in.prove("alice", PASSWORD, address=HERE)
    assert Person.objects.get(id=alice.id).password == proof.password != older
    assert sign_in.issue_token(alice.id, proof=proof)


@pytest.mark.parametrize("login", ["alice", "nobody"])
def test_nobody_keeps_a_connection_while_a_password_is_hashed(
    alice: Any, login: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sixteen who signed in at once held all eight connections for as long as their hashing took."""
    held = []
    matches = passwords.matches

    def watched(*args: Any) -> bool:
        held.append(connection.connection is not None)
        return matches(*args)

    monkeypatch.setattr(passwords, "matches", watched)
    with contextlib.suppress(BadCredentials):
        sign_in.prove(login, PASSWORD, address=None)
    assert held == [False]
