"""Texts of people: captions, comments, descriptions; and what in them is a #tag or a @mention.

Places are counted in code points of the text as stored (NFC), end exclusive. A tag is letters, marks,
digits and underscores of any script, with at least one letter; a mention is whatever could be a
username: whether somebody is called so is for the flow to find out.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext

from heliograph.core import texts
from heliograph.media.errors import BadText

MAX_CAPTION = 2200  # characters
MAX_ALT_TEXT = 1000  # characters
MAX_TAGS = 30  # of one text; what comes after is plain text
MAX_MENTIONS = 20
_MAX_TAG = 100  # characters

#: Marks (Mn, Mc) and the joiners of Indic scripts and Persian belong to words, but `\w` leaves them out.
_WORD = r"[\w\u0300-\u036f\u0483-\u0487\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0900-\u0d63\u0e31-\u0e4e\u200c\u200d]"
_ENTITY = re.compile(rf"(?<![\w&/#@])(?:#({_WORD}+)|@([A-Za-z0-9._]{{1,30}}))")
_KEPT_CONTROLS = {"\n", "\u200c", "\u200d", "\u200e", "\u200f"}


@dataclass(frozen=True)
class Entity:
    """A tag (name in lower case) or a mention (username in lower case) from `start` to `end`."""

    type: str
    name: str
    start: int
    end: int


@dataclass(frozen=True)
class Text:
    """A text as it is stored, and what was found in it."""

    text: str
    entities: tuple[Entity, ...]

    @property
    def tags(self) -> list[str]:
        return list(dict.fromkeys(e.name for e in self.entities if e.type == "tag"))

    @property
    def mentions(self) -> list[str]:
        return list(dict.fromkeys(e.name for e in self.entities if e.type == "mention"))

    def stored(self, people: Mapping[str, int]) -> list[dict[str, Any]]:
        """The entities as rows keep them; mentions of people who do not exist are left out.

        `people`: ids by username in lower case.
        """
        kept: list[dict[str, Any]] = []
        for entity in self.entities:
            place = {"type": entity.type, "start": entity.start, "end": entity.end}
            if entity.type == "tag":
                kept.append(place | {"name": entity.name})
            elif entity.name in people:
                kept.append(place | {"name": entity.name, "person_id": people[entity.name]})
        return kept


def parse(text: str, *, at_most: int = MAX_CAPTION, field: str = "caption") -> Text:
    """The text cleaned, with its entities. Raises BadText for what no text may hold or when too long."""
    cleaned = clean(text, at_most=at_most, field=field)
    return Text(cleaned, tuple(_found(cleaned)))


def clean(text: str, *, at_most: int, field: str) -> str:
    """The text in NFC, with `\\n` line ends, without space around it. Raises BadText.

    "" when nothing of it can be seen.
    """
    normal = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if len(normal) > at_most:
        sentence = gettext("This text can have at most %(number)s characters.") % {"number": f"{at_most:,}"}
        raise BadText(sentence, fields={field: "too long"})
    for character in normal:
        # Cc: NUL and its like (PostgreSQL refuses NUL); Cs: halves of characters; Co and Cn have no meaning here.
        if unicodedata.category(character) in {"Cc", "Cs"} and character not in _KEPT_CONTROLS | {"\t"}:
            code = f"U+{ord(character):04X}"
            sentence = gettext(
                "This text holds a character that cannot be shown (%(code)s). "
                "Delete it, or type the text once more."
            )
            sentence %= {"code": code}
            raise BadText(sentence, fields={field: f"character {code}"})
    if texts.UNREADABLE in normal:
        sentence = gettext("A part of this text did not arrive as it was written. Type it once more.")
        raise BadText(sentence, fields={field: "not UTF-8"})
    return "" if texts.blank(normal) else normal


def alt_text(text: str) -> str:
    """A photo's description, cleaned. Raises BadText."""
    return clean(text, at_most=MAX_ALT_TEXT, field="alt_text")


def _found(text: str) -> list[Entity]:
    found: list[Entity] = []
    left = {"tag": MAX_TAGS, "mention": MAX_MENTIONS}
    for match in _ENTITY.finditer(text):
        entity = _tag(match) if match[1] is not None else _mention(match)
        if entity is not None and left[entity.type] > 0:
            left[entity.type] -= 1
            found.append(entity)
    return found


def _tag(match: re.Match[str]) -> Entity | None:
    name = match[1]
    if len(name) > _MAX_TAG or not any(character.isalpha() for character in name):
        return None
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFKC", name).lower())
    return Entity("tag", folded, match.start(), match.end())


def _mention(match: re.Match[str]) -> Entity | None:
    name = match[2].rstrip(".")  # "ask @bob."
    if not name:
        return None
    return Entity("mention", name.lower(), match.start(), match.start() + 1 + len(name))
