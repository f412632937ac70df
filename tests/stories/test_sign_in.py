"""Signing in and out in the browser."""

from __future__ import annotations

from typing import Any

import pytest

from heliograph.accounts.models import Person, WebSession
from heliograph.core import environment, valkey
from heliograph.flows import administrators, web_sessions
from tests.harness.client import TestClient
from tests.harness.people import PASSWORD
from tests.stories.test_sign_up import form_of


def enter(client: TestClient, login: str = "alice", password: str = PASSWORD, **more: str) -> Any:
    return client.post("/sign-in", {"login": login, "password": password, **more})


def test_in_and_out(client: TestClient, alice: Any) -> None:
    assert client.get("/settings/password")["Location"] == "/sign-in?next=/settings/password"
    assert enter(client)["Location"] == "/"
    client.viewer_id = alice.id
    key = client.cookies["session"].value
    assert client.get("/settings/password").status_code == 200
    assert client.post("/sign-out")["Location"] == "/"
    client.viewer_id = None
    assert client.cookies["session"].value == ""
    assert client.get("/settings/password").status_code == 303
    client.cookies["session"] = key  # whoever kept a copy has nothing
    assert client.get("/settings/password").status_code == 303
    assert not WebSession.objects.exists()


def test_a_get_signs_nobody_out(client: TestClient, alice: Any) -> None:
    enter(client)
    client.viewer_id = alice.id
    assert client.get("/sign-out").status_code == 405
    assert client.get("/settings/password").status_code == 200


def test_signing_out_twice_or_without_being_in_is_fine(client: TestClient, network: Any) -> None:
    assert client.post("/sign-out").status_code == 303
    client.cookies["session"] = "nonsense"
    assert client.post("/sign-out").status_code == 303


@pytest.mark.parametrize(
    ("login", "password"), [("alice", "wrong"), ("nobody", "wrong"), ("nobody@example.org", "x")]
)
def test_whatever_is_wrong_looks_the_same(client: TestClient, alice: Any, login: str, password: str) -> None:
    refused = enter(client, login, password)
    assert refused.status_code == 400
    text = refused.content.decode()
    assert "The name or the password is not right." in text
    assert form_of(refused)["login"] == login
    assert form_of(refused)["password"] == "" and "session" not in client.cookies
    assert 'role="alert"' in text


def test_after_signing_in_one_is_where_one_wanted_to_be(client: TestClient, alice: Any) -> None:
    target = client.get("/settings/password?a=b")["Location"]
    page = client.get(target)
    assert form_of(page)["next"] == "/settings/password?a=b"
    refused = enter(client, password="wrong", next="/settings/password?a=b")
    assert form_of(refused)["next"] == "/settings/password?a=b"
    assert enter(client, next="/settings/password?a=b")["Location"] == "/settings/password?a=b"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "\\\\evil.example",
        "///evil.example",
        "http:evil.example",
        "javascript:alert(1)",
        " //evil.example",
        "/\t/evil.example",
        "\n//evil.example",
        "/\n/evil.example",
        "x" * 10_000,
        "😀",
        "\0",
    ],
)
def test_but_never_on_another_site(client: TestClient, alice: Any, elsewhere: str) -> None:
    assert "evil" not in form_of(client.get("/sign-in", {"next": elsewhere})).get("next", "")
    assert enter(client, next=elsewhere)["Location"] == "/"


def test_whoever_is_in_already_is_sent_on(client: TestClient, alice: Any) -> None:
    enter(client)
    client.viewer_id = alice.id
    assert client.get("/sign-in?next=/requests")["Location"] == "/requests"
    assert client.get("/sign-up?next=//evil.example")["Location"] == "/"


@pytest.mark.parametrize(
    "key", ["", "x", "1.2", "\0", "\xf0\x9f", "x" * 4000, "1." + "A" * 43, "9" * 30 + "." + "A" * 43]
)
def test_a_cookie_that_we_did_not_set_is_nobody(client: TestClient, network: Any, key: str) -> None:
    client.cookies["session"] = key
    assert client.get("/settings/password").status_code == 303
    assert client.get("/").status_code == 200


def test_an_emptied_memory_signs_nobody_out(client: TestClient, alice: Any) -> None:
    enter(client)
    client.viewer_id = alice.id
    valkey.call("FLUSHALL")
    assert client.get("/settings/password").status_code == 200


def test_signed_out_elsewhere_is_signed_out_here_at_once(client: TestClient, alice: Any) -> None:
    enter(client)
    client.viewer_id = alice.id
    assert client.get("/settings/password").status_code == 200
    web_sessions.close_all(alice.id)
    client.viewer_id = None
    assert client.get("/settings/password").status_code == 303


def test_too_many_attempts_are_told_to_wait(client: TestClient, alice: Any) -> None:
    for _ in range(environment.get().sign_ins_per_minute):
        enter(client, password="wrong")
    refused = enter(client)
    assert refused.status_code == 429
    assert int(refused["Retry-After"]) > 0
    assert "session" not in client.cookies
    spoofed = client.post(
        "/sign-in", {"login": "bob", "password": "x"}, headers={"X-Forwarded-For": "198.51.100.7"}
    )
    assert spoofed.status_code == 429


def test_a_form_of_another_site_is_refused(alice: Any) -> None:
    strict = TestClient(enforce_csrf_checks=True)
    assert enter(strict).status_code == 403
    assert "session" not in strict.cookies


def test_the_api_does_not_know_the_cookie(client: TestClient, alice: Any) -> None:
    enter(client)
    answer = client.get("/v1/users/self")
    assert answer.status_code == 400
    assert answer.json()["meta"]["error_type"] == "OAuthParameterException"


def test_pages_about_accounts_are_kept_by_no_cache_on_the_way(client: TestClient, alice: Any) -> None:
    for address in ("/sign-in", "/sign-up", "/password/forgotten"):
        assert "private" in client.get(address)["Cache-Control"]


def test_the_first_administrator_signs_up_by_the_link(client: TestClient, network: Any) -> None:
    link = administrators.make_link().removeprefix("http://testserver")
    page = client.get(link)
    assert page.status_code == 200
    assert client.post(link).status_code == 200  # nobody is signed in: the page again
    assert not administrators.exists()
    form = {"username": "erin", "email": "erin@example.org", "password": PASSWORD, "next": link}
    assert client.post("/sign-up", form)["Location"] == link
    client.viewer_id = Person.objects.get().id
    assert "@erin" in client.get(link).content.decode()
    assert not administrators.exists()  # looking is not claiming
    assert client.post(link).status_code == 200
    assert Person.objects.get().is_administrator
    assert client.post(link).status_code == 409
    assert client.get(link).status_code == 409


def test_a_wrong_administrator_link_is_refused(client: TestClient, alice: Any) -> None:
    enter(client)
    client.viewer_id = alice.id
    administrators.make_link()
    for link in ("/administrator/x", "/administrator/" + "x" * 5000, "/administrator/%00"):
        assert client.get(link).status_code == 400
        assert client.post(link).status_code == 400
    assert not administrators.exists()
