"""Signing up in the browser: a page, a few words, and one is in."""

from __future__ import annotations

import re
from typing import Any
from unittest import mock

import pytest
from django.core import mail

from heliograph.accounts.models import Person, WebSession
from heliograph.core import environment
from heliograph.core.errors import Unavailable
from heliograph.flows import homes, web_sessions
from tests.harness.client import TestClient
from tests.harness.people import PASSWORD

ERIN = {"username": "erin", "full_name": "Erin", "email": "erin@example.org", "password": PASSWORD}


def form_of(response: Any) -> dict[str, str]:
    """The names of the fields in a page's form, with what stands in them."""
    text = response.content.decode()
    fields = re.findall(r"<input[^>]*>", text)
    found = {}
    for field in fields:
        name, value = re.search(r'name="([^"]*)"', field), re.search(r'value="([^"]*)"', field)
        if name:
            found[name[1]] = value[1] if value else ""
    return found


def test_whoever_signs_up_is_signed_in(client: TestClient, network: Any) -> None:
    page = client.get("/sign-up")
    assert page.status_code == 200
    assert set(form_of(page)) >= {"username", "full_name", "email", "password", "csrfmiddlewaretoken"}
    answer = client.post("/sign-up", ERIN)
    assert (answer.status_code, answer["Location"]) == (303, "/")
    erin = Person.objects.get(username="erin")
    client.viewer_id = erin.id
    assert client.get("/settings/password").status_code == 200


def test_ones_own_pages_are_there_before_anything_made_a_home(client: TestClient, network: Any) -> None:
    with mock.patch.object(homes, "settle", side_effect=Unavailable()):
        client.post("/sign-up", ERIN)
    client.viewer_id = Person.objects.get(username="erin").id
    for address in ("/settings", "/settings/profile", "/settings/privacy"):
        assert client.get(address).status_code == 200


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(client: TestClient, network: Any) -> None:
    cookie = client.post("/sign-up", ERIN).cookies["session"]
    assert cookie["httponly"] and cookie["samesite"] == "Lax" and cookie["path"] == "/"
    assert not cookie["secure"]  # the tests' address is http
    assert not cookie["domain"]
    assert cookie.value.encode() not in bytes(WebSession.objects.get().sha256)


def test_and_only_for_https_where_the_address_is(client: TestClient, network: Any, monkeypatch: Any) -> None:
    from dataclasses import replace

    monkeypatch.setattr(environment, "_current", replace(environment.get(), url="https://photos.example"))
    cookies = client.post("/sign-up", ERIN, secure=True).cookies
    cookie = cookies["__Host-session"]
    assert cookie["secure"] and cookie["httponly"] and cookie["path"] == "/" and not cookie["domain"]
    assert cookies["session"].value == ""


def test_who_was_signed_in_before_the_address_was_https_stays_so(
    client: TestClient, alice: Any, monkeypatch: Any
) -> None:
    """Its cookie has the older name; the first page moves it to the one that no other host can set."""
    from dataclasses import replace

    monkeypatch.setattr(environment, "_current", replace(environment.get(), url="https://photos.example"))
    key = web_sessions.open(alice.id, "a browser")
    client.cookies["session"] = key
    moved = client.get("/settings", secure=True)
    assert moved.status_code == 200
    assert moved.cookies["__Host-session"].value == key and moved.cookies["session"].value == ""
    again = client.get("/settings", secure=True)
    assert again.status_code == 200 and "__Host-session" not in again.cookies
    client.cookies["session"] = "planted by another host"
    assert client.get("/settings", secure=True).status_code == 200
    client.post("/sign-out", secure=True)
    client.cookies["__Host-session"] = key
    assert client.get("/settings", secure=True).status_code == 303


def test_what_is_wrong_stands_at_its_field(client: TestClient, network: Any) -> None:
    answer = client.post("/sign-up", {**ERIN, "username": "a..b", "email": "nowhere", "password": "tiny"})
    assert answer.status_code == 400
    text = answer.content.decode()
    for field in ("username", "email", "password"):
        widget = re.search(rf'<input[^>]*name="{field}"[^>]*>', text)
        assert widget is not None
        assert 'aria-invalid="true"' in widget[0]
        described = re.search(r'aria-describedby="([^"]*)"', widget[0])
        assert described is not None and f"id_{field}_error" in described[1].split()
        for id in described[1].split():
            assert f'id="{id}"' in text
    assert form_of(answer)["username"] == "a..b"  # typed once is enough …
    assert form_of(answer)["password"] == ""  # … but for this
    assert "tiny" not in text


