"""The shape of tokens and browser keys."""

from __future__ import annotations

import re

import pytest

from heliograph.accounts import credentials

GOOD = "1234567890123.0000001." + "0123456789abcdef" * 2


def test_a_token_says_whose_and_which_client() -> None:
    token = credentials.new_token(42, "built-in")
    assert re.fullmatch(r"42\.0000001\.[0-9a-f]{32}", token)
    assert credentials.person_of_token(token) == 42


def test_no_two_are_alike() -> None:
    assert len({credentials.new_token(42, "built-in") for _ in range(100)}) == 100
    assert len({credentials.new_browser_key(42) for _ in range(100)}) == 100


def test_a_browser_key_says_whose() -> None:
    assert credentials.person_of_browser_key(credentials.new_browser_key(42)) == 42


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        ".",
        "..",
        GOOD + "0",
        GOOD[:-1],
        GOOD.upper(),
        " " + GOOD,
        GOOD + "\n",
        "0" + GOOD,
        "-" + GOOD,
        GOOD.replace(".", ",", 1),
        GOOD.replace("0000001", "000001"),
        "9223372036854775808.0000001." + "0" * 32,  # one more than any id
        "9" * 400 + ".0000001." + "0" * 32,
        "١٢٣.0000001." + "0" * 32,  # digits, but not these
        "1.0000001." + "g" * 32,
        "1.0000001." + "\0" * 32,
        "x" * 10_000,
        "\ud800",
        "😀",
    ],
)
def test_what_is_not_even_the_shape_of_one(text: str) -> None:
    assert credentials.person_of_token(text) is None
    assert credentials.person_of_browser_key(text) is None
    assert len(credentials.sha256(text)) == 32
