"""What may stand in an address: a photo's code, a person's name."""

from __future__ import annotations

from heliograph.core.errors import NotFound
from heliograph.sharding import ids


class PhotoCode:
    """`/p/E7`: an id in base 64. What is no code is no address."""

    regex = "[A-Za-z0-9_-]{1,11}"

    def to_python(self, value: str) -> int:
        try:
            return ids.from_short_code(value)
        except NotFound as error:
            raise ValueError(value) from error

    def to_url(self, value: int) -> str:
        return ids.short_code(value)


class Username:
    """`/@alice`: letters, digits, dots and underscores; capitals are understood."""

    regex = "[A-Za-z0-9._]{1,30}"

    def to_python(self, value: str) -> str:
        return value.lower()

    def to_url(self, value: str) -> str:
        return value