def test_a_name_that_is_taken_is_told_and_an_address_is_not(client: TestClient, alice: Any) -> None:
    taken = client.post("/sign-up", {**ERIN, "username": "Alice"})
    assert taken.status_code == 400 and "is taken" in taken.content.decode()
    Person.objects.filter(id=alice.id).update(email_verified=True)
    assert client.post("/sign-up", {**ERIN, "email": "alice@example.org"}).status_code == 303


def test_nothing_filled_in_is_a_page_with_sentences(client: TestClient, network: Any) -> None:
    answer = client.post("/sign-up", {"username": ""})
    assert answer.status_code == 400
    assert "This field is required" in answer.content.decode()


@pytest.mark.parametrize("bad", ["<script>alert(1)</script>", '"><img src=x>', "\0", "\u202e", "😀" * 5000])
def test_bad_input_comes_back_as_harmless_text(client: TestClient, network: Any, bad: str) -> None:
    answer = client.post("/sign-up", {**ERIN, "username": bad, "email": bad})
    assert answer.status_code == 400
    assert "<script>alert" not in answer.content.decode() and "<img src=x" not in answer.content.decode()


def test_browsers_are_helped_to_fill_it_in(client: TestClient, network: Any) -> None:
    text = client.get("/sign-up").content.decode()
    for word in ("username", "name", "email", "new-password"):
        assert f'autocomplete="{word}"' in text
    text = client.get("/sign-in").content.decode()
    assert 'autocomplete="username"' in text and 'autocomplete="current-password"' in text


def test_one_goes_on_where_one_came_from(client: TestClient, network: Any) -> None:
    page = client.get("/sign-up?next=/requests%3Fa%3Db")
    assert form_of(page)["next"] == "/requests?a=b"
    assert 'href="/sign-in?next=%2Frequests%3Fa%3Db"' in page.content.decode()
    refused = client.post("/sign-up", {**ERIN, "username": "a..b", "next": "/requests?a=b"})
    assert form_of(refused)["next"] == "/requests?a=b"
    assert client.post("/sign-up", {**ERIN, "next": "/requests?a=b"})["Location"] == "/requests?a=b"


def test_too_many_from_one_address_are_told_to_wait(client: TestClient, network: Any) -> None:
    for number in range(environment.get().sign_ups_per_hour):
        browser = TestClient()
        assert browser.post("/sign-up", {**ERIN, "username": f"p{number}"}).status_code == 303
    refused = client.post("/sign-up", ERIN, headers={"X-Forwarded-For": "198.51.100.7"})
    assert refused.status_code == 429
    assert int(refused["Retry-After"]) > 0
    assert form_of(refused)["username"] == "erin"
    assert TestClient(REMOTE_ADDR="198.51.100.7").post("/sign-up", ERIN).status_code == 303


def test_the_link_from_the_mail_confirms_the_address_by_a_button(
    client: TestClient, network: Any, run_jobs: Any
) -> None:
    client.post("/sign-up", ERIN)
    mail.outbox.clear()
    run_jobs()
    (message,) = mail.outbox
    found = re.search(r"http://testserver(/email/verify/\S+)", message.body)
    assert found is not None
    elsewhere = TestClient()  # perhaps another device
    page = elsewhere.get(found[1])
    assert page.status_code == 200 and "erin@example.org" in page.content.decode()
    assert not Person.objects.get(username="erin").email_verified
    assert elsewhere.post(found[1]).status_code == 200
    assert Person.objects.get(username="erin").email_verified
    assert "is confirmed" in elsewhere.get(found[1]).content.decode()


def test_a_form_of_another_site_is_refused(network: Any) -> None:
    strict = TestClient(enforce_csrf_checks=True)
    assert strict.post("/sign-up", ERIN).status_code == 403
    assert not Person.objects.exists()
    token = form_of(strict.get("/sign-up"))["csrfmiddlewaretoken"]
    assert strict.post("/sign-up", {**ERIN, "csrfmiddlewaretoken": token}).status_code == 303
    # What a stranger had this browser send before it was signed in is worth nothing afterwards.
    assert strict.post("/sign-out", {"csrfmiddlewaretoken": token}).status_code == 403
