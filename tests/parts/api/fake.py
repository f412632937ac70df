"""A door with endpoints of its own, so that the decorator is tested without a network behind it."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from typing import Annotated, Any

import orjson
from django.http import HttpResponse
from django.test import RequestFactory

from heliograph.accounts.errors import TokenMalformed, TokenRevoked
from heliograph.api import parameters
from heliograph.api.answers import Listing
from heliograph.api.door import Door
from heliograph.api.endpoint import Call, Endpoint, delete, get, post
from heliograph.api.parameters import Count, Cursor, PersonId, PhotoId, Seconds, Upload
from heliograph.api.routes import Routes
from heliograph.core import errors
from heliograph.media import errors as photo_errors

ERIN = 7 << 23 | 3 << 10 | 1
TOKEN = f"{ERIN}.0000001." + "a" * 32
WEAK_TOKEN = f"{ERIN}.0000001." + "b" * 32
REVOKED_TOKEN = f"{ERIN}.0000001." + "c" * 32

ROUTES: Routes[Endpoint] = Routes()

RAISES: dict[str, Exception] = {
    "invalid": errors.Invalid(fields={"bio": "is too long"}),
    "not_found": errors.NotFound(cause="photo 17 is hidden"),
    "not_allowed": errors.NotAllowed("you cannot view this resource"),
    "not_signed_in": errors.NotSignedIn(),
    "conflict": errors.Conflict(),
    "limited": errors.Limited(retry_after_seconds=42),
    "unavailable": errors.Unavailable(retry_after_seconds=7, cause="host 10.1.2.3"),
    "strange": errors.HeliographError("hidden 10.1.2.3"),
    "crash": RuntimeError("password is hunter2"),
    **{leaf.code: leaf() for leaf in photo_errors.BY_CODE.values()},
    "busy": photo_errors.Busy(),
    "too_slow": photo_errors.TooSlow(),
}


@dataclass(frozen=True)
class Erin:
    person_id: int = ERIN
    scopes: frozenset[str] = frozenset({"basic", "comments"})


def identify(token: str, with_feed: bool) -> tuple[Erin, list[bytes] | None]:
    if token == TOKEN:
        return Erin(), [b"3", b"2"] if with_feed else None
    if token == WEAK_TOKEN:
        return Erin(scopes=frozenset()), None
    raise TokenRevoked() if token == REVOKED_TOKEN else TokenMalformed()


@get("/users/{person_id}", gives="User", on=ROUTES)
def user(call: Call, person_id: PersonId) -> dict[str, Any]:
    return {"id": str(person_id), "asked_by": str(call.viewer_id)}


@get("/users/self/feed", gives="[Media]", pages="max_id", feed=True, on=ROUTES)
def feed(
    call: Call,
    count: Count = None,
    max_id: Cursor = None,
    min_timestamp: Seconds = None,
) -> Listing:
    said = {"count": count, "max_id": max_id, "min_timestamp": min_timestamp, "feed": call.feed is not None}
    return Listing([said], None if max_id == "last" else "1234")


@get("/users/{person_id}/follows", gives="[UserShort]", pages="cursor", on=ROUTES)
def follows(call: Call, person_id: PersonId, cursor: Cursor = None) -> Listing:
    return Listing([], "after")


@get("/media/{photo_id}", gives="Media", on=ROUTES)
def photo(call: Call, photo_id: PhotoId) -> dict[str, Any]:
    return {"id": str(photo_id)}


@delete("/media/{photo_id}", gives="null", on=ROUTES)
def remove(call: Call, photo_id: PhotoId) -> None:
    return None


@post("/media/{photo_id}", gives="Media", scope="comments", repeats=True, on=ROUTES)
def edit(
    call: Call,
    photo_id: PhotoId,
    caption: Annotated[str | None, parameters.text(2200)] = None,
    is_private: Annotated[bool | None, parameters.FLAG] = None,
    filter: Annotated[str, parameters.WORD] = "",
) -> dict[str, Any]:
    return {
        "caption": caption,
        "is_private": is_private,
        "filter": filter,
        "key": call.idempotency_key,
        "id": str(photo_id),
    }


@post("/uploads", gives="Upload", on=ROUTES)
def upload(
    call: Call,
    photo: Annotated[Upload, parameters.FILE],
    note: Annotated[str, parameters.text(100)] = "",
) -> dict[str, Any]:
    return {"length": photo.length, "first": photo.read(4).hex(), "note": note}


@post("/sessions", gives="Session", scope=None, on=ROUTES)
def session(call: Call, username: Annotated[str, parameters.text(30)]) -> dict[str, Any]:
    return {"username": username, "address": call.address}


@get("/raise/{name}", gives="null", scope=None, on=ROUTES)
def fail(call: Call, name: Annotated[str, parameters.WORD]) -> None:
    raise RAISES[name]


@get("/long", gives="null", scope=None, on=ROUTES)
def long(call: Call, name: Annotated[str, parameters.WORD] = "") -> dict[str, str]:
    return {"text": "sea " * 1000}


def new_door() -> Door:
    return Door(ROUTES, identify)


@dataclass
class Answer:
    """An answer of the door, read."""

    status: int
    headers: Any
    body: Any
    raw: bytes

    @property
    def meta(self) -> dict[str, Any]:
        meta: dict[str, Any] = self.body["meta"]
        return meta

    @property
    def data(self) -> Any:
        return self.body["data"]


def ask(
    method: str,
    address: str,
    *,
    door: Door | None = None,
    token: str | None = TOKEN,
    **extra: Any,
) -> Answer:
    """Ask a door (a new one: with a full allowance), with the token in the header."""
    if token is not None:
        extra["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    request = RequestFactory().generic(method, "/v1" + address, **extra)
    response: HttpResponse = (door or new_door())(request, request.path_info.removeprefix("/v1/"))
    raw = response.content
    if response.headers.get("Content-Encoding") == "gzip":
        raw = gzip.decompress(raw)
    return Answer(
        response.status_code, response.headers, orjson.loads(raw) if raw else None, response.content
    )
