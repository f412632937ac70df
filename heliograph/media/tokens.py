"""The names under which pictures lie: random, and saying to whom they belong.

    p 0f3c…(32 hex, random) 00a1…(16 hex: the photo's id)        a photo
    a 0f3c…(32 hex, random) 00a1…(16 hex: the person's id)       a person's picture

The random part makes it unguessable; the id lets whoever serves the bytes ask the right shard.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass

from heliograph.media.errors import UrlForged

PHOTO, PERSON = "p", "a"
_SHAPE = re.compile(r"([pa])([0-9a-f]{32})([0-9a-f]{16})")


@dataclass(frozen=True)
class Token:
    kind: str
    random: str
    id: int

    def __str__(self) -> str:
        return f"{self.kind}{self.random}{self.id:016x}"


def random() -> str:
    """The random part of a new token."""
    return secrets.token_hex(16)


def of_photo(photo_id: int, random: str) -> str:
    return str(Token(PHOTO, random, photo_id))


def of_person(person_id: int) -> str:
    """A new token for a new picture of this person."""
    return str(Token(PERSON, random(), person_id))


def parse(text: str) -> Token:
    """The parts of a token. Raises UrlForged."""
    shape = _SHAPE.fullmatch(text)
    if shape is None:
        raise UrlForged()
    return Token(shape[1], shape[2], int(shape[3], 16))
