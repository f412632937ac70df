"""The objects of the wire, as JSON Schema: for OpenAPI, and for the test that holds every answer against them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

Schema = Mapping[str, Any]

_TEXT: Final = {"type": "string"}
_ID: Final = {"type": "string", "pattern": "^[1-9][0-9]{0,18}$"}
_SECONDS: Final = {"type": "string", "pattern": "^[0-9]+$", "description": "Seconds since 1970."}
_COUNT: Final = {"type": "integer", "minimum": 0}
_FLAG: Final = {"type": "boolean"}


def of(name: str) -> dict[str, Any]:
    """A reference to an object."""
    return {"$ref": f"#/components/schemas/{name}"}


def _exactly(says: str, optional: Mapping[str, Schema] | None = None, /, **properties: Schema) -> Schema:
    """An object with these keys and no others."""
    return {
        "type": "object",
        "description": says,
        "properties": {**properties, **(optional or {})},
        "required": list(properties),
        "additionalProperties": False,
    }


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _list(schema: Schema) -> Schema:
    return {"type": "array", "items": schema}


_SHORT: Final = {"id": _ID, "username": _TEXT, "full_name": _TEXT, "profile_picture": _TEXT}

SCHEMAS: Final[dict[str, Schema]] = {
    "UserShort": _exactly("A person, as they stand beside what they did.", **_SHORT),
    "User": _exactly(
        "A person.",
        **_SHORT,
        bio=_TEXT,
        website=_TEXT,
        counts=_exactly("What they have gathered.", media=_COUNT, follows=_COUNT, followed_by=_COUNT),
    ),
    "Image": _exactly(
        "One size of a photo; the address is empty while the photo is being made.",
        url=_TEXT,
        width={"type": "integer", "minimum": 1},
        height={"type": "integer", "minimum": 1},
    ),
    "Comment": _exactly(
        "What somebody wrote.", id=_ID, created_time=_SECONDS, text=_TEXT, **{"from": of("UserShort")}
    ),
    "Location": _exactly(
        "Where a photo was taken.",
        id=_or_null(_TEXT),
        name=_or_null(_TEXT),
        latitude={"type": "number"},
        longitude={"type": "number"},
    ),
    "Media": _exactly(
        "A photo.",
        id={"type": "string", "pattern": "^[0-9]+_[0-9]+$"},
        type={"enum": ["image", "video"]},
        user=of("UserShort"),
        created_time=_SECONDS,
        link={"type": "string", "format": "uri"},
        filter=_TEXT,
        tags=_list(_TEXT),
        caption=_or_null(of("Comment")),
        location=_or_null(of("Location")),
        attribution={"type": "null"},
        users_in_photo={"type": "array", "maxItems": 0},
        comments=_exactly("How many, and the newest few.", count=_COUNT, data=_list(of("Comment"))),
        likes=_exactly("How many, and the newest few.", count=_COUNT, data=_list(of("UserShort"))),
        user_has_liked=_FLAG,
        images=_exactly(
            "Widths of 150 (a square), 320 and 640 pixels, never enlarged.",
            thumbnail=of("Image"),
            low_resolution=of("Image"),
            standard_resolution=of("Image"),
        ),
        images_large=of("Image"),
        alt_text=_TEXT,
        placeholder=_TEXT,
        state={"enum": ["processing", "published", "failed"]},
        error_code=_or_null(_TEXT),
        taken_at=_or_null(_SECONDS),
    ),
    "Relationship": _exactly(
        "What there is between whoever asks and a person.",
        outgoing_status={"enum": ["none", "follows", "requested"]},
        incoming_status={"enum": ["none", "followed_by", "requested_by", "blocked_by_you"]},
        target_user_is_private=_FLAG,
    ),
    "Activity": _exactly(
        "Something that happened to whoever asks: a like of their photo, a comment on it, a mention of them"
        " (in a caption when there is no comment), somebody who follows them now, an approval of their request.",
        id=_TEXT,
        kind={"enum": ["like", "comment", "mention", "follow", "approval"]},
        created_time=_SECONDS,
        actor=of("UserShort"),
        media=_or_null(of("Media")),
        comment=_or_null(of("Comment")),
    ),
    "Session": _exactly("Somebody who signed in.", user=of("UserShort"), access_token=_TEXT),
    "Upload": _exactly("A photo that arrived and is not posted yet.", upload_id=_ID, expires=_SECONDS),
    "Pagination": {
        "type": "object",
        "description": "Where the next page is; empty on the last one.",
        "properties": {
            "next_url": {"type": "string", "format": "uri"},
            "next_max_id": _TEXT,
            "next_cursor": _TEXT,
        },
        "additionalProperties": False,
    },
    "Success": _exactly("What every answer begins with.", code={"const": 200}),
    "Failure": _exactly(
        "Why not.",
        {"fields": {"type": "object", "additionalProperties": _TEXT}},
        code={"type": "integer", "minimum": 400, "maximum": 599},
        error_type=_TEXT,
        error_message={"type": "string", "minLength": 1},
        error_code=_TEXT,
    ),
}


def data(gives: str) -> dict[str, Any]:
    """What an endpoint gives: "Name", "[Name]" for a list, "null"."""
    if gives == "null":
        return {"type": "null"}
    if gives.startswith("["):
        return {"type": "array", "items": of(gives[1:-1])}
    return of(gives)


def envelope(gives: str, *, paged: bool) -> dict[str, Any]:
    """The whole body of a success."""
    properties: dict[str, Any] = {"meta": of("Success"), "data": data(gives)}
    if paged:
        properties["pagination"] = of("Pagination")
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def failure() -> dict[str, Any]:
    """The whole body of a refusal."""
    return {
        "type": "object",
        "properties": {"meta": of("Failure")},
        "required": ["meta"],
        "additionalProperties": False,
    }
