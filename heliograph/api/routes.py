"""Which endpoint answers at an address: with and without `.json`, with and without a slash, never by a redirect."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

from heliograph.api.errors import UnknownAddress, WrongMethod

E = TypeVar("E")


class Routes(Generic[E]):
    """A table of addresses. A literal segment goes before a parameter: /users/self before /users/{id}."""

    def __init__(self) -> None:
        self._by_length: dict[int, list[tuple[tuple[str, ...], dict[str, E]]]] = {}
        self._literal: dict[tuple[str, str], E] = {}  # by method and path, where a path has no parameters

    def add(self, method: str, template: str, endpoint: E) -> None:
        """Register; ValueError when the address is taken."""
        segments = tuple(template.strip("/").split("/"))
        shapes = self._by_length.setdefault(len(segments), [])
        methods = next((known for shape, known in shapes if shape == segments), None)
        if methods is None:
            methods = {}
            shapes.append((segments, methods))
            shapes.sort(key=lambda shape: [segment.startswith("{") for segment in shape[0]])
        if method in methods:
            raise ValueError(f"two endpoints answer {method} {template}")
        methods[method] = endpoint
        if "{" not in template:
            self._literal[method, template.strip("/")] = endpoint

    def find(self, method: str, path: str) -> tuple[E, dict[str, str]]:
        """The endpoint and what its path says; raises UnknownAddress or WrongMethod."""
        literal = self._literal.get((method, path))
        if literal is not None:
            return literal, {}
        segments = _segments(path)
        allowed: set[str] = set()
        for shape, methods in self._by_length.get(len(segments), ()):
            if not _fits(shape, segments):
                continue
            endpoint = methods.get(method)
            if endpoint is not None:
                return endpoint, {
                    name[1:-1]: said for name, said in zip(shape, segments, strict=True) if name[0] == "{"
                }
            allowed |= methods.keys()
        if allowed:
            raise WrongMethod(tuple(sorted(allowed)))
        raise UnknownAddress()

    def __iter__(self) -> Iterator[tuple[str, str, E]]:
        """Every (method, template, endpoint)."""
        for shapes in self._by_length.values():
            for segments, methods in shapes:
                for method, endpoint in methods.items():
                    yield method, "/" + "/".join(segments), endpoint


def _segments(path: str) -> list[str]:
    return path.strip("/").removesuffix(".json").split("/")


def _fits(shape: tuple[str, ...], segments: list[str]) -> bool:
    return all(
        part == said or (part[0] == "{" and said != "") for part, said in zip(shape, segments, strict=True)
    )
