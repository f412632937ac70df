"""When something goes wrong: a page in the look of the others, which says what to do, whatever else is broken."""

from __future__ import annotations

import logging
import sys
from typing import Any

import pytest
from django.core.exceptions import BadRequest
from django.db import OperationalError

from heliograph.core import logs
from heliograph.core.errors import Unavailable
from heliograph.flows import web_sessions
from heliograph.pages import home, who
from heliograph.web import errors
from tests.harness.client import TestClient
from tests.harness.people import Somebody
from tests.stories.web import browser_of, text_of

HOSTILE = [
    "\0",
    "\u202e" * 300,
    "😀" * 3000,
    "<script>alert(1)</script>",
    "' OR 1=1 --",
    "../../etc",
    "x" * 9000,
]


def fails(error: Exception) -> Any:
    def fail(*_: Any, **__: Any) -> None:
        raise error

    return fail


def test_what_is_not_there_leads_on(alice: Somebody) -> None:
    page = browser_of(alice).get("/no/such/page")
    assert page.status_code == 404
    assert 'action="/find"' in page.content.decode() and 'href="/"' in page.content.decode()
    assert 'action="/find"' not in browser_of(None).get("/no/such/page").content.decode()


@pytest.mark.parametrize("error", [OperationalError("gone"), Unavailable()])
def test_pages_of_errors_need_no_database(
    error: Exception, alice: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = browser_of(alice, raise_request_exception=False)
    monkeypatch.setattr(who, "from_web_session", fails(error))
    monkeypatch.setattr(who, "from_web_session_and_feed", fails(error))
    missing = browser.get("/no/such/page")
    assert missing.status_code == 404
    assert "Heliograph-Reader" not in missing.headers
    away = browser.get("/")
    assert away.status_code == 503
    assert int(away.headers["Retry-After"]) > 0
    assert "We will be right back" in text_of(away) and "tries again by itself" in text_of(away)
    assert "Sign up" not in text_of(away)


def test_a_form_is_not_sent_again_by_itself(alice: Somebody, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = browser_of(alice)
    monkeypatch.setattr(web_sessions, "close_all", fails(Unavailable()))
    page = browser.post("/settings/devices")
    assert page.status_code == 503
    assert "http-equiv" not in page.content.decode() and "Try again" not in text_of(page)


def test_a_mistake_of_ours_has_a_page_even_when_pages_are_the_mistake(
    alice: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = browser_of(alice, raise_request_exception=False)
    monkeypatch.setattr(home, "page", fails(RuntimeError("a secret of the machine")))
    monkeypatch.setattr(errors, "render", fails(RuntimeError("and the templates, too")))
    page = browser.get("/")
    assert page.status_code == 500
    assert "Something broke on our side" in text_of(page) and "secret" not in text_of(page)


def test_a_form_from_before_signing_in_says_so(alice: Somebody) -> None:
    browser = browser_of(alice, enforce_csrf_checks=True)
    blocked = text_of(browser.post("/settings/privacy", {"private": "1"}))
    assert "your browser sent none" in blocked
    browser.get("/settings/privacy")
    assert "in another tab" in text_of(browser.post("/settings/privacy", {"csrfmiddlewaretoken": "x" * 64}))


def test_a_form_as_large_as_a_photo_is_too_much(alice: Somebody) -> None:
    page = browser_of(alice).post("/settings/profile", {"bio": "x" * 2_000_000})
    assert page.status_code == 413
    assert "That is too much" in text_of(page)


def test_an_address_of_a_form_is_no_blank_page(alice: Somebody) -> None:
    page = browser_of(alice).get("/sign-out")
    assert (page.status_code, page.headers["Allow"]) == (405, "POST")
    assert "This is not a page" in text_of(page)
    assert browser_of(alice).delete("/about").status_code == 405


@pytest.mark.parametrize("said", HOSTILE)
def test_no_text_breaks_a_form_of_the_settings(said: str, alice: Somebody) -> None:
    browser: TestClient = browser_of(alice)
    forms = {
        "/settings/email": {"email": said, "password": said},
        "/settings/password": {"old": said, "new": said},
        "/settings/profile": {"full_name": said, "bio": said, "website": said},
        "/settings/privacy": {"private": said},
        "/settings/devices": {"name": said},
        "/settings/appearance": {"theme": said, "zone": said, "language": said},
    }
    for path, fields in forms.items():
        assert browser.post(path, fields).status_code in (200, 303, 400, 413, 429), path
        assert browser.post(path, {}).status_code in (200, 303, 400, 429), path
        break_out = browser.get(path).content.decode()
        assert "<script>alert(1)" not in break_out, path
        browser = browser_of(alice)


@pytest.mark.parametrize("said", HOSTILE)
def test_no_text_breaks_the_doors(said: str, alice: Somebody) -> None:
    guest = browser_of(None)
    fields = dict.fromkeys(("username", "full_name", "email", "password", "login", "new", "next"), said)
    for path in ("/sign-up", "/sign-in", "/password/forgotten", "/password/reset/x", "/email/verify/x"):
        for sent in (fields, {}):
            answer = guest.post(path, sent)
            assert answer.status_code in (200, 400, 404, 413, 429), (path, answer.status_code)
            assert b"<script>alert(1)" not in answer.content
    for path in ("/sign-in", "/sign-up"):
        page = guest.get(path, {"next": said})
        assert page.status_code == 200 and b"<script>alert(1)" not in page.content


@pytest.mark.parametrize("charset", ["utf8", "latin-1", "utf-16"])
@pytest.mark.parametrize("path", ["/", "/sign-in", "/post", "/nothing"])
def test_a_form_in_another_encoding_is_refused_in_one_line(
    path: str, charset: str, caplog: pytest.LogCaptureFixture
) -> None:
    """It can be read by nobody, the page that tells so included."""
    answer = browser_of(None).post(path, b"a=b", f"application/x-www-form-urlencoded; charset={charset}")
    assert 400 <= answer.status_code < 500
    assert "<h1" in answer.content.decode()
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def test_what_somebody_sent_wrong_is_a_line_and_no_traceback() -> None:
    try:
        raise BadRequest("in another encoding\nthan ours")
    except BadRequest:
        theirs = logging.LogRecord(
            "django.request", logging.WARNING, "", 0, "Bad Request: %s", ("/",), sys.exc_info()
        )
        ours = logging.LogRecord(
            "django.request", logging.ERROR, "", 0, "Internal: %s", ("/",), sys.exc_info()
        )
    for record in (theirs, ours):
        assert logs.Brief().filter(record)
    assert (
        theirs.getMessage() == "Bad Request: / (in another encoding\nthan ours)"
    )  # one line after Redacting
    assert theirs.exc_info is None
    assert ours.exc_info is not None
