"""What an e-mail address looks like."""

from __future__ import annotations

import pytest

from heliograph.accounts import email
from heliograph.core.errors import Invalid


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("alice@example.org", "alice@example.org"),
        (" Alice@EXAMPLE.org ", "Alice@example.org"),
        ("a+b@example.org", "a+b@example.org"),
        ("alice@localhost", "alice@localhost"),
        ("alice@xn--bcher-kva.example", "alice@xn--bcher-kva.example"),
        ("alice@bücher.example", "alice@bücher.example"),
    ],
)
def test_an_address_is_kept_as_typed_but_for_its_domain(typed: str, kept: str) -> None:
    assert email.address(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " ",
        "alice",
        "@",
        "@example.org",
        "alice@",
        "alice@@example.org",
        "alice@example",
        "alice@example..org",
        "alice@-example.org",
        "a b@example.org",
        "alice@example.org\nBcc: everybody@example.org",
        "alice@example.org\r\nSubject: x",
        "al\0ice@example.org",
        "alice@exa\0mple.org",
        "\u202ealice@example.org",
        "😀@example.org",
        "alice@😀",
        "alice@\ud800.org",
        "x" * 65 + "@" + "y" * 300 + ".org",
        "x" * 10_000,
        "x" * 10_000 + "@example.org",
        "alice@example.org,bob@example.org",
        "Alice <alice@example.org>",
        '"a\vBcc:bob@example.org\vX"@example.org',
        '"a\x1b[31m"@example.org',
        '"a\x7fb"@example.org',
    ],
)
def test_this_is_none(typed: str) -> None:
    with pytest.raises(Invalid) as refusal:
        email.address(typed)
    assert list(refusal.value.fields) == ["email"]


def test_two_are_the_same_whatever_their_capitals() -> None:
    assert email.compared("Alice@Example.org ") == email.compared("alice@example.org")
