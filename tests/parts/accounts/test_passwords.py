"""New passwords, and checking one in the same time for everybody."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth import hashers
from django.test import override_settings

from heliograph.accounts import passwords
from heliograph.config.hashers import Argon2
from heliograph.core.errors import Invalid


@pytest.fixture
def argon2() -> Iterator[None]:
    """The real way of hashing; the cast's is faster."""
    with override_settings(PASSWORD_HASHERS=["heliograph.config.hashers.Argon2"]):
        hashers.get_hashers.cache_clear()
        passwords._nobody.cache_clear()
        yield
    hashers.get_hashers.cache_clear()
    passwords._nobody.cache_clear()


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "short",
        "1234567",
        "password",
        "PASSWORD",
        "123456789012",
        "qwertyuiop",
        "iloveyou",
        "alice.the.great",
        "alice@example.org",
        "Ada Lovelace",
        "x" * 1001,
        "x" * 10_000,
        "\ud800 is half of a character",
    ],
)
def test_this_is_none(typed: str) -> None:
    with pytest.raises(Invalid) as refusal:
        passwords.check_new(
            typed,
            username="alice.the.great",
            email="alice@example.org",
            full_name="Ada Lovelace",
            field="new",
        )
    assert list(refusal.value.fields) == ["new"]
    assert refusal.value.fields["new"]


@pytest.mark.parametrize(
    "typed",
    [
        "correct horse battery staple",
        "  spaces count  ",
        "nul \0 inside it",
        "😀😀😀😀😀😀😀😀",
        "كلمة السر الطويلة",
        "パスワードです長い",
        "\u202e from right to left",
        "x9 " * 333,
    ],
)
def test_anything_long_and_rare_is_one(typed: str, argon2: None) -> None:
    encoded = passwords.new(typed, username="alice", email="alice@example.org")
    assert encoded.startswith("argon2$argon2id$v=19$m=12288,t=3,p=1$")
    assert passwords.matches(typed, encoded)
    assert not passwords.matches(typed + "x", encoded)
    assert not passwords.matches(typed.strip() + ".", encoded)


def test_what_is_counted_is_what_is_hashed() -> None:
    """However many code points a keyboard needs for a letter, and however many letters one stands for."""
    encoded = passwords.new("\u00e9" * 600)
    assert passwords.matches("e\u0301" * 600, encoded)
    passwords.check_new("e\u0301" * 1000)
    for typed in ("e\u0301" * 1001, "\ufdfa" * 1000, "x" * 30_000):
        with pytest.raises(Invalid, match="1,000"):
            passwords.check_new(typed)
        assert not passwords.matches(typed, encoded)
    with pytest.raises(Invalid, match="8 characters"):
        passwords.check_new("\ufdfa")


def test_two_keyboards_write_the_same_password() -> None:
    encoded = passwords.hashed("na\u00efve caf\u00e9 au lait")
    assert passwords.matches("nai\u0308ve cafe\u0301 au lait", encoded)


def test_every_reason_is_told_at_once() -> None:
    with pytest.raises(Invalid) as refusal:
        passwords.check_new("12345")
    assert "8 characters" in refusal.value.fields["password"]
    assert "numeric" in refusal.value.fields["password"]


@pytest.mark.parametrize(
    ("typed", "of_somebody"),
    [
        ("correct horse battery staple", True),
        ("wrong", True),
        ("", True),
        ("x" * 10_000, True),
        ("\ud800", True),
        ("wrong", False),
        ("x" * 10_000, False),
    ],
)
def test_one_hashing_whoever_it_is_for(
    typed: str, of_somebody: bool, argon2: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded = passwords.hashed("correct horse battery staple") if of_somebody else None
    passwords._nobody()  # made once a process
    hashed: list[str] = []
    verify, encode = Argon2.verify, Argon2.encode

    def counted_verify(self: Any, password: str, encoded: str) -> bool:
        hashed.append("verify")
        return verify(self, password, encoded)

    def counted_encode(self: Any, password: str, salt: str) -> str:
        hashed.append("encode")
        return encode(self, password, salt)

    monkeypatch.setattr(Argon2, "verify", counted_verify)
    monkeypatch.setattr(Argon2, "encode", counted_encode)
    assert passwords.matches(typed, encoded) == (typed.startswith("correct") and of_somebody)
    assert hashed == ["verify"]


@pytest.mark.parametrize(
    "old",
    [
        # By another library, at 19 MiB and two passes, with a salt of twenty-two letters and one of sixteen.
        "argon2$argon2id$v=19$m=19456,t=2,p=1$dHdlbnR5LXR3byBsZXR0ZXJzIGFyZQ$O6Fh7YenDmj00JG9PRQ9k04qUD7i6LXZ60xkaRHoxlk",
        "argon2$argon2id$v=19$m=19456,t=2,p=1$c2l4dGVlbiBsZXR0ZXJzIQ$TVmV9QjPcf/v5Bq4mDLYjhT6t5Fg16YhY9tNulE0u+k",
    ],
)
def test_a_password_hashed_in_an_older_way_is_hashed_anew_when_it_is_right(old: str, argon2: None) -> None:
    kept: list[str] = []
    assert not passwords.matches("wrong", old, kept.append)
    assert kept == []
    assert passwords.matches("correct horse battery staple", old, kept.append)
    (new,) = kept
    assert "$m=12288,t=3,p=1$" in new
    assert passwords.matches("correct horse battery staple", new, kept.append)
    assert kept == [new]  # and not again


@pytest.mark.parametrize("nonsense", ["argon2$", "argon2$argon2id$v=19$", "argon2$ü"])
def test_what_is_no_hash_lets_nobody_in(nonsense: str, argon2: None) -> None:
    assert not passwords.matches("correct horse battery staple", nonsense, lambda new: None)
