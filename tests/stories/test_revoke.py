"""Ending a token, seen from the API: over at once, also when memory knows nothing or the old news."""

from __future__ import annotations

from typing import Any

import pytest

from heliograph.accounts import records
from heliograph.accounts.models import Person
from heliograph.core import valkey
from heliograph.flows import passwords, sign_in
from heliograph.sharding import sessions
from tests.harness.client import TestClient
from tests.harness.people import PASSWORD


@pytest.fixture
def app(alice: Any) -> TestClient:
    """A program of Alice's."""
    return TestClient(viewer_id=alice.id, token=sign_in.issue_token(alice.id))


def said(app: TestClient) -> tuple[int, str]:
    answer = app.get("/v1/users/self")
    return answer.status_code, answer.json()["meta"].get("error_type", "")


def test_a_token_works_until_it_is_revoked(app: TestClient) -> None:
    assert said(app) == (200, "")
    assert app.delete("/v1/sessions").status_code == 200
    assert said(app) == (400, "OAuthAccessTokenException")
    valkey.call("FLUSHALL")
    assert said(app) == (400, "OAuthAccessTokenException")


def test_another_token_of_the_person_goes_on(app: TestClient, alice: Any) -> None:
    other = TestClient(viewer_id=alice.id, token=sign_in.issue_token(alice.id))
    app.delete("/v1/sessions")
    assert said(other) == (200, "")


def test_signing_in_over_the_api_gives_one(app: TestClient, alice: Any) -> None:
    answer = TestClient().post("/v1/sessions", {"username": "alice", "password": PASSWORD})
    assert answer.status_code == 200
    token = answer.json()["data"]["access_token"]
    assert said(TestClient(viewer_id=alice.id, token=token)) == (200, "")


def test_a_new_password_ends_all(app: TestClient, alice: Any) -> None:
    assert said(app) == (200, "")
    passwords.change(alice.id, PASSWORD, "seven small stones in a river")
    assert said(app) == (400, "OAuthAccessTokenException")


def test_a_token_of_which_the_record_was_lost_works(app: TestClient) -> None:
    assert said(app) == (200, "")
    valkey.call("FLUSHALL")
    assert said(app) == (200, "")


def test_a_suspended_person_is_refused_and_comes_back(app: TestClient, alice: Any) -> None:
    assert said(app) == (200, "")
    _state(alice.id, "suspended")
    status, kind = said(app)
    assert status in (400, 403) and kind
    _state(alice.id, "active")
    assert said(app) == (200, "")


def _state(person_id: int, state: str) -> None:
    sql = "UPDATE {s}.person SET state = %s WHERE id = %s"
    sessions.write(person_id, lambda tx: tx.run(sql, (state, person_id)))
    Person.objects.filter(id=person_id).update(state=state)
    records.forget_person(person_id)
