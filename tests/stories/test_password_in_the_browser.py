"""Passwords and the e-mail address, changed in the browser."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core import mail

from heliograph.accounts.models import Person
from tests.harness.client import TestClient
from tests.harness.people import PASSWORD
from tests.stories.test_sign_in import enter
from tests.stories.test_sign_up import form_of

NEW = "seven small stones in a river"


@pytest.fixture
def mailbox(network: Any, run_jobs: Any) -> Any:
    mail.outbox.clear()
    return lambda: (run_jobs(), list(mail.outbox), mail.outbox.clear())[1]


@pytest.fixture
def browser(alice: Any) -> TestClient:
    """Alice's."""
    browser = TestClient()
    enter(browser)
    browser.viewer_id = alice.id
    return browser


def link_in(message: Any) -> str:
    found = re.search(r"^http://testserver(/\S+)$", message.body, re.MULTILINE)
    assert found is not None
    return found[1]


def test_changing_it_signs_out_the_others(browser: TestClient, alice: Any) -> None:
    other = TestClient(viewer_id=alice.id)
    enter(other)
    page = browser.get("/settings/password")
    assert form_of(page)["username"] == "alice"
    assert browser.post("/settings/password", {"old": PASSWORD, "new": NEW}).status_code == 200
    assert browser.get("/settings/password").status_code == 200
    other.viewer_id = None
    assert other.get("/settings/password").status_code == 303
    assert enter(TestClient(), password=PASSWORD).status_code == 400
    assert enter(TestClient(), password=NEW).status_code == 303


def test_what_is_wrong_stands_at_its_field(browser: TestClient) -> None:
    wrong = browser.post("/settings/password", {"old": "wrong", "new": NEW})
    assert wrong.status_code == 400
    assert 'id="id_old_error"' in wrong.content.decode()
    short = browser.post("/settings/password", {"old": PASSWORD, "new": "short"})
    assert short.status_code == 400
    assert 'id="id_new_error"' in short.content.decode()
    assert form_of(short)["old"] == form_of(short)["new"] == ""


def test_a_stranger_is_sent_to_sign_in(client: TestClient, network: Any) -> None:
    for address in ("/settings/password", "/settings/email"):
        assert client.get(address)["Location"] == f"/sign-in?next={address}"
        assert client.post(address).status_code == 303
    assert client.post("/settings/email/again").status_code == 303


def test_a_forgotten_one_is_set_anew_by_mail(client: TestClient, alice: Any, mailbox: Any) -> None:
    mailbox()
    Person.objects.filter(id=alice.id).update(email_verified=True)
    known = client.post("/password/forgotten", {"login": "alice@example.org"})
    unknown = client.post("/password/forgotten", {"login": "nobody@example.org"})
    assert known.status_code == unknown.status_code == 200
    assert known.content == unknown.content
    (message,) = mailbox()
    address = link_in(message)
    page = client.get(address)
    assert page.status_code == 200 and "@alice" in page.content.decode()
    assert client.post(address, {"new": "short"}).status_code == 400
    assert client.post(address, {"new": NEW}).status_code == 200
    assert client.post(address, {"new": NEW}).status_code == 400
    assert client.get(address).status_code == 400
    assert enter(client, password=NEW).status_code == 303


@pytest.mark.parametrize("token", ["x", "x" * 5000, "%00", "a.b.c", "%F0%9F%98%80"])
@pytest.mark.parametrize("kind", ["/password/reset/", "/email/verify/"])
def test_a_link_that_we_did_not_send(client: TestClient, network: Any, kind: str, token: str) -> None:
    assert client.get(kind + token).status_code == 400
    assert client.post(kind + token, {"new": NEW}).status_code == 400


def test_the_address_is_shown_to_its_owner_and_can_be_another(browser: TestClient, mailbox: Any) -> None:
    mailbox()
    page = browser.get("/settings/email")
    assert "alice@example.org" in page.content.decode() and "not confirmed" in page.content.decode()
    assert browser.post("/settings/email/again").status_code == 200
    (message,) = mailbox()
    TestClient().post(link_in(message))
    assert "is confirmed" in browser.get("/settings/email").content.decode()
    wrong = browser.post("/settings/email", {"email": "new@example.org", "password": "wrong"})
    assert wrong.status_code == 400 and 'id="id_password_error"' in wrong.content.decode()
    assert (
        browser.post("/settings/email", {"email": "new@example.org", "password": PASSWORD}).status_code == 200
    )
    (message,) = [
        it for it in mailbox() if it.to == ["new@example.org"]
    ]  # the other tells the address so far
    TestClient().post(link_in(message))
    assert "new@example.org" in browser.get("/settings/email").content.decode()


def test_an_address_that_somebody_proved_first_is_told_to_who_reads_its_mail(
    browser: TestClient, bob: Any, mailbox: Any
) -> None:
    Person.objects.filter(id=bob.id).update(email_verified=True)
    mailbox()
    browser.post("/settings/email", {"email": "bob@example.org", "password": PASSWORD})
    (message,) = [m for m in mailbox() if "verify" in m.body]
    assert TestClient().post(link_in(message)).status_code == 409


def test_forms_of_another_site_are_refused(alice: Any) -> None:
    strict = TestClient(enforce_csrf_checks=True)
    token = form_of(strict.get("/sign-in"))["csrfmiddlewaretoken"]
    enter(strict, csrfmiddlewaretoken=token)
    strict.viewer_id = alice.id
    assert strict.post("/settings/password", {"old": PASSWORD, "new": NEW}).status_code == 403
    assert strict.post("/settings/email", {"email": "x@example.org", "password": PASSWORD}).status_code == 403
    assert strict.post("/sign-out").status_code == 403
    assert strict.get("/settings/password").status_code == 200
