"""A request that comes twice is answered once."""

from __future__ import annotations

from typing import Any

import pytest

from heliograph.core.errors import Invalid
from heliograph.sharding import idempotency, sessions
from heliograph.sharding.idempotency import KeyReused
from heliograph.sharding.sessions import Tx
from tests.harness.people import Somebody
from tests.harness.threads import together


def asked(person: Somebody, key: str | None, body: bytes, made: list[int]) -> tuple[dict[str, Any], bool]:
    def make() -> dict[str, Any]:
        made.append(1)
        return {"id": len(made)}

    return sessions.write(
        person.id, lambda tx: idempotency.run(tx, person.id, "POST /things", key, body, make), repeatable=True
    )


def test_the_second_gets_the_answer_of_the_first(alice: Somebody) -> None:
    made: list[int] = []
    assert asked(alice, "k", b"1", made) == ({"id": 1}, False)
    assert asked(alice, "k", b"1", made) == ({"id": 1}, True)
    assert len(made) == 1


def test_without_a_key_each_is_a_deed_of_its_own(alice: Somebody) -> None:
    made: list[int] = []
    assert [asked(alice, None, b"1", made)[0]["id"] for _ in range(2)] == [1, 2]


def test_the_same_key_with_another_body_is_refused(alice: Somebody) -> None:
    asked(alice, "k", b"1", [])
    with pytest.raises(KeyReused):
        asked(alice, "k", b"2", [])


def test_keys_are_everybodys_own(alice: Somebody, make_person: Any) -> None:
    made: list[int] = []
    erin = make_person("erin", shard=1)
    asked(alice, "k", b"1", made)
    assert asked(erin, "k", b"2", made) == ({"id": 2}, False)


def test_a_deed_that_failed_may_be_tried_again_with_its_key(alice: Somebody) -> None:
    def fails() -> dict[str, Any]:
        raise KeyError

    with pytest.raises(KeyError):
        sessions.write(alice.id, lambda tx: idempotency.run(tx, alice.id, "POST /things", "k", b"1", fails))
    assert asked(alice, "k", b"1", []) == ({"id": 1}, False)


def test_two_at_once_are_one(alice: Somebody) -> None:
    made: list[int] = []
    answers = together(*[lambda: asked(alice, "k", b"1", made)] * 2)
    assert sorted(repeated for _, repeated in answers) == [False, True]
    assert [answer for answer, _ in answers] == [{"id": 1}, {"id": 1}]
    assert len(made) == 1


def test_a_key_that_is_too_long_is_refused(alice: Somebody) -> None:
    with pytest.raises(Invalid):
        asked(alice, "k" * 201, b"1", [])


def test_answers_are_forgotten_after_a_day(alice: Somebody) -> None:
    asked(alice, "k", b"1", [])

    def a_day_later(tx: Tx) -> int:
        tx.run("UPDATE {s}.idempotency SET at = at - interval '25 hours'")
        return idempotency.sweep(tx)

    assert sessions.write(alice.id, a_day_later) == 1


def test_a_key_that_no_database_takes_is_refused(alice: Somebody) -> None:
    made: list[int] = []
    for key in ("\0", "a\0b", "\x1b", "\n"):
        with pytest.raises(Invalid):
            asked(alice, key, b"1", made)
    assert not made
