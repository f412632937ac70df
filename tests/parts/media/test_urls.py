"""Signed addresses of pictures."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from heliograph.core.errors import NotFound
from heliograph.media import tokens, urls
from heliograph.media.errors import UrlExpired

NOW = datetime(2026, 11, 21, 13, 37, 11, tzinfo=UTC)
TOKEN = tokens.of_photo(315, "0f" * 16)
GENERATIONS = {"photo_generation": 1, "person_generation": 4}


def address(private: bool = False, now: datetime = NOW, size: int = 640, **changed: Any) -> str:
    return urls.signed(TOKEN, size, private=private, now=now, **(GENERATIONS | changed))


def check(url: str, now: datetime = NOW, token: str = TOKEN, size: int = 640, **changed: Any) -> int:
    query = parse_qs(urlsplit(url).query)
    return urls.check(token, size, query["e"][0], query["s"][0], now=now, **(GENERATIONS | changed))


def test_an_address_names_token_and_size() -> None:
    assert urlsplit(address()).path == f"/m/{TOKEN}/640.jpg"
    assert check(address()) > 0


@pytest.mark.parametrize(
    ("private", "least", "most"),
    [(False, timedelta(days=6), timedelta(days=7)), (True, timedelta(minutes=10), timedelta(minutes=15))],
)
def test_it_lives_as_long_as_it_should(private: bool, least: timedelta, most: timedelta) -> None:
    for minutes in range(0, 3000, 7):
        now = NOW + timedelta(minutes=minutes)
        left = check(address(private, now), now)
        assert least.total_seconds() <= left <= most.total_seconds()
        with pytest.raises(UrlExpired):
            check(address(private, now), now + most)


def test_it_stays_the_same_for_a_while_so_that_browsers_keep_the_picture() -> None:
    midnight = NOW.replace(hour=0, minute=0, second=0)
    assert len({address(now=midnight + timedelta(hours=h)) for h in range(24)}) == 1
    assert len({address(True, midnight + timedelta(minutes=m)) for m in range(10)}) == 2


def test_an_address_holds_for_nothing_else() -> None:
    good = address()
    for changed in (
        {"token": tokens.of_photo(316, "0f" * 16)},
        {"size": 1080},
        {"photo_generation": 2},
        {"person_generation": 5},
        {"photo_generation": 4, "person_generation": 1},
    ):
        with pytest.raises(NotFound):
            check(good, **changed)


@pytest.mark.parametrize(
    ("expiry", "signature"),
    [
        ("", ""),
        ("-1", "x"),
        ("٣", "x"),
        ("9" * 30, "x"),
        ("1e9", "x"),
        ("99999999999", "é"),
        ("99999999999", "x" * 5000),
    ],
)
def test_nonsense_is_not_found(expiry: str, signature: str) -> None:
    with pytest.raises(NotFound):
        urls.check(TOKEN, 640, expiry, signature, now=NOW, **GENERATIONS)


def test_an_expiry_cannot_be_moved() -> None:
    query = parse_qs(urlsplit(address()).query)
    with pytest.raises(NotFound):
        urls.check(TOKEN, 640, str(int(query["e"][0]) + 1), query["s"][0], now=NOW, **GENERATIONS)
