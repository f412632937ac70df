"""OpenAPI says what there is, all of it; its page needs nothing from anywhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import orjson
from django.test import Client

from heliograph.api.endpoint import API
from tests.parts.api.schema_check import resolved
from tests.parts.api.speaker import document


def test_every_route_is_in_it() -> None:
    told = {
        (method.upper(), path) for path, operations in document()["paths"].items() for method in operations
    }
    assert told == {(method, template) for method, template, _ in API}
    assert len(told) >= 24


def test_it_is_served_as_it_is() -> None:
    for address in ("/v1/openapi.json", "/v1/openapi", "/v1/openapi.json/"):
        response = Client().get(address)
        assert response.headers["Content-Type"].startswith("application/json")
        assert orjson.loads(response.content) == document()
    assert document()["openapi"] == "3.1.0"
    assert document()["servers"] == [{"url": "http://testserver/v1"}]


def test_every_reference_points_somewhere() -> None:
    for reference in _references(document()):
        assert resolved(reference, document())


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        for inner in value.values():
            yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)


def test_every_operation_says_what_it_does_and_by_which_name() -> None:
    operations = [op for ops in document()["paths"].values() for op in ops.values()]
    assert all(op["summary"].endswith(".") for op in operations)
    names = [op["operationId"] for op in operations]
    assert len(set(names)) == len(names)


def test_parameters_of_a_path_are_told() -> None:
    for path, operations in document()["paths"].items():
        for operation in operations.values():
            told = {p["name"] for p in operation.get("parameters", []) if p["in"] == "path"}
            assert told == set(re.findall(r"{(\w+)}", path)), path


def test_its_page_needs_nothing_from_anywhere() -> None:
    page = Client().get("/v1/docs").content.decode()
    addresses = re.findall(r'(?:href|src)="([^"]+)"', page)
    assert {address for address in addresses if not address.startswith("#")} == {
        "/v1/docs.css",
        "/v1/openapi.json",
    }
    assert not re.search(r"<script|<style|style=|onclick|javascript:", page)
    ids = set(re.findall(r'id="([^"]+)"', page))
    assert {address[1:] for address in addresses if address.startswith("#")} <= ids
    assert Client().get("/v1/docs.css").headers["Content-Type"].startswith("text/css")
    assert "style-src 'self'" in Client().get("/v1/docs/").headers["Content-Security-Policy"]


def test_its_page_shows_every_call() -> None:
    page = Client().get("/v1/docs").content.decode()
    for _, template, _ in API:
        assert template in page
