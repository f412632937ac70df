"""The decorator that makes a function an endpoint; everything about it is in its signature.

    @get("/users/{person_id}/media/recent", gives="[Media]", pages="max_id")
    def recent(call: Call, person_id: PersonId, count: Count = None, max_id: Cursor = None) -> Listing: …

Parameters in the template come from the path, all others from query, form, JSON or multipart files, by the Kind in
their annotation (parameters.py); without a default they are required. OpenAPI is made of the same facts.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from heliograph.api.callers import Viewer
from heliograph.api.errors import TokenMissing
from heliograph.api.parameters import MYSELF, BadValue, Kind
from heliograph.api.routes import Routes
from heliograph.core.errors import Invalid

F = TypeVar("F", bound=Callable[..., Any])

SCOPES = ("basic", "comments", "relationships", "likes")


@dataclass(slots=True)
class Call:
    """One request: who asks, from where, and what came with the question."""

    viewer: Viewer | None = None
    token: str = ""
    address: str = ""
    idempotency_key: str | None = None
    feed: list[bytes] | None = None  # the reader's list, when it came in the same trip as the record

    @property
    def viewer_id(self) -> int:
        """The person who asks; raises TokenMissing where nobody had to say."""
        if self.viewer is None:
            raise TokenMissing()
        return self.viewer.person_id


@dataclass(frozen=True)
class Parameter:
    name: str
    kind: Kind
    place: str  # path, any, file
    required: bool


@dataclass(frozen=True)
class Endpoint:
    """A function and all that the door and OpenAPI need to know about it."""

    method: str
    template: str
    function: Callable[..., Any]
    scope: str | None  # None: nobody needs a token
    gives: str  # a schema's name, "[Name]" for a list, "null"
    pages: str | None  # the parameter that asks for the next page
    feed: bool  # wants the reader's feed with the record
    repeats: bool  # knows Idempotency-Key
    parameters: tuple[Parameter, ...]
    files: frozenset[str] = field(default=frozenset())

    def arguments(self, path: Mapping[str, str], said: Mapping[str, Any], call: Call) -> dict[str, Any]:
        """Read the parameters; raises Invalid naming all that are wrong, NotFound for an impossible id."""
        values: dict[str, Any] = {}
        wrong: dict[str, str] = {}
        for parameter in self.parameters:
            raw = path[parameter.name] if parameter.place == "path" else said.get(parameter.name)
            # An empty text is no number and no file; but it is a text, and empties a caption.
            if raw is None or (raw == "" and parameter.kind.schema.get("type") != "string"):
                if parameter.required:
                    wrong[parameter.name] = f"{parameter.name} is missing."
                continue
            try:
                value = parameter.kind.read(raw)
            except BadValue as error:
                wrong[parameter.name] = f"{parameter.name} {error}."
                continue
            values[parameter.name] = call.viewer_id if value is MYSELF else value
        if wrong:
            first = next(iter(wrong))
            raise Invalid(wrong[first], fields=wrong)
        return values


API: Routes[Endpoint] = Routes()


def endpoint(
    method: str,
    template: str,
    *,
    gives: str,
    scope: str | None = "basic",
    pages: str | None = None,
    feed: bool = False,
    repeats: bool = False,
    on: Routes[Endpoint] | None = None,
) -> Callable[[F], F]:
    """Make a function answer at `template`. `scope`: what the token must be for; None: no token is needed."""

    def register(function: F) -> F:
        parameters = tuple(_parameters(function, template))
        made = Endpoint(
            method=method,
            template=template,
            function=function,
            scope=scope,
            gives=gives,
            pages=pages,
            feed=feed,
            repeats=repeats,
            parameters=parameters,
            files=frozenset(p.name for p in parameters if p.place == "file"),
        )
        (API if on is None else on).add(method, template, made)
        return function

    return register


def get(template: str, **options: Any) -> Callable[[F], F]:
    return endpoint("GET", template, **options)


def post(template: str, **options: Any) -> Callable[[F], F]:
    return endpoint("POST", template, **options)


def delete(template: str, **options: Any) -> Callable[[F], F]:
    return endpoint("DELETE", template, **options)


def _parameters(function: Callable[..., Any], template: str) -> list[Parameter]:
    hints = typing.get_type_hints(function, include_extras=True)
    found = []
    for name, formal in list(inspect.signature(function).parameters.items())[1:]:
        kind = next(note for note in hints[name].__metadata__ if isinstance(note, Kind))
        place = "path" if f"{{{name}}}" in template else kind.place
        found.append(Parameter(name, kind, place, formal.default is inspect.Parameter.empty))
    return found
