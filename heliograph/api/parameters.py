"""What a call may say: kinds of parameters, each with its reader and its line in OpenAPI.

A reader gets a text (path, query, form) or any JSON value, and answers with the value or raises BadValue.
Every text is hostile: digits are counted before they become a number, NUL never gets as far as PostgreSQL.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, BinaryIO

from heliograph.core import paging
from heliograph.core.errors import NotFound
from heliograph.sharding import ids

LONGEST_TEXT = 20_000  # characters; what a text may be is the flow's to say, this only bounds the work
_DIGITS_OF_AN_ID = 19
_LATEST_SECOND = 2**33
_LONGEST_NUMBER = 30  # characters


class BadValue(ValueError):
    """A value that its parameter cannot have; the message is for the caller."""


@dataclass(frozen=True)
class Kind:
    """One kind of parameter: how it is read, and what OpenAPI says about it."""

    read: Callable[[Any], Any]
    schema: Mapping[str, Any]
    says: str = ""
    place: str = "any"  # any (query, form, JSON), file


@dataclass(frozen=True)
class Upload:
    """A file that arrived with a call, on disk, at its start; `length` in bytes."""

    file: BinaryIO
    length: int

    def read(self, size: int = -1) -> bytes:
        return self.file.read(size)


class _Myself:
    """Stands for `self` in a path until it is known who asks."""


MYSELF = _Myself()


def _count(raw: Any) -> int:
    number = _whole(raw)
    return max(1, min(number, paging.LARGEST))


def _whole(raw: Any) -> int:
    if isinstance(raw, bool) or not isinstance(raw, str | int):
        raise BadValue("must be a whole number")
    if isinstance(raw, int):
        return raw
    digits = raw[1:] if raw[:1] == "-" else raw
    if not (digits.isascii() and digits.isdigit()):
        raise BadValue("must be a whole number")
    # More digits than a number of ours can have: as large, and never a slow conversion.
    number = int(digits) if len(digits) <= _DIGITS_OF_AN_ID else ids.LARGEST
    return -number if raw[:1] == "-" else number


def _number(raw: Any) -> float:
    if isinstance(raw, bool) or not isinstance(raw, str | int | float) or len(str(raw)) > _LONGEST_NUMBER:
        raise BadValue("must be a number")
    try:
        number = float(raw)
    except ValueError:
        raise BadValue("must be a number") from None
    if not math.isfinite(number):
        raise BadValue("must be a number")
    return number


def _text(raw: Any) -> str:
    if not isinstance(raw, str):
        raise BadValue("must be text")
    if "\0" in raw:
        raise BadValue("holds a character that cannot be kept")
    if len(raw) > LONGEST_TEXT:
        raise BadValue(f"is longer than {LONGEST_TEXT:,} characters")
    return raw


def _yes_or_no(raw: Any) -> bool:
    if isinstance(raw, bool):
        return raw
    answer = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False}
    known = answer.get(str(raw).lower()[:8]) if isinstance(raw, str | int) else None
    if known is None:
        raise BadValue("must be true or false")
    return known


def _moment(raw: Any) -> datetime:
    second = _whole(raw)
    if not 0 <= second <= _LATEST_SECOND:
        raise BadValue("must be seconds since 1970")
    return datetime.fromtimestamp(second, UTC)


def _id(raw: Any) -> int:
    """An id from a path; what cannot be one is not found, like an id that nothing has."""
    text = str(raw) if isinstance(raw, int) and not isinstance(raw, bool) else raw
    if not isinstance(text, str) or not 0 < len(text) <= _DIGITS_OF_AN_ID:
        raise NotFound(cause="not an id")
    if not (text.isascii() and text.isdigit()) or text[0] == "0" or int(text) > ids.LARGEST:
        raise NotFound(cause="not an id")
    return int(text)


def _person(raw: Any) -> int | _Myself:
    return MYSELF if raw == "self" else _id(raw)


def _photo(raw: Any) -> int:
    """`{photo}_{owner}` as it travels, or the bare number."""
    if isinstance(raw, str) and "_" in raw:
        raw, _, owner = raw.partition("_")
        if ids.shard_of(_id(owner)) != ids.shard_of(_id(raw)):
            raise NotFound(cause="no photo of this owner")
    return _id(raw)


def _code(raw: Any) -> int:
    return ids.from_short_code(raw) if isinstance(raw, str) else _id(raw)


def _cursor(raw: Any) -> str:
    """A place in a list, as we gave it out or as the id of a photo; the page judges the rest."""
    text = str(raw) if isinstance(raw, int) and not isinstance(raw, bool) else _text(raw)
    number, _, owner = text.partition("_")
    if owner and number.isascii() and number.isdigit() and owner.isascii() and owner.isdigit():
        return number
    return text


def _file(raw: Any) -> Upload:
    if not isinstance(raw, Upload):
        raise BadValue("must be a file in a multipart form")
    return raw


_ID = {"type": "string", "pattern": "^[0-9]+$"}


def text(longest: int, says: str = "") -> Kind:
    """A text; `longest` is what the flow will accept, told here for readers of OpenAPI."""
    return Kind(_text, {"type": "string", "maxLength": longest}, says)


def number(least: float, most: float, says: str = "") -> Kind:
    """A number; the bounds are told to readers of OpenAPI, the flow holds to them."""
    return Kind(_number, {"type": "number", "minimum": least, "maximum": most}, says)


def whole(choices: Mapping[str, Any], says: str = "") -> Kind:
    """A whole number; `choices` are told to readers of OpenAPI, the flow holds to them."""
    return Kind(_whole, {"type": "integer"} | dict(choices), says)


def choice(words: Sequence[str], says: str = "") -> Kind:
    """One of these words."""

    def read(raw: Any) -> str:
        if raw not in words:
            raise BadValue(f"must be one of {', '.join(words)}")
        return str(raw)

    return Kind(read, {"enum": list(words)}, says)


COUNT = Kind(_count, {"type": "integer", "minimum": 1, "maximum": paging.LARGEST}, "How many, at most 100.")
PERSON = Kind(_person, {"type": "string", "pattern": "^([0-9]+|self)$"}, "A person's id, or `self`.")
PHOTO = Kind(_photo, {"type": "string", "pattern": "^[0-9]+(_[0-9]+)?$"}, "A photo's id.")
CODE = Kind(_code, {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,11}$"}, "The code in a photo's link.")
COMMENT = Kind(_id, _ID, "A comment's id.")
UPLOAD = Kind(_id, _ID, "What POST /uploads answered.")
CURSOR = Kind(_cursor, {"type": "string"}, "Where to go on, from `pagination` of the page before.")
SECONDS = Kind(_moment, {"type": "string", "pattern": "^[0-9]+$"}, "Seconds since 1970.")
FLAG = Kind(_yes_or_no, {"type": "boolean"})
FILE = Kind(_file, {"type": "string", "format": "binary"}, "JPEG, PNG or WebP, at most 25 MB.", "file")
WORD = Kind(_text, {"type": "string"})

PersonId = Annotated[int, PERSON]
PhotoId = Annotated[int, PHOTO]
CommentId = Annotated[int, COMMENT]
Count = Annotated[int | None, COUNT]
Cursor = Annotated[str | None, CURSOR]
Seconds = Annotated[datetime | None, SECONDS]
