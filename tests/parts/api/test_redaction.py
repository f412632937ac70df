"""What is logged holds no credentials."""

from __future__ import annotations

import logging

import pytest

from heliograph.core import addresses
from heliograph.core.redaction import Redacting, clean

TOKEN = "58732193792.0000001." + "0af3" * 8


@pytest.mark.parametrize(
    ("line", "cleaned"),
    [
        (f"GET /v1/users/self/feed?access_token={TOKEN}&count=5", "GET /v1/users/self/feed?access_token=-&count=5"),
        ("/oauth?client_secret=abc&code=def&sig=012", "/oauth?client_secret=-&code=-&sig=-"),
        (f"Authorization: Bearer {TOKEN}", "Authorization: Bearer -"),
        ("authorization: bearer anything-else", "authorization: bearer -"),
        (f"token {TOKEN} was refused", "token - was refused"),
        (f'{{"access_token": "{TOKEN}"}}', '{"access_token": "-"}'),
        ('{"password":"hunter2"}', '{"password":"-"}'),
        ("ACCESS_TOKEN%3Dabc", "ACCESS_TOKEN%3D-"),
        ("GET /v1/media/12?count=3&max_id=5", "GET /v1/media/12?count=3&max_id=5"),
        ("shortcode=abc", "shortcode=abc"),
        ("Bad Request: /password/reset/abc:1x:y-z_", "Bad Request: /password/reset/-"),
        ("GET /administrator/abc: BadLink", "GET /administrator/- BadLink"),
        ("POST /email/verify/abc?x=1", "POST /email/verify/-?x=1"),
    ],
)  # fmt: skip
def test_credentials_become_a_dash(line: str, cleaned: str) -> None:
    assert clean(line) == cleaned


def test_a_log_handler_can_be_told_to(caplog: pytest.LogCaptureFixture) -> None:
    caplog.handler.addFilter(filter := Redacting())
    try:
        try:
            raise RuntimeError(f"no such token {TOKEN}")
        except RuntimeError:
            logging.getLogger("test").exception("asked /?access_token=%s", TOKEN)
    finally:
        caplog.handler.removeFilter(filter)
    assert "asked /?access_token=-" in caplog.text
    assert "RuntimeError" in caplog.text
    assert TOKEN not in caplog.text


@pytest.mark.parametrize(
    ("remote", "forwarded", "trusted", "client"),
    [
        ("192.0.2.1", "", (), "192.0.2.1"),
        ("192.0.2.1", "203.0.113.9", (), "192.0.2.1"),
        ("10.0.0.2", "203.0.113.9", ("10.0.0.0/8",), "203.0.113.9"),
        ("10.0.0.2", "6.6.6.6, 203.0.113.9, 10.0.0.3", ("10.0.0.0/8",), "203.0.113.9"),
        ("192.0.2.1", "203.0.113.9", ("10.0.0.0/8",), "192.0.2.1"),
        ("", "203.0.113.9", ("127.0.0.1",), "203.0.113.9"),
        ("::ffff:10.0.0.2", "2001:db8::1", ("10.0.0.0/8",), "2001:db8::1"),
        ("10.0.0.2", "junk", ("10.0.0.0/8",), "10.0.0.2"),
        ("10.0.0.2", "6.6.6.6, unknown", ("10.0.0.0/8",), "10.0.0.2"),
        ("10.0.0.2", "6.6.6.6, 203.0.113.9:4711", ("10.0.0.0/8",), "203.0.113.9"),
        ("10.0.0.2", "6.6.6.6, [2001:db8::1]:55", ("10.0.0.0/8",), "2001:db8::1"),
        ("10.0.0.2", "6.6.6.6, 203.0.113.9, 10.0.0.3:80", ("10.0.0.0/8",), "203.0.113.9"),
        ("", "6.6.6.6, junk", ("127.0.0.1",), ""),
    ],
)
def test_the_client_is_whoever_the_last_trusted_proxy_saw(
    remote: str, forwarded: str, trusted: tuple[str, ...], client: str
) -> None:
    assert addresses.of_client(remote, forwarded, trusted) == client
