"""Every address that there is, by the URL table and the API's table: what a test of all routes goes through."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import URLPattern, URLResolver, get_resolver

from heliograph.api import urls
from heliograph.api.endpoint import API

assert urls  # all endpoints are known

_WEB = re.compile(r"<(?:\w+:)?(\w+)>")
_API = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Route:
    """One address of the pages (`method` is empty: any may be tried), or one call of the API."""

    name: str
    template: str
    method: str = ""

    @property
    def parameters(self) -> tuple[str, ...]:
        return tuple(_pattern(self).findall(self.template))

    def address(self, **values: str) -> str:
        """With these values, whether or not they fit."""
        return _pattern(self).sub(lambda found: values[found[1]], self.template)


def _pattern(route: Route) -> re.Pattern[str]:
    return _API if route.method else _WEB


def web() -> list[Route]:
    """All addresses but those of the API."""
    return [Route(it.name or str(it.pattern), f"/{it.pattern}") for it in _walk(get_resolver().url_patterns)]


def api() -> list[Route]:
    """All calls of the API."""
    return [Route(f"{method} {path}", f"/v1{path}", method) for method, path, _ in API]


#: The API's pages about itself, whose addresses are patterns.
DOCS = [Route(path, f"/v1/{path}") for path in ("openapi.json", "docs", "docs.css")]


def every() -> list[Route]:
    """All of them."""
    return web() + DOCS + api()


def with_ids() -> list[Route]:
    """Those whose address names a thing."""
    return [route for route in every() if route.parameters]


def _walk(patterns: list[URLPattern | URLResolver]) -> Iterator[URLPattern]:
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            yield pattern
        elif not str(pattern.pattern).startswith("v1"):
            yield from _walk(pattern.url_patterns)
