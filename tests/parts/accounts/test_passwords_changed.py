"""Changing and resetting passwords: who may, what ends, and what a link is good for."""

from __future__ import annotations

import re
import smtplib
import socket
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.test import override_settings

from heliograph.accounts import mail as our_mail
from heliograph.accounts.errors import BadCredentials, BadLink, TokenRevoked, WrongPassword
from heliograph.accounts.models import Person
from heliograph.core import clock, environment
from heliograph.core.errors import Invalid, Limited
from heliograph.flows import email_addresses, passwords, sign_in, web_sessions
from heliograph.pages import who
from tests.harness.people import PASSWORD
from tests.parts.accounts.threads import at_once

NEW = "seven small stones in a river"
HERE = "203.0.113.7"


@pytest.fixture(autouse=True)
def mailbox(network: Any, run_jobs: Any) -> Any:
    mail.outbox.clear()
    return lambda: (run_jobs(), list(mail.outbox), mail.outbox.clear())[1]


@pytest.fixture
def verified(alice: Any, mailbox: Any) -> Any:
    Person.objects.filter(id=alice.id).update(email_verified=True)
    mailbox()
    return alice


def link(message: Any) -> str:
    found = re.search(r"^http://testserver(/\S+)$", message.body, re.MULTILINE)
    assert found is not None, message.body
    return found[1]


def token(message: Any) -> str:
    return link(message).rsplit("/", 1)[1]


def reset_token(mailbox: Any, login: str = "alice") -> str:
    passwords.forgot(login, address=HERE)
    (message,) = mailbox()
    return token(message)


def test_who_knows_the_old_one_sets_a_new_one(alice: Any) -> None:
    passwords.change(alice.id, PASSWORD, NEW)
    assert sign_in.prove("alice", NEW, address=HERE).person_id == alice.id
    with pytest.raises(BadCredentials):
        sign_in.prove("alice", PASSWORD, address=HERE)


def test_it_ends_everything_but_where_it_was_done(alice: Any, bob: Any) -> None:
    here, there = web_sessions.open(alice.id), web_sessions.open(alice.id)
    api, of_bob = sign_in.issue_token(alice.id), sign_in.issue_token(bob.id)
    for key in (here, there):
        assert who.from_web_session(key)
    who.from_token(api)
    passwords.change(alice.id, PASSWORD, NEW, keep=here)
    assert who.from_web_session(here) is not None
    assert who.from_web_session(there) is None
    with pytest.raises(TokenRevoked):
        who.from_token(api)
    who.from_token(of_bob)


def test_a_token_may_be_what_is_kept(alice: Any) -> None:
    api = sign_in.issue_token(alice.id)
    passwords.change(alice.id, PASSWORD, NEW, keep=api)
    assert who.from_token(api).person_id == alice.id


def test_the_wrong_old_one_changes_nothing_and_cannot_be_guessed_for_long(alice: Any) -> None:
    for _ in range(passwords.TRIES_PER_MINUTE):
        with pytest.raises(WrongPassword) as refusal:
            passwords.change(alice.id, "wrong", NEW)
        assert list(refusal.value.fields) == ["old"]
    with pytest.raises(Limited):
        passwords.change(alice.id, PASSWORD, NEW)
    assert sign_in.prove("alice", PASSWORD, address=HERE).person_id == alice.id


@pytest.mark.parametrize("new", ["", "short", "alice.example", "password", "x" * 10_000, "\ud800" * 9])
def test_the_new_one_must_be_one(alice: Any, new: str) -> None:
    with pytest.raises(Invalid) as refusal:
        passwords.change(alice.id, PASSWORD, new)
    assert list(refusal.value.fields) == ["new"]


def test_the_owner_of_a_verified_address_hears_of_it(verified: Any, mailbox: Any) -> None:
    passwords.change(verified.id, PASSWORD, NEW)
    (message,) = mailbox()
    assert message.to == ["alice@example.org"]
    assert "changed" in message.subject


def test_a_link_from_a_mail_sets_a_new_one_once(verified: Any, mailbox: Any) -> None:
    old_browser = web_sessions.open(verified.id)
    token = reset_token(mailbox)
    assert passwords.look(token) == "alice"
    assert passwords.reset(token, NEW) == verified.id
    assert sign_in.prove("alice", NEW, address=HERE).person_id == verified.id
    assert who.from_web_session(old_browser) is None
    for _ in range(2):
        with pytest.raises(BadLink):
            passwords.look(token)
        with pytest.raises(BadLink):
            passwords.reset(token, PASSWORD)


def test_of_two_links_the_first_used_ends_the_other(verified: Any, mailbox: Any) -> None:
    one, another = reset_token(mailbox), reset_token(mailbox)
    passwords.reset(another, NEW)
    with pytest.raises(BadLink):
        passwords.reset(one, NEW + "x")


def test_of_two_who_use_a_link_at_once_one_does(verified: Any, mailbox: Any) -> None:
    token = reset_token(mailbox)
    outcomes = at_once(*[lambda new=f"{NEW} {n}": passwords.reset(token, new) for n in range(2)])
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["BadLink", "int"]


def test_a_bad_new_password_does_not_use_the_link_up(verified: Any, mailbox: Any) -> None:
    token = reset_token(mailbox)
    with pytest.raises(Invalid) as refusal:
        passwords.reset(token, "short")
    assert list(refusal.value.fields) == ["new"]
    passwords.reset(token, NEW)


def test_a_link_grows_old(verified: Any, mailbox: Any) -> None:
    token = reset_token(mailbox)
    clock.shift(passwords.LIVES + timedelta(seconds=1))
    with pytest.raises(BadLink):
        passwords.reset(token, NEW)


