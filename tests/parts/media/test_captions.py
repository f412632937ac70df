"""Texts, and what in them is a tag or a mention."""

from __future__ import annotations

import pytest

from heliograph.core.errors import Invalid
from heliograph.media import captions


def found(text: str) -> list[str]:
    parsed = captions.parse(text)
    for entity in parsed.entities:
        shown = parsed.text[entity.start : entity.end]
        assert shown[0] == {"tag": "#", "mention": "@"}[entity.type]
    return [("#" if e.type == "tag" else "@") + e.name for e in parsed.entities]


@pytest.mark.parametrize(
    ("text", "entities"),
    [
        ("", []),
        ("A #Sunset at the sea", ["#sunset"]),
        ("#one#two", ["#one"]),
        ("#one #two, #three.", ["#one", "#two", "#three"]),
        ("(#inside) “#quoted”", ["#inside", "#quoted"]),
        ("#2026 is a number, #2026goals a tag", ["#2026goals"]),
        ("#über #ÉTÉ #café", ["#über", "#été", "#café"]),
        ("#cafe\u0301", ["#café"]),
        ("#日没 #закат #غروب #सूर्यास्त #ไทยแลนด์", ["#日没", "#закат", "#غروب", "#सूर्यास्त", "#ไทยแลนด์"]),
        ("# #! #- a#b http://x/#top", []),
        ("#" + "a" * 101, []),
        ("#under_score", ["#under_score"]),
        ("#sun🌞", ["#sun"]),
        ("🌞 #sun @bob", ["#sun", "@bob"]),
        ("with @Bob and @carol.", ["@bob", "@carol"]),
        ("@a.b.c... @_x_ @.", ["@a.b.c", "@_x_"]),
        ("bob@example.org", []),
        ("@bob@example.org", ["@bob"]),
        ("@" + "a" * 31, ["@" + "a" * 30]),
    ],
)
def test_tags_and_mentions(text: str, entities: list[str]) -> None:
    assert found(text) == entities


def test_places_are_code_points_of_the_stored_text() -> None:
    text = captions.parse("  👩‍👩‍👧 cafe\u0301 #été @bob")
    assert text.text.startswith("👩‍👩‍👧 café")
    tag, mention = text.entities
    assert text.text[tag.start : tag.end] == "#été"
    assert text.text[mention.start : mention.end] == "@bob"


def test_only_people_who_exist_are_mentioned() -> None:
    text = captions.parse("#sun @Bob @nobody @BOB")
    assert text.mentions == ["bob", "nobody"]
    assert text.stored({"bob": 77}) == [
        {"type": "tag", "start": 0, "end": 4, "name": "sun"},
        {"type": "mention", "start": 5, "end": 9, "name": "bob", "person_id": 77},
        {"type": "mention", "start": 18, "end": 22, "name": "bob", "person_id": 77},
    ]


def test_the_limit_counts_characters_not_bytes() -> None:
    assert len(captions.parse("é" * 2200).text) == 2200
    assert len(captions.parse("🌞" * 2200).text) == 2200
    for text in ("a" * 2201, "a" * 10_000):
        with pytest.raises(Invalid) as refused:
            captions.parse(text)
        assert refused.value.fields == {"caption": "too long"}
    with pytest.raises(Invalid) as refused:
        captions.alt_text("a" * 1001)
    assert refused.value.fields == {"alt_text": "too long"}


@pytest.mark.parametrize("character", ["\0", "\x07", "\x1b", "\x7f", "\x85", "\ud800"])
def test_what_no_text_may_hold_is_refused(character: str) -> None:
    with pytest.raises(Invalid) as refused:
        captions.parse(f"hello{character}world")
    assert "caption" in refused.value.fields


def test_lines_and_directions_are_kept() -> None:
    assert captions.parse("one\r\ntwo\rthree\n").text == "one\ntwo\nthree"
    for text in ("שלום עולם", "\u200fمرحبا", "می\u200cخواهم", "👩\u200d🚀"):
        assert captions.parse(text).text == text


def test_a_wall_of_tags_ends_somewhere() -> None:
    text = captions.parse(" ".join(f"#t{n}x" for n in range(300)))
    assert len(text.entities) == captions.MAX_TAGS


def test_no_text_takes_long() -> None:
    import time

    began = time.process_time()
    for text in (
        "#" * 2200,
        "@" * 2200,
        "#a" * 1100,
        "@." * 1100,
        "#\u0301" * 1100,
        "a" * 2200,
        "#" + "ا" * 2199,
    ):
        captions.parse(text)
    assert time.process_time() - began < 0.5
