"""The API's own pages: its OpenAPI document, and the same to be read by people, with nothing from other hosts."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from jinja2 import Environment, StrictUndefined

from heliograph.api import answers, openapi
from heliograph.api.endpoint import API

_HERE = Path(__file__).parent


@require_safe
def document(request: HttpRequest) -> HttpResponse:
    """The OpenAPI document."""
    body = openapi.document_bytes(API)
    return answers.response(body, accepts=request.META.get("HTTP_ACCEPT_ENCODING", ""))


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The documentation."""
    accepts = request.META.get("HTTP_ACCEPT_ENCODING", "")
    return answers.response(_page(), accepts=accepts, content_type="text/html; charset=utf-8")


@require_safe
def style(request: HttpRequest) -> HttpResponse:
    """How it looks: a file of its own, since the policy of this network allows no styles inside of a page."""
    return answers.response((_HERE / "docs.css").read_bytes(), content_type="text/css; charset=utf-8")


@cache
def _page() -> bytes:
    told = openapi.document(API)
    templates = Environment(autoescape=True, undefined=StrictUndefined)
    template = templates.from_string((_HERE / "docs.html").read_text())
    context = {
        "paragraphs": told["info"]["description"].split("\n\n"),
        "version": told["info"]["version"],
        "server": told["servers"][0]["url"],
        "operations": [
            _shown(path, method, op) for path, ops in told["paths"].items() for method, op in ops.items()
        ],
        "schemas": [
            {
                "name": name,
                "says": schema.get("description", ""),
                "text": orjson.dumps(schema["properties"], option=orjson.OPT_INDENT_2).decode(),
            }
            for name, schema in told["components"]["schemas"].items()
        ],
        "refusals": openapi.REFUSALS.items(),
    }
    return template.render(context).encode()


def _shown(path: str, method: str, operation: dict[str, Any]) -> dict[str, Any]:
    parameters = [
        {"name": p["name"], "where": p["in"], "required": p.get("required"), "says": p.get("description", "")}
        for p in operation.get("parameters", [])
    ]
    body = (
        operation.get("requestBody", {}).get("content", {}).get("multipart/form-data", {}).get("schema", {})
    )
    for name, schema in body.get("properties", {}).items():
        parameters.append(
            {
                "name": name,
                "where": "file" if schema.get("format") == "binary" else "body",
                "required": name in body.get("required", ()),
                "says": schema.get("description", ""),
            }
        )
    data = operation["responses"]["200"]["content"]["application/json"]["schema"]["properties"]["data"]
    return {
        "id": operation["operationId"],
        "method": method.upper(),
        "path": path,
        "says": operation["summary"],
        "scope": operation["security"][0]["bearer"][0] if operation["security"] else "",
        "parameters": parameters,
        "gives": _gives(data),
        "list": data.get("type") == "array",
    }


def _gives(data: dict[str, Any]) -> str:
    reference: str = data.get("items", data).get("$ref", "")
    return reference.rpartition("/")[2]
