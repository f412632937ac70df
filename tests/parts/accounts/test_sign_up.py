"""Signing up: one transaction, a home, and no word about other people's addresses."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail

from heliograph.accounts import home, store
from heliograph.accounts.models import Person
from heliograph.core import environment, limits
from heliograph.core.errors import Invalid, Limited, Unavailable
from heliograph.flows import homes, sign_up
from heliograph.sharding import ids, map, sessions
from tests.harness.people import PASSWORD
from tests.parts.accounts.threads import at_once

pytestmark = pytest.mark.usefixtures("network")


def join(username: str = "erin", email: str = "erin@example.org", **more: Any) -> int:
    more = {"password": PASSWORD, "address": "203.0.113.7", **more}
    return sign_up.sign_up(username, email, more.pop("password"), **more)


def test_a_new_person_has_a_name_an_id_of_their_shard_and_a_home() -> None:
    id = join("Erin", " Erin@EXAMPLE.org ", full_name=" Erin  E. ")
    person = Person.objects.get(id=id)
    assert (person.username, person.email, person.full_name) == ("erin", "Erin@example.org", "Erin E.")
    assert not person.email_verified and not person.is_administrator
    assert ids.shard_of(id) in map.shards()
    at_home = home.load(sessions.reader(), [id])[id]
    assert (at_home.username, at_home.full_name, at_home.state, at_home.private) == (
        "erin",
        "Erin E.",
        "active",
        False,
    )


def test_the_home_follows_by_a_job_when_the_node_is_slow(
    monkeypatch: pytest.MonkeyPatch, run_jobs: Any
) -> None:
    def away(*_: Any) -> None:
        raise Unavailable(cause="a test")

    with monkeypatch.context() as slow:
        slow.setattr(homes, "settle", away)
        id = join()
    assert home.load(sessions.reader(), [id]) == {}
    run_jobs()
    assert home.load(sessions.reader(), [id])[id].username == "erin"


def test_all_or_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("a test")

    monkeypatch.setattr(sign_up.verification, "ask", broken)
    with pytest.raises(RuntimeError):
        join()
    assert not Person.objects.exists()


def test_a_name_that_is_taken_is_told() -> None:
    join()
    for typed in ("erin", "ERIN", "ｅｒｉｎ"):
        with pytest.raises(Invalid) as refusal:
            join(typed, "another@example.org")
        assert list(refusal.value.fields) == ["username"]
    assert Person.objects.count() == 1


def test_of_two_who_want_a_name_at_once_one_has_it() -> None:
    outcomes = at_once(join, join)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Invalid", "int"]
    assert Person.objects.count() == 1


def test_an_address_that_somebody_has_is_not_told(run_jobs: Any) -> None:
    Person.objects.filter(id=join()).update(email_verified=True)
    other = join("frank", "Erin@Example.org")
    assert not Person.objects.get(id=other).email_verified
    before = len(mail.outbox)  # of other tests
    run_jobs()
    assert {message.to[0] for message in mail.outbox[before:]} == {"Erin@example.org"}


def test_every_mistake_is_told_at_once() -> None:
    with pytest.raises(Invalid) as refusal:
        join("a..b", "nowhere", password="short", full_name="x" * 61)
    assert set(refusal.value.fields) == {"username", "email", "password", "full_name"}
    assert not Person.objects.exists()


@pytest.mark.parametrize(
    "bad", ["\0", "\u202e", "😀" * 10_000, "x" * 10_000, "\ud800", "'; DROP TABLE person; --"]
)
@pytest.mark.parametrize("field", ["username", "email", "password"])
def test_bad_input_is_a_sentence_at_its_field(field: str, bad: str) -> None:
    typed = {"username": "erin", "email": "erin@example.org", "password": PASSWORD, field: bad}
    if field == "password" and bad.startswith("'"):
        join(**typed)  # a fine password
        return
    with pytest.raises(Invalid) as refusal:
        join(**typed)
    assert list(refusal.value.fields) == [field]


def test_a_password_like_the_name_is_refused() -> None:
    with pytest.raises(Invalid) as refusal:
        join("wilhelmina", password="wilhelmina1")
    assert list(refusal.value.fields) == ["password"]


def test_one_address_opens_so_many_accounts_and_no_more() -> None:
    allowed = environment.get().sign_ups_per_hour
    for number in range(allowed):
        join(f"p{number}", f"p{number}@example.org")
    with pytest.raises(Limited) as limited:
        join("one.more")
    assert limited.value.retry_after_seconds > 0
    join("somebody.else", address="203.0.113.8")
    join("an.operator", address=None)


def test_a_customer_with_many_addresses_is_one_visitor() -> None:
    allowed = environment.get().sign_ups_per_hour
    for number in range(allowed):
        join(f"p{number}", f"p{number}@example.org", address=f"2001:db8::{number:x}")
    with pytest.raises(Limited):
        join("one.more", address="2001:db8::ffff:1")
    join("a.neighbour", address="2001:db8:0:1::1")


def test_typing_errors_cost_no_account() -> None:
    for _ in range(environment.get().sign_ups_per_hour + 1):
        with pytest.raises(Invalid):
            join("a..b")
    join()


def test_asking_for_taken_names_ends_somewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    join()
    asked = environment.get().sign_ups_per_hour * 10
    with pytest.raises(Limited):
        for _ in range(asked):
            with pytest.raises(Invalid):
                join()


def test_a_clash_of_ids_is_nobodys_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    first = join()
    joining, tried = store._JOIN, []

    def join_them(tx: Any, facts: dict[str, Any]) -> Any:
        clash = joining.replace("{s}.next_id(%(shard)s, '{s}.person_id_seq')", str(first))
        tried.append(clash if not tried else joining)
        return tx.value(tried[-1], facts)

    monkeypatch.setattr(store, "join", join_them)
    second = join("frank", "frank@example.org")
    assert second != first
    assert len(set(tried)) == len(tried) == 2


def test_limits_stay_when_valkey_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any) -> Any:
        raise Unavailable(cause="a test")

    monkeypatch.setattr(limits, "_SPEND", away)
    monkeypatch.setattr(limits, "_here", {})
    for number in range(environment.get().sign_ups_per_hour):
        join(f"p{number}", f"p{number}@example.org")
    with pytest.raises(Limited):
        join("one.more")
