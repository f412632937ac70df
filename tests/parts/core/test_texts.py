"""What nobody sees is nothing, wherever it is written."""

from __future__ import annotations

import unicodedata

import pytest

from heliograph.accounts import names
from heliograph.core import texts
from heliograph.core.errors import Invalid
from heliograph.engagement import words
from heliograph.media import captions

UNSEEN = {
    "zero width space": "\u200b",
    "joiners": "\u200c\u200d",
    "right-to-left override": "\u202e",
    "isolates": "\u2066\u2069",
    "word joiner": "\u2060",
    "soft hyphen": "\u00ad",
    "byte order mark": "\ufeff",
    "variation selectors": "\ufe0f\ufe00\U000e0100",
    "Hangul fillers": "\u3164\uffa0\u115f\u1160",
    "braille blank": "\u2800",
    "grapheme joiner": "\u034f",
    "Mongolian vowel separator": "\u180e",
    "tags": "\U000e0041\U000e007f",
    "spaces": "\u00a0\u2003\u3000\u2028\u2029\u1680",
    "annotations": "\ufff9\ufffa\ufffb",
    "all of them between spaces": " \u200b \u202e\u2060\u00ad \u3164\n",
}


@pytest.mark.parametrize("what", UNSEEN)
def test_a_text_of_it_is_empty(what: str) -> None:
    unseen = UNSEEN[what]
    assert texts.blank(unseen)
    assert captions.parse(unseen).text == ""
    assert names.full_name(unseen) == ""
    with pytest.raises(words.NoWords):
        words.parse(unseen)


@pytest.mark.parametrize(
    "seen",
    ["a", "\u200b.\u200b", "❤️", "👩‍👩‍👧", "می‌خواهم", "क्‍ष", "\u0301", "\u2801", "ㅎ", "·", "\u0600", "🏴󠁧󠁢󠁳󠁣󠁴󠁿"],
)
def test_beside_something_that_is_seen_it_stays(seen: str) -> None:
    assert not texts.blank(seen)
    assert captions.parse(seen).text == unicodedata.normalize("NFC", seen)


def test_what_is_no_utf_8_is_refused_and_not_kept_as_question_marks() -> None:
    arrived = b"caf\xe9".decode("utf-8", "replace")  # as Django decodes forms
    for read in (captions.parse, words.parse, captions.alt_text, names.full_name):
        with pytest.raises(Invalid, match="did not arrive as it was written"):
            read(arrived)
