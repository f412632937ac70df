"""From an error of the house to what goes over the wire: the only place of this door with HTTP statuses.

The six kinds have a status and an `error_type` of the old dialect; some leaves, by their `code`, another.
The cause of an error never leaves; it goes to the log.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from heliograph.core.errors import (
    Conflict,
    HeliographError,
    Invalid,
    Limited,
    NotAllowed,
    NotFound,
    NotSignedIn,
    Unavailable,
)


class TokenMissing(NotAllowed):
    """Missing access_token. Send it as `Authorization: Bearer …` or as the parameter access_token."""

    code: ClassVar[str] = "token_missing"


class ScopeMissing(NotAllowed):
    """This access_token may not do that."""

    code: ClassVar[str] = "scope_missing"


class UnknownAddress(NotFound):
    """There is nothing at this address."""

    code: ClassVar[str] = "unknown_address"


class WrongMethod(NotAllowed):
    """This address does not know that method."""

    code: ClassVar[str] = "method_not_allowed"

    def __init__(self, allowed: tuple[str, ...]) -> None:
        super().__init__()
        self.allowed = allowed


class BadBody(Invalid):
    """This request cannot be read: its query or its body is not what it says to be."""

    code: ClassVar[str] = "bad_body"


class BodyTooLarge(Invalid):
    """The body of this request is too large."""

    code: ClassVar[str] = "body_too_large"


class UnknownContentType(Invalid):
    """Send a form, a multipart form or JSON."""

    code: ClassVar[str] = "unsupported_content_type"


class LengthMissing(Invalid):
    """Send the body with a Content-Length."""

    code: ClassVar[str] = "length_required"


@dataclass(frozen=True)
class Refusal:
    """What a caller is told."""

    status: int
    error_type: str
    sentence: str
    code: str
    fields: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def meta(self) -> dict[str, object]:
        told: dict[str, object] = {
            "code": self.status,
            "error_type": self.error_type,
            "error_message": self.sentence,
            "error_code": self.code,
        }
        return told | ({"fields": self.fields} if self.fields else {})


_INVALID = "APIInvalidParametersError"
_AWAY = "APIUnavailableError"

#: The first kind that fits.
_BY_KIND: tuple[tuple[type[HeliographError], int, str], ...] = (
    (NotSignedIn, 400, "OAuthAccessTokenException"),
    (Invalid, 400, _INVALID),
    (NotFound, 404, "APINotFoundError"),
    (NotAllowed, 400, "APINotAllowedError"),
    (Conflict, 409, "APINotAllowedError"),
    (Limited, 429, "OAuthRateLimitException"),
    (Unavailable, 503, _AWAY),
)

#: Leaves that are told apart.
_BY_CODE: dict[str, tuple[int, str]] = {
    "token_missing": (400, "OAuthParameterException"),
    "token_malformed": (400, "OAuthParameterException"),
    "token_revoked": (400, "OAuthAccessTokenException"),
    "scope_missing": (400, "OAuthPermissionsException"),
    "method_not_allowed": (405, "APINotAllowedError"),
    "home_missing": (503, "APIUnavailableError"),
    "body_too_large": (413, _INVALID),
    "unsupported_content_type": (415, _INVALID),
    "length_required": (411, _INVALID),
    "idempotency_key_reused": (422, _INVALID),
    # Photos: the table of SECURITY.md and the API's documentation.
    "no_file": (400, _INVALID),
    "too_large": (413, _INVALID),
    "unsupported_type": (415, _INVALID),
    "too_many_pixels": (422, _INVALID),
    "too_small": (422, _INVALID),
    "animated": (422, _INVALID),
    "damaged": (422, _INVALID),
    "unprocessable": (422, _INVALID),
    "too_slow": (408, _INVALID),
    "busy": (503, _AWAY),
    "no_room": (507, _AWAY),
}

CRASH = Refusal(500, _AWAY, "Something went wrong here. It has been noted.", "internal")


def refusal(error: HeliographError) -> Refusal:
    """What to tell about an error; CRASH for one that is of no kind."""
    for kind, status, error_type in _BY_KIND:
        if isinstance(error, kind):
            status, error_type = _BY_CODE.get(error.code, (status, error_type))
            return Refusal(status, error_type, error.sentence, error.code, _fields(error), _headers(error))
    if error.code in _BY_CODE:
        return Refusal(*_BY_CODE[error.code], error.sentence, error.code)
    return CRASH


def _fields(error: HeliographError) -> Mapping[str, str]:
    return error.fields if isinstance(error, Invalid) else {}


def _headers(error: HeliographError) -> Mapping[str, str]:
    if isinstance(error, Limited | Unavailable):
        return {"Retry-After": str(error.retry_after_seconds)}
    if isinstance(error, WrongMethod):
        return {"Allow": ", ".join(error.allowed)}
    return {}


def all_codes() -> dict[str, tuple[int, str]]:
    """Every code with a status of its own, for OpenAPI."""
    return dict(_BY_CODE)
