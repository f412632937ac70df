"""Somebody who speaks the API over HTTP. Every answer is held against OpenAPI, whatever the test is about."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlencode, urlsplit

import orjson
from django.test.client import BOUNDARY, MULTIPART_CONTENT

from heliograph.api import openapi, urls
from heliograph.api.endpoint import API
from heliograph.core.errors import HeliographError
from heliograph.flows import catalogue, sign_in
from tests.harness.client import TestClient
from tests.harness.people import Somebody
from tests.parts.api.schema_check import misfits

assert catalogue  # all tasks are known

#: (method, template) of every call that succeeded and was held against its schema.
SPOKEN: set[tuple[str, str]] = set()


@dataclass(frozen=True)
class Said:
    """An answer, read."""

    status: int
    headers: Any
    body: Any
    text: str

    @property
    def data(self) -> Any:
        assert self.status == 200, self.text
        return self.body["data"]

    @property
    def meta(self) -> dict[str, Any]:
        meta: dict[str, Any] = self.body["meta"]
        return meta

    @property
    def why(self) -> tuple[int, str]:
        """Status and error_type of a refusal."""
        return self.status, self.meta.get("error_type", "")

    @property
    def next(self) -> str | None:
        url: str | None = self.body["pagination"].get("next_url")
        return url


class Speaker:
    """Speaks for one person, with a token of their own; or for nobody."""

    def __init__(
        self, somebody: Somebody | None = None, *, token: str | None = None, scopes: Any = None
    ) -> None:
        if somebody is not None and token is None:
            token = sign_in.issue_token(somebody.id, **({} if scopes is None else {"scopes": scopes}))
        self.id = None if somebody is None else somebody.id
        self.token = token
        self.client = TestClient(viewer_id=self.id, token=token)
        self.last: Any = None  # the last answer, as Django's client gave it

    def get(self, path: str, **query: Any) -> Said:
        return self._ask("GET", path, query)

    def delete(self, path: str, **query: Any) -> Said:
        return self._ask("DELETE", path, query)

    def post(self, path: str, *, key: str | None = None, **fields: Any) -> Said:
        """A form; a multipart form when a value is bytes (a file). `key`: the Idempotency-Key."""
        extra = {} if key is None else {"HTTP_IDEMPOTENCY_KEY": key}
        if any(isinstance(value, bytes) for value in fields.values()):
            return self._ask("POST", path, {}, multipart(fields), MULTIPART_CONTENT, **extra)
        return self._ask(
            "POST", path, {}, urlencode(fields).encode(), "application/x-www-form-urlencoded", **extra
        )

    def post_json(self, path: str, value: Any, **extra: Any) -> Said:
        body = value if isinstance(value, bytes) else orjson.dumps(value)
        return self._ask("POST", path, {}, body, "application/json", **extra)

    def follow_url(self, url: str) -> Said:
        """Go where a next_url points to."""
        parts = urlsplit(url)
        return self._ask("GET", f"{parts.path.removeprefix('/v1')}?{parts.query}", {})

    def _ask(
        self, method: str, path: str, query: dict[str, Any], body: bytes = b"", kind: str = "", **extra: Any
    ) -> Said:
        query = {name: value for name, value in query.items() if value is not None}
        url = "/v1" + path + ("?" + urlencode(query) if query else "")
        response = self.client.generic(method, url, body, content_type=kind, **extra)
        self.last = response
        raw: bytes = response.content
        if response.headers.get("Content-Encoding") == "gzip":
            raw = gzip.decompress(raw)
        said = Said(response.status_code, response.headers, orjson.loads(raw), raw.decode())
        fits(method, path.partition("?")[0], said)
        return said


def multipart(fields: dict[str, Any]) -> bytes:
    """A multipart form; bytes are files."""
    parts = []
    for name, value in fields.items():
        shown = f'; filename="{name}.jpg"' if isinstance(value, bytes) else ""
        parts.append(f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{shown}\r\n\r\n'.encode())
        parts.append((value if isinstance(value, bytes) else str(value).encode()) + b"\r\n")
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


@cache
def document() -> dict[str, Any]:
    """The document as it is served."""
    body: dict[str, Any] = orjson.loads(orjson.dumps(openapi.document(API)))
    return body


def fits(method: str, path: str, said: Said) -> None:
    """Hold an answer against the document; the rest of what every answer has as well."""
    assert said.headers["Content-Type"] == "application/json; charset=utf-8"
    assert said.headers["X-Ratelimit-Limit"]
    assert said.headers["X-Ratelimit-Remaining"].isdigit()
    assert said.headers["Access-Control-Allow-Origin"] == "*"
    assert said.meta["code"] == said.status
    try:
        endpoint, _ = API.find(method, path.removeprefix("/"))
    except HeliographError:
        assert said.status in (404, 405, 429)
        return
    operation = document()["paths"][endpoint.template][endpoint.method.lower()]
    refusal = document()["components"]["responses"]["Refusal"]
    told = operation["responses"]["200"] if said.status == 200 else refusal
    found = misfits(said.body, told["content"]["application/json"]["schema"], document())
    assert not found, f"{method} {path}: {found}"
    if said.status == 200:
        SPOKEN.add((endpoint.method, endpoint.template))


def forget_allowances() -> None:
    """The door remembers calls that it took from a window; a clean slate has new windows."""
    urls.door.forget()
