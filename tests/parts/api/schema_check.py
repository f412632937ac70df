"""Does a value fit a JSON Schema? The part of it that OpenAPI here uses; an unknown keyword is an error, not a yes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

_TYPES: dict[str, Callable[[Any], bool]] = {
    "object": lambda v: isinstance(v, dict),
    "array": lambda v: isinstance(v, list),
    "string": lambda v: isinstance(v, str),
    "boolean": lambda v: isinstance(v, bool),
    "null": lambda v: v is None,
    "integer": lambda v: isinstance(v, int) and not isinstance(v, bool),
    "number": lambda v: isinstance(v, int | float) and not isinstance(v, bool),
}
_SIMPLE: dict[str, Callable[[Any, Any], bool]] = {
    "type": lambda v, wanted: _TYPES[wanted](v),
    "enum": lambda v, wanted: v in wanted,
    "const": lambda v, wanted: v == wanted and type(v) is type(wanted),
    "pattern": lambda v, wanted: not isinstance(v, str) or re.search(wanted, v) is not None,
    "minimum": lambda v, wanted: not _TYPES["number"](v) or v >= wanted,
    "maximum": lambda v, wanted: not _TYPES["number"](v) or v <= wanted,
    "minLength": lambda v, wanted: not isinstance(v, str) or len(v) >= wanted,
    "maxLength": lambda v, wanted: not isinstance(v, str) or len(v) <= wanted,
    "maxItems": lambda v, wanted: not isinstance(v, list) or len(v) <= wanted,
    "required": lambda v, wanted: not isinstance(v, dict) or all(name in v for name in wanted),
    "format": lambda v, wanted: wanted != "uri" or re.match(r"https?://[^\s]+$", v) is not None,
    "description": lambda v, wanted: True,
}
_NESTED = {"$ref", "anyOf", "items", "properties", "additionalProperties"}


def misfits(
    value: Any, schema: Mapping[str, Any], document: Mapping[str, Any], where: str = "$"
) -> list[str]:
    """What does not fit, each with its place; empty when all does."""
    found: list[str] = []
    for keyword, wanted in schema.items():
        if keyword in _SIMPLE:
            if not _SIMPLE[keyword](value, wanted):
                found.append(f"{where}: {str(value)[:80]!r} is not {keyword} {wanted!r}")
        elif keyword not in _NESTED:
            raise KeyError(f"unknown keyword {keyword!r} at {where}")
    if "$ref" in schema:
        found += misfits(value, resolved(schema["$ref"], document), document, where)
    if "anyOf" in schema and all(misfits(value, one, document, where) for one in schema["anyOf"]):
        found.append(f"{where}: {str(value)[:80]!r} fits none of anyOf")
    if isinstance(value, list) and "items" in schema:
        for place, item in enumerate(value):
            found += misfits(item, schema["items"], document, f"{where}[{place}]")
    if isinstance(value, dict):
        found += _in_object(value, schema, document, where)
    return found


def _in_object(
    value: dict[str, Any], schema: Mapping[str, Any], document: Mapping[str, Any], where: str
) -> list[str]:
    found: list[str] = []
    properties = schema.get("properties", {})
    others = schema.get("additionalProperties", True)
    for name, item in value.items():
        if name in properties:
            found += misfits(item, properties[name], document, f"{where}.{name}")
        elif others is False:
            found.append(f"{where}: {name!r} should not be there")
        elif isinstance(others, Mapping):
            found += misfits(item, others, document, f"{where}.{name}")
    return found


def resolved(reference: str, document: Mapping[str, Any]) -> Any:
    """What a `#/…` reference points to."""
    found: Any = document
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    return found
