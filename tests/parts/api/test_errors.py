"""Errors are told in one shape, with a status by kind and code, and never with their cause."""

from __future__ import annotations

import logging

import pytest

from tests.parts.api.fake import TOKEN, ask

TABLE = [
    ("invalid", 400, "APIInvalidParametersError"),
    ("not_found", 404, "APINotFoundError"),
    ("not_allowed", 400, "APINotAllowedError"),
    ("not_signed_in", 400, "OAuthAccessTokenException"),
    ("conflict", 409, "APINotAllowedError"),
    ("limited", 429, "OAuthRateLimitException"),
    ("unavailable", 503, "APIUnavailableError"),
    ("crash", 500, "APIUnavailableError"),
    ("strange", 500, "APIUnavailableError"),
    ("no_file", 400, "APIInvalidParametersError"),
    ("too_large", 413, "APIInvalidParametersError"),
    ("unsupported_type", 415, "APIInvalidParametersError"),
    ("too_many_pixels", 422, "APIInvalidParametersError"),
    ("too_small", 422, "APIInvalidParametersError"),
    ("animated", 422, "APIInvalidParametersError"),
    ("damaged", 422, "APIInvalidParametersError"),
    ("unprocessable", 422, "APIInvalidParametersError"),
    ("busy", 503, "APIUnavailableError"),
    ("too_slow", 408, "APIInvalidParametersError"),
]


@pytest.mark.parametrize(("name", "status", "error_type"), TABLE)
def test_each_kind_has_its_status(name: str, status: int, error_type: str) -> None:
    answer = ask("GET", f"/raise/{name}", token=None)
    assert answer.status == answer.meta["code"] == status
    assert answer.meta["error_type"] == error_type
    assert answer.meta["error_message"]
    assert set(answer.body) == {"meta"}
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["X-Ratelimit-Limit"]


def test_the_guilty_fields_are_named() -> None:
    assert ask("GET", "/raise/invalid", token=None).meta["fields"] == {"bio": "is too long"}


@pytest.mark.parametrize(("name", "seconds"), [("limited", "42"), ("unavailable", "7"), ("busy", "5")])
def test_who_has_to_wait_is_told_how_long(name: str, seconds: str) -> None:
    assert ask("GET", f"/raise/{name}", token=None).headers["Retry-After"] == seconds


@pytest.mark.parametrize("name", ["not_found", "unavailable", "crash", "strange"])
def test_the_cause_stays_here(name: str) -> None:
    raw = ask("GET", f"/raise/{name}", token=None).raw
    assert not [secret for secret in (b"10.1.2.3", b"hunter2", b"17", b"Traceback") if secret in raw]


def test_a_crash_is_noted_without_the_token(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        ask("GET", f"/raise/crash?access_token={TOKEN}", token=None)
        ask("GET", f"/raise/unavailable?access_token={TOKEN}", token=None)
    assert "hunter2" in caplog.text
    assert "10.1.2.3" in caplog.text
    assert TOKEN not in caplog.text
