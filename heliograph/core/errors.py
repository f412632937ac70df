"""What can go wrong, as people and programs are told.

One root, six kinds; the leaves live in the part that raises them. The docstring of a class is its
default sentence, safe to show to anybody; the true cause travels in `cause` and goes to the log only.
Which HTTP status a kind gets is known at the doors alone.

    HeliographError
    ├── Invalid        what was sent cannot be used (`fields` names the guilty ones)
    ├── NotFound       it is not there, or not for you: the two look the same
    ├── NotAllowed     it is there, and you may not do that
    │   └── NotSignedIn
    ├── Conflict       somebody else, or you yourself, did something in between
    ├── Limited        too often; `retry_after_seconds`
    └── Unavailable    a part of us cannot answer now; `retry_after_seconds`
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar


class HeliographError(Exception):
    """Something went wrong."""

    code: ClassVar[str] = "error"

    def __init__(self, sentence: str | None = None, *, cause: object = None) -> None:
        self.sentence: str = sentence or (type(self).__doc__ or "").strip().split("\n")[0]
        self.cause = cause
        super().__init__(self.sentence)

    def __str__(self) -> str:
        return f"{self.sentence} [{self.code}]" + (f" (cause: {self.cause})" if self.cause else "")

    def __reduce__(self) -> tuple[Any, ...]:
        return (_rebuild, (type(self), self.__dict__.copy()))


def _rebuild(kind: type[HeliographError], state: dict[str, Any]) -> HeliographError:
    error = kind.__new__(kind)
    error.__dict__.update(state)
    error.args = (state["sentence"],)
    return error


class Invalid(HeliographError):
    """That cannot be used as it is."""

    code: ClassVar[str] = "invalid"

    def __init__(
        self,
        sentence: str | None = None,
        *,
        fields: Mapping[str, str] | None = None,
        cause: object = None,
    ) -> None:
        super().__init__(sentence, cause=cause)
        self.fields: dict[str, str] = dict(fields or {})


class NotFound(HeliographError):
    """This does not exist, or is not visible to you."""

    code: ClassVar[str] = "not_found"


class NotAllowed(HeliographError):
    """You cannot do that here."""

    code: ClassVar[str] = "not_allowed"


class NotSignedIn(NotAllowed):
    """Sign in first."""

    code: ClassVar[str] = "not_signed_in"


class Conflict(HeliographError):
    """This was changed in the meantime. Look again and retry."""

    code: ClassVar[str] = "conflict"


class Limited(HeliographError):
    """That was a little too often. Wait a moment and try again."""

    code: ClassVar[str] = "limited"

    def __init__(
        self, sentence: str | None = None, *, retry_after_seconds: int = 60, cause: object = None
    ) -> None:
        super().__init__(sentence, cause=cause)
        self.retry_after_seconds = retry_after_seconds


class Unavailable(HeliographError):
    """A part of the network does not answer right now. Nothing was lost; try again in a moment."""

    code: ClassVar[str] = "unavailable"

    def __init__(
        self, sentence: str | None = None, *, retry_after_seconds: int = 5, cause: object = None
    ) -> None:
        super().__init__(sentence, cause=cause)
        self.retry_after_seconds = retry_after_seconds
