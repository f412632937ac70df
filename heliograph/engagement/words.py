"""What a comment may say: up to 300 characters, 4 hashtags, one link, and not all in capitals.

Capitals are letters, and a few of them are no shouting: Q1795, TV, #NYC, @BOB. So digits do not count, nor do tags,
names and links; letters of scripts that have no capitals are none.

Source: the rules of the old API for posting comments, which its clients know how to show.
"""

from __future__ import annotations

import re
from typing import Final

from heliograph.core.errors import Invalid
from heliograph.media import captions

MAX_LENGTH: Final = 300  # characters
MAX_TAGS: Final = 4
MAX_LINKS: Final = 1
SHOUTED: Final = 3  # so many letters, all of them capitals, are too many

_LINK = re.compile(r"(?:https?://|\bwww\.)\S+", re.IGNORECASE)
_TAG = re.compile(r"(?<![\w&/#])#\w", re.UNICODE)


class NoWords(Invalid):
    """Write something first."""

    code = "no_text"


class TooManyTags(Invalid):
    """A comment can have at most 4 hashtags."""

    code = "too_many_tags"


class TooManyLinks(Invalid):
    """A comment can have at most one link."""

    code = "too_many_links"


class AllCapitals(Invalid):
    """A comment cannot be all in capital letters."""

    code = "all_capitals"


def parse(text: str) -> captions.Text:
    """The comment cleaned, with its tags and mentions. Raises a leaf of Invalid."""
    parsed = captions.parse(text, at_most=MAX_LENGTH, field="text")
    if not parsed.text:
        raise NoWords(fields={"text": "empty"})
    if len(_TAG.findall(parsed.text)) > MAX_TAGS:
        raise TooManyTags(fields={"text": "too many hashtags"})
    if len(_LINK.findall(parsed.text)) > MAX_LINKS:
        raise TooManyLinks(fields={"text": "too many links"})
    if _shouts(parsed):
        raise AllCapitals(fields={"text": "all capitals"})
    return parsed


def _shouts(parsed: captions.Text) -> bool:
    own, at = "", 0
    for entity in parsed.entities:
        own, at = own + parsed.text[at : entity.start], entity.end
    own = _LINK.sub("", own + parsed.text[at:])
    letters = [character for character in own if character.isalpha()]
    return len(letters) >= SHOUTED and all(character.isupper() for character in letters)
