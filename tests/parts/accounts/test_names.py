"""What people may be called, and what nobody may."""

from __future__ import annotations

import re

import pytest
from django.urls import get_resolver
from django.urls.resolvers import RoutePattern, URLPattern, URLResolver

from heliograph.accounts import names
from heliograph.core.errors import Invalid


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("alice", "alice"),
        ("Alice", "alice"),
        ("  alice\t", "alice"),
        ("ａｌｉｃｅ", "alice"),  # full width
        ("𝐚𝐥𝐢𝐜𝐞", "alice"),  # mathematical bold
        ("ﬁnn", "finn"),  # a ligature
        ("\u212aate", "kate"),  # the Kelvin sign
        ("a", "a"),
        ("a.b_c.9", "a.b_c.9"),
        ("_", "_"),
        ("__init__", "__init__"),
        ("12345", "12345"),
        ("a" * 30, "a" * 30),
    ],
)
def test_a_name_is_folded(typed: str, kept: str) -> None:
    assert names.username(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " ",
        "\0",
        "a\0b",
        "a b",
        ".a",
        "a.",
        "a..b",
        ".",
        "a" * 31,
        "a" * 10_000,
        "ﷺ" * 5,  # eighteen characters each, once folded
        "аlice",  # a Cyrillic first letter
        "ali\u200bce",  # a space without width
        "\u202eecila",  # written from right to left
        "عائشة",
        "日本",
        "😀",
        "é",
        "İstanbul",
        "a@b",
        "a/b",
        "a-b",
        "a%00",
        "a\nb",
        "alice\n",
        "<script>",
        "\ud800",
        "admin",
        "Admin",
        "ＡＤＭＩＮ",
        "self",
        "settings",
        "robots.txt",
    ],
)
def test_nobody_is_called_that(typed: str) -> None:
    if typed == "alice\n":  # spaces around are no part of a name
        assert names.username(typed) == "alice"
        return
    with pytest.raises(Invalid) as refusal:
        names.username(typed)
    assert list(refusal.value.fields) == ["username"]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("", ""),
        ("  Ada   Lovelace ", "Ada Lovelace"),
        ("Ada\nLovelace", "Ada Lovelace"),
        ("عائشة", "عائشة"),
        ("日本 太郎", "日本 太郎"),
        ("👩‍👩‍👧‍👦 family", "👩‍👩‍👧‍👦 family"),
        ("a\0b\x07c", "abc"),
        ("\u202eevil\u2066", "evil"),
        ("e\u0301", "é"),
        ("\ud800x", "x"),
        ("x" * 60, "x" * 60),
        ("<b>x</b>", "<b>x</b>"),  # escaped where it is shown
    ],
)
def test_a_full_name_is_any_script_without_commands(typed: str, kept: str) -> None:
    assert names.full_name(typed) == kept


@pytest.mark.parametrize("typed", ["x" * 61, "x" * 10_000, "ab " * 30])
def test_a_full_name_has_an_end(typed: str) -> None:
    with pytest.raises(Invalid) as refusal:
        names.full_name(typed)
    assert list(refusal.value.fields) == ["full_name"]


def test_every_first_segment_of_an_address_is_reserved() -> None:
    possible = {
        segment for segment in _first_segments(get_resolver().url_patterns) if _could_be_a_name(segment)
    }
    assert possible, "the table of addresses was not understood"
    assert possible - names.RESERVED == set()


def test_what_is_reserved_could_be_a_name() -> None:
    # Else the list pretends to forbid something that the rules forbid anyway.
    allowed_by_rule = {name for name in names.RESERVED if _could_be_a_name(name)}
    assert names.RESERVED - allowed_by_rule <= {"well-known"}


def _could_be_a_name(segment: str) -> bool:
    return re.fullmatch(r"[a-z0-9._]{1,30}", segment) is not None


def _first_segments(patterns: list[URLPattern | URLResolver], before: str = "") -> set[str]:
    found: set[str] = set()
    for each in patterns:
        if not isinstance(each.pattern, RoutePattern):
            raise AssertionError(f"{each.pattern} is no plain route; teach this test to read it")
        route = before + str(each.pattern)
        first, slash, _ = route.partition("/")
        if not slash and isinstance(each, URLResolver):
            found |= _first_segments(each.url_patterns, route)
        elif "<" not in first:
            found.add(first)
    return found
