"""OpenAPI 3.1, made of what the decorator knows: nothing here is written twice."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import orjson

import heliograph
from heliograph.api import errors, schemas
from heliograph.api.endpoint import SCOPES, Endpoint, Parameter
from heliograph.api.routes import Routes
from heliograph.core import environment

_SAYS: Final = """A photo-sharing network's API, in the dialect of 2011-2014.

Every address answers with and without `.json` and a trailing slash. Ids are strings, times are strings of seconds
since 1970. POST takes its parameters from the query, a form, a multipart form or a JSON object; DELETE from the
query, and may be sent as `POST …?_method=DELETE`. `X-Ratelimit-Remaining` says how many calls are left this hour.
"""

#: Statuses that any call may answer with, and what they mean.
REFUSALS: Final = {
    "400": "Something that was sent cannot be used, or you may not do that.",
    "404": "It does not exist, or is not visible to you: the two look the same.",
    "429": "Too often. Retry-After says when to go on.",
    "503": "A part of the network does not answer now. Retry-After says when to try again.",
}


def document(routes: Routes[Endpoint]) -> dict[str, Any]:
    """The whole document."""
    paths: dict[str, dict[str, Any]] = {}
    for method, template, endpoint in sorted(routes, key=lambda route: (route[1], route[0])):
        paths.setdefault(template, {})[method.lower()] = _operation(endpoint)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Heliograph",
            "version": heliograph.__version__,
            "description": _SAYS,
            "license": {"name": "BSD-3-Clause", "identifier": "BSD-3-Clause"},
        },
        "servers": [{"url": f"{environment.get().url}/v1"}],
        "paths": paths,
        "components": {
            "schemas": schemas.SCHEMAS,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "description": "Scopes: " + ", ".join(SCOPES)},
                "query": {"type": "apiKey", "in": "query", "name": "access_token"},
            },
            "responses": {
                "Refusal": {
                    "description": "Why not. `error_code` is one of: "
                    + ", ".join(sorted(errors.all_codes()))
                    + ", or one that says more about the sentence beside it.",
                    "content": {"application/json": {"schema": schemas.failure()}},
                }
            },
        },
    }


@cache
def document_bytes(routes: Routes[Endpoint]) -> bytes:
    """The document as it is served; made once."""
    return orjson.dumps(document(routes))


def _operation(endpoint: Endpoint) -> dict[str, Any]:
    says = (endpoint.function.__doc__ or "").strip()
    told: dict[str, Any] = {
        "operationId": f"{endpoint.function.__module__.rpartition('.')[2]}.{endpoint.function.__name__}",
        "summary": says.split("\n")[0],
        "tags": [endpoint.template.split("/")[1]],
        "security": [] if endpoint.scope is None else [{"bearer": [endpoint.scope]}, {"query": []}],
        "responses": _responses(endpoint),
    }
    in_body = endpoint.method == "POST"
    parameters = [_parameter(p) for p in endpoint.parameters if p.place == "path" or not in_body]
    if endpoint.repeats:
        parameters.append(_IDEMPOTENCY_KEY)
    if parameters:
        told["parameters"] = parameters
    fields = [p for p in endpoint.parameters if p.place != "path"]
    if in_body and fields:
        told["requestBody"] = _body(fields)
    return told


_IDEMPOTENCY_KEY: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "The same key within 24 hours gives the same answer and does nothing again.",
    "schema": {"type": "string", "maxLength": 200},
}


def _parameter(parameter: Parameter) -> dict[str, Any]:
    in_path = parameter.place == "path"
    told: dict[str, Any] = {
        "name": parameter.name,
        "in": "path" if in_path else "query",
        "required": in_path or parameter.required,
        "schema": dict(parameter.kind.schema),
    }
    return told | ({"description": parameter.kind.says} if parameter.kind.says else {})


def _body(fields: list[Parameter]) -> dict[str, Any]:
    texts = [p for p in fields if p.place != "file"]
    content = {"multipart/form-data": {"schema": _form(fields)}}
    if not any(p.required for p in fields if p.place == "file") and texts:
        content["application/x-www-form-urlencoded"] = {"schema": _form(texts)}
        content["application/json"] = {"schema": _form(texts)}
    return {"required": any(p.required for p in fields), "content": content}


def _form(fields: list[Parameter]) -> dict[str, Any]:
    properties = {
        p.name: dict(p.kind.schema) | ({"description": p.kind.says} if p.kind.says else {}) for p in fields
    }
    required = [p.name for p in fields if p.required]
    return {"type": "object", "properties": properties} | ({"required": required} if required else {})


def _responses(endpoint: Endpoint) -> dict[str, Any]:
    success = {
        "description": "It is done." if endpoint.gives == "null" else "Here it is.",
        "headers": {
            "X-Ratelimit-Limit": {"schema": {"type": "string"}},
            "X-Ratelimit-Remaining": {"schema": {"type": "string"}},
        },
        "content": {
            "application/json": {"schema": schemas.envelope(endpoint.gives, paged=endpoint.pages is not None)}
        },
    }
    refusal = {"$ref": "#/components/responses/Refusal"}
    return {"200": success} | dict.fromkeys(REFUSALS, refusal) | {"default": refusal}
