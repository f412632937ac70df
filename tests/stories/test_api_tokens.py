"""Tokens over HTTP: wrong, expired, revoked, of too little, of suspended people; and what a browser's cookie is not."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError

from heliograph.core import clock, environment, valkey
from heliograph.flows import sign_in, suspend, web_sessions
from heliograph.sharding import nodes
from tests.harness import client
from tests.harness.client import TestClient
from tests.harness.people import PASSWORD, Somebody
from tests.harness.servers import Network
from tests.parts.api import speaker
from tests.parts.api.speaker import Speaker

pytestmark = pytest.mark.usefixtures("network")

REVOKED = (400, "OAuthAccessTokenException")
MALFORMED = (400, "OAuthParameterException")


@pytest.fixture(autouse=True)
def full_allowances() -> None:
    speaker.forget_allowances()


def test_a_token_comes_in_the_header_or_in_the_query(alice: Somebody) -> None:
    token = sign_in.issue_token(alice.id)
    assert Speaker(token=token).get("/users/self").data["id"] == str(alice.id)
    assert Speaker().get("/users/self", access_token=token).data["id"] == str(alice.id)
    assert Speaker().post(f"/users/self?access_token={token}", bio="hello").data["bio"] == "hello"


@pytest.mark.parametrize(
    "token", ["x", "1.2.3", "null", "0.0000001." + "a" * 32, "9" * 19 + ".0000001." + "a" * 32]
)
def test_what_is_no_token(alice: Somebody, token: str) -> None:
    assert Speaker(token=token).get("/users/self").why == MALFORMED


def test_a_token_of_another_shape_or_person_is_good_for_nothing(alice: Somebody, bob: Somebody) -> None:
    token = sign_in.issue_token(alice.id)
    forged = token.replace(str(alice.id), str(bob.id))
    changed = token[:-1] + ("0" if token[-1] != "0" else "1")
    for wrong in (forged, changed, f"{alice.id}.0000001.{'0' * 32}"):
        assert Speaker(token=wrong).get("/users/self").why == REVOKED


def test_signing_up_ends_well_although_the_node_of_the_home_is_away(
    network: Network, monkeypatch: pytest.MonkeyPatch, run_jobs: Callable[..., Any]
) -> None:
    """The account is made in the directory by then: who is told to try again finds their name taken."""

    def away(*_: Any, **__: Any) -> Any:
        raise nodes.NodeAway()

    said = {"username": "Erin", "email": "erin@example.org", "password": PASSWORD, "full_name": " Erin  E."}
    with monkeypatch.context() as patched:
        patched.setattr(client, "on_response", [])  # who looks for leaks asks the nodes what is true
        patched.setattr(nodes, "connection", away)
        made = Speaker().post("/accounts", **said)
    assert made.status == 200
    assert (made.data["user"]["username"], made.data["user"]["full_name"]) == ("erin", "Erin E.")
    run_jobs()
    api = Speaker(token=made.data["access_token"])
    assert {**api.get("/users/self").data, **made.data["user"]} == api.get("/users/self").data


def test_an_expired_token(alice: Somebody) -> None:
    token = sign_in.issue_token(alice.id, lives=timedelta(hours=1))
    api = Speaker(token=token)
    assert api.get("/users/self").status == 200
    clock.shift(timedelta(hours=2))
    assert api.get("/users/self").why == REVOKED


def test_a_revoked_token_also_when_memory_was_emptied(alice: Somebody) -> None:
    api = Speaker(alice)
    assert api.get("/users/self").status == 200
    assert api.delete("/sessions").status == 200
    assert api.get("/users/self").why == REVOKED
    valkey.call("FLUSHALL")
    assert api.get("/users/self").why == REVOKED


def test_a_suspended_person_is_let_in_nowhere(alice: Somebody) -> None:
    api = Speaker(alice)
    assert api.get("/users/self").status == 200
    suspend.suspend(alice.id)
    assert api.get("/users/self").why == (400, "APINotAllowedError")
    assert Speaker().post("/sessions", username="alice", password=PASSWORD).status == 400
    suspend.restore(alice.id)
    assert api.get("/users/self").status == 200


def test_a_scope_is_needed_for_deeds(alice: Somebody, bob: Somebody) -> None:
    api = Speaker(bob, scopes=("basic",))
    assert api.get("/users/self").status == 200
    denied = (400, "OAuthPermissionsException")
    assert api.post(f"/users/{alice.id}/relationship", action="unfollow").why == denied
    assert api.get("/users/self/requested-by").why == denied
    assert api.post("/media/1/likes").why == denied
    assert api.post("/media/1/comments", text="x").why == denied
    assert api.delete("/media/1/comments/1").why == denied


def test_a_browsers_cookie_says_nothing_here(alice: Somebody) -> None:
    browser = TestClient(viewer_id=None)
    browser.cookies["session"] = web_sessions.open(alice.id, "a browser")
    assert browser.get("/v1/users/self").status_code == 400
    assert browser.get("/v1/users/self/feed").status_code == 400
    assert browser.post("/v1/users/self", {"bio": "made by another site"}).status_code == 400
    assert Speaker(alice).get("/users/self").data["bio"] == ""


def test_wrong_passwords_are_all_told_alike(alice: Somebody) -> None:
    told = {
        Speaker().post("/sessions", username=name, password=word).text
        for name, word in (("alice", "wrong"), ("nobody.at.all", "wrong"), ("alice ", "wrong"), ("", ""))
    }
    assert len(told) == 1


def test_calls_are_counted_by_the_hour(alice: Somebody, monkeypatch: pytest.MonkeyPatch) -> None:
    env = replace(environment.get(), api_per_hour=3)
    monkeypatch.setattr(environment, "get", lambda: env)
    api = Speaker(alice)
    left = [api.get("/users/self").headers["X-Ratelimit-Remaining"] for _ in range(3)]
    assert left == ["2", "1", "0"]
    said = api.get("/users/self")
    assert said.why == (429, "OAuthRateLimitException")
    assert int(said.headers["Retry-After"]) > 0


def test_no_log_line_holds_a_token(alice: Somebody, caplog: pytest.LogCaptureFixture) -> None:
    token = sign_in.issue_token(alice.id)
    with caplog.at_level(logging.DEBUG):
        for path in ("/users/self", "/users/12", "/nothing", "/media/x", "/users/self/feed?max_id=bad"):
            Speaker().get(path, access_token=token)
            Speaker(token=token).get(path)
        Speaker().post("/sessions", username="alice", password="hunter2-hunter2")
    for secret in (token, token.rpartition(".")[2], "hunter2-hunter2"):
        assert secret not in caplog.text


def test_unknown_addresses_and_methods_are_told_in_json(alice: Somebody) -> None:
    for path in (
        "",
        "/",
        "/nothing",
        "/users",
        "/users/self/media",
        "/../users/self",
        "/users/self/feed/x",
        "//",
    ):
        assert Speaker(alice).get("/" + path.lstrip("/")).why == (404, "APINotFoundError")
    said = Speaker(alice)._ask("PATCH", "/users/self", {})
    assert said.status == 405
    assert said.headers["Allow"] == "GET, POST"


def test_a_directory_that_has_no_connection_left_is_away_and_not_broken(
    alice: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody_answers(*args: object, **more: object) -> None:
        raise OperationalError("couldn't get a connection after 3.00 sec")

    monkeypatch.setattr(sign_in, "prove", nobody_answers)
    said = Speaker().post("/sessions", username="alice", password=PASSWORD)
    assert (said.status, said.meta["error_code"]) == (503, "unavailable")
    assert int(said.headers["Retry-After"]) > 0
