"""The token of a form: Django's own check takes it, and it never looks the same twice."""

from __future__ import annotations

from collections import Counter

from django.middleware.csrf import CSRF_ALLOWED_CHARS, CSRF_SECRET_LENGTH, _does_token_match
from django.test import RequestFactory

from heliograph.web import forged

SECRET = "aZ09" * 8


def test_django_takes_it_for_the_secret_and_for_no_other() -> None:
    tokens = [forged.masked(SECRET) for _ in range(200)]
    assert all(_does_token_match(token, SECRET) for token in tokens)
    assert not any(_does_token_match(token, SECRET[::-1]) for token in tokens)


def test_every_letter_of_the_alphabet_is_kept() -> None:
    letters = CSRF_ALLOWED_CHARS + CSRF_ALLOWED_CHARS[:2]  # 64
    for secret in (letters[:CSRF_SECRET_LENGTH], letters[CSRF_SECRET_LENGTH:]):
        assert _does_token_match(forged.masked(secret), secret)


def test_no_two_pages_have_the_same() -> None:
    tokens = [forged.masked(SECRET) for _ in range(2000)]
    assert len(set(tokens)) == len(tokens)
    assert set(Counter(token[0] for token in tokens)) == set(CSRF_ALLOWED_CHARS)


def test_a_browser_with_a_cookie_is_not_given_it_again() -> None:
    known, new = RequestFactory().get("/"), RequestFactory().get("/")
    known.META["CSRF_COOKIE"] = SECRET
    assert _does_token_match(str(forged.Token(known)), SECRET)
    assert "CSRF_COOKIE_NEEDS_UPDATE" not in known.META
    token = forged.Token(new)
    assert str(token) == str(token) and token.__html__().count(str(token)) == 1
    assert new.META["CSRF_COOKIE_NEEDS_UPDATE"]
