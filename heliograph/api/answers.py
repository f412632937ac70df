"""What goes back: the envelope as bytes, paging, and the headers that every answer has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, quote_plus, urlencode

import orjson
from django.http import HttpResponse

from heliograph.core import environment, packing
from heliograph.core.limits import Remaining

GZIP_FROM = 1024  # bytes
_JSON = "application/json; charset=utf-8"
_OK = {"code": 200}

#: For pages of other origins. No cookies count here, so every origin may ask.
_ALWAYS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "X-Ratelimit-Limit, X-Ratelimit-Remaining, Retry-After",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Cache-Control": "no-store",
    "Vary": "Accept-Encoding",
}
PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST, DELETE",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Idempotency-Key",
    "Access-Control-Max-Age": "86400",
}


@dataclass(frozen=True)
class Listing:
    """One page of a list, rendered, and where to go on (None: this was the last)."""

    items: list[Any]
    next_cursor: str | None = None


def success(data: Any) -> bytes:
    """The envelope around what an endpoint answers."""
    return orjson.dumps({"meta": _OK, "data": data})


def success_page(listing: Listing, key: str, path: str, query: Mapping[str, str]) -> bytes:
    """The same around one page of a list; `key` is the parameter that asks for the next."""
    pagination: dict[str, str] = {}
    if listing.next_cursor is not None:
        others = {name: said for name, said in query.items() if name != key}
        again = f"{urlencode(others)}&" if others else ""
        again += f"{key}={quote_plus(listing.next_cursor)}"
        pagination["next_url"] = f"{environment.get().url}{quote(path)}?{again}"
        pagination["next_cursor" if key == "cursor" else f"next_{key}"] = listing.next_cursor
    return orjson.dumps({"meta": _OK, "data": listing.items, "pagination": pagination})


def failure(meta: Mapping[str, object]) -> bytes:
    return orjson.dumps({"meta": meta})


def response(
    body: bytes,
    *,
    status: int = 200,
    headers: Iterable[tuple[str, str]] = (),
    remaining: Remaining | None = None,
    accepts: str = "",
    content_type: str = _JSON,
) -> HttpResponse:
    """The HTTP answer; compressed when it is worth it and the caller knows how."""
    # Not padded: a browser adds no credentials by itself to this door; nothing secret stands beside a stranger's text.
    packed = len(body) >= GZIP_FROM and "gzip" in packing.taken(accepts)
    answer = HttpResponse(packing.gzip(body) if packed else body, status=status, content_type=content_type)
    for name, value in _ALWAYS.items():
        answer.headers[name] = value
    for name, value in headers:
        answer.headers[name] = value
    if packed:
        answer.headers["Content-Encoding"] = "gzip"
    if remaining is not None:
        answer.headers["X-Ratelimit-Limit"] = str(remaining.allowed)
        answer.headers["X-Ratelimit-Remaining"] = str(remaining.left)
    # Django would log each refusal as a warning; they are counted instead.
    answer._has_been_logged = True  # type: ignore[attr-defined]
    return answer
