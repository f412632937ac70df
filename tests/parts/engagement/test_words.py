"""What a comment may say."""

from __future__ import annotations

import pytest

from heliograph.core.errors import Invalid
from heliograph.engagement import words
from heliograph.media.errors import BadText


@pytest.mark.parametrize(
    "text",
    [
        "a" * 300,
        "#one #two #three #four",
        "see https://example.org/#part",
        "Só",
        "42!",
        "😍😍😍",
        "日本語",
        "e\u0301te",
        "שלום #ערב",
        "first line\nsecond line",
        "Ok",
        "Q1795 1/250",
        "TV!",
        "#NYC",
        "@BOB @ALICE",
        "東京 NYC",
        "https://EXAMPLE.ORG/ABC",
    ],
)
def test_this_may_be_said(text: str) -> None:
    assert words.parse(text).text


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", words.NoWords),
        (" \n\t ", words.NoWords),
        ("a \ufffd b", BadText),
        ("WHAT IS Q1795", words.AllCapitals),
        ("#NYC IS HERE", words.AllCapitals),
        ("a" * 301, BadText),
        ("a\x00b", BadText),
        ("a\ud800", BadText),
        ("#one #two #three #four #five", words.TooManyTags),
        ("https://example.org and http://example.com", words.TooManyLinks),
        ("www.example.org www.example.com", words.TooManyLinks),
        ("HELLO", words.AllCapitals),
        ("HELLO 42 😍!", words.AllCapitals),
        ("ÀÉÎ", words.AllCapitals),
    ],
)
def test_this_may_not(text: str, error: type[Invalid]) -> None:
    with pytest.raises(error) as raised:
        words.parse(text)
    assert list(raised.value.fields) == ["text"]