def test_a_link_ends_when_the_password_is_changed_otherwise(verified: Any, mailbox: Any) -> None:
    token = reset_token(mailbox)
    passwords.change(verified.id, PASSWORD, NEW)
    with pytest.raises(BadLink):
        passwords.reset(token, PASSWORD)


@pytest.mark.parametrize("bad", ["", "x", "a.b", "\0", "😀", "x" * 10_000])
def test_a_link_that_we_did_not_send(network: Any, bad: str) -> None:
    with pytest.raises(BadLink):
        passwords.look(bad)
    with pytest.raises(BadLink):
        passwords.reset(bad, NEW)


def test_a_link_for_an_address_sets_no_password(alice: Any, mailbox: Any) -> None:
    (message,) = mailbox()  # from signing up
    with pytest.raises(BadLink):
        passwords.reset(token(message), NEW)


@pytest.mark.parametrize(
    "login", ["nobody", "nobody@example.org", "", "\0", "x" * 10_000, "😀@example.org", "\ud800"]
)
def test_who_is_unknown_gets_the_same_answer_after_the_same_work(
    verified: Any, mailbox: Any, login: str, count_trips: Any
) -> None:
    with count_trips() as for_alice:
        passwords.forgot("alice", address=HERE)
    with count_trips() as for_nobody:
        passwords.forgot(login, address=HERE)
    assert for_alice == for_nobody
    assert [message.to for message in mailbox()] == [["alice@example.org"]]


def test_nothing_goes_to_an_unverified_address(alice: Any, mailbox: Any) -> None:
    mailbox()
    passwords.forgot("alice", address=HERE)
    passwords.forgot("alice@example.org", address=HERE)
    assert mailbox() == []


def test_a_link_ends_when_the_address_is_taken_away(verified: Any, mailbox: Any) -> None:
    token = reset_token(mailbox)
    Person.objects.filter(id=verified.id).update(email="other@example.org")
    with pytest.raises(BadLink):
        passwords.reset(token, NEW)


def test_nobodys_mailbox_is_flooded(verified: Any, mailbox: Any) -> None:
    for number in range(passwords.RESETS_PER_HOUR):
        passwords.forgot("alice", address=f"198.51.100.{number}")
    with pytest.raises(Limited):
        passwords.forgot("Alice ", address=HERE)
    with pytest.raises(Limited):  # nor does it tell who is here
        for _ in range(passwords.RESETS_PER_HOUR + 1):
            passwords.forgot("nobody", address=HERE)


def test_there_is_an_end_to_mail_whatever_it_is_about(network: Any) -> None:
    for _ in range(our_mail.MOST_PER_HOUR + 5):
        our_mail.send("erin@example.org", "x", "y")
    our_mail.send("frank@example.org", "x", "y")
    assert len(mail.outbox) == our_mail.MOST_PER_HOUR + 1


@pytest.mark.parametrize(
    "error",
    [
        smtplib.SMTPServerDisconnected("gone"),
        smtplib.SMTPConnectError(421, "later"),
        smtplib.SMTPRecipientsRefused({"erin@example.org": (450, b"later")}),
        ConnectionRefusedError(),
        TimeoutError(),
    ],
)
def test_a_mail_host_that_is_away_is_tried_again(
    network: Any, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("django.core.mail.EmailMessage.send", _raising(error))
    with pytest.raises(our_mail.MailAway):
        our_mail.send("erin@example.org", "x", "y")


def test_a_mail_host_that_says_nothing_is_given_up(network: Any) -> None:
    assert settings.EMAIL_TIMEOUT == 15, "seconds, of a thread of the lane for the world outside"
    with socket.create_server(("127.0.0.1", 0)) as silent:
        host, port = silent.getsockname()
        smtp = {"EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend", "EMAIL_TIMEOUT": 0.3}
        with override_settings(EMAIL_HOST=host, EMAIL_PORT=port, **smtp), pytest.raises(our_mail.MailAway):
            our_mail.send("erin@example.org", "x", "y")


def test_a_mailbox_that_does_not_exist_is_not(network: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = smtplib.SMTPRecipientsRefused({"erin@example.org": (550, b"no such mailbox")})
    monkeypatch.setattr("django.core.mail.EmailMessage.send", _raising(refused))
    our_mail.send("erin@example.org", "x", "y")


def test_a_mail_that_no_header_can_hold_is_given_up_at_once(
    network: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with override_settings(EMAIL_BACKEND="django.core.mail.backends.console.EmailBackend"):
        our_mail.send('"a\vBcc:frank@example.org\vX"@example.org', "x", "y")
    assert [it.getMessage() for it in caplog.records] == ["a mail cannot be written: HeaderParseError"]


def _raising(error: Exception) -> Any:
    def send(self: Any) -> int:
        raise error

    return send


def test_no_mail_is_sent_inside_the_request(verified: Any, mailbox: Any, runner: Any) -> None:
    passwords.forgot("alice", address=HERE)
    assert mail.outbox == []
    assert "mail_reset.v1" in runner.waiting()
    mailbox()


def test_no_queue_holds_a_link(verified: Any, runner: Any) -> None:
    passwords.forgot("alice", address=HERE)
    email_addresses.change(verified.id, "new@example.org", PASSWORD)
    for name in ("directory", "node1", "node2"):
        for (args,) in runner.database(name).execute("SELECT args FROM procrastinate_jobs").fetchall():
            assert not {"token", "link", "print", "password"} & set(args)


def test_absolute_links_come_from_the_configuration(verified: Any, mailbox: Any) -> None:
    passwords.forgot("alice", address=HERE)
    (message,) = mailbox()
    assert environment.get().url + "/password/reset/" in message.body
    assert message.from_email == environment.get().mail_from
