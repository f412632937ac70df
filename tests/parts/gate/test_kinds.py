"""What the door makes of an address agrees with what the doors behind it do there."""

from __future__ import annotations

import inspect

import pytest
from django.urls import resolve

from heliograph.api.endpoint import API
from heliograph.gate import kinds
from heliograph.gate.kinds import Kind
from tests.security import routes

PAGES = [route for route in routes.web() if not route.template.startswith("/v1")]
VALUES = {
    "username": "alice",
    "photo_id": "NX9sEdgAgL",
    "token": "f" * 32,
    "size": "640",
    "code": "NX9sEdgAgL",
}
#: Where a password is checked or made.
HASHES = {"sign-up", "sign-in", "reset-password", "change-password", "email-address", "delete-account"}


def address(route: routes.Route) -> str:
    return route.address(**{name: VALUES.get(name, "7") for name in route.parameters})


def source(path: str) -> str:
    return inspect.getsource(inspect.unwrap(resolve(path).func))


@pytest.mark.parametrize("route", PAGES, ids=lambda route: route.name)
def test_pages_get_files_where_they_watch_over_them_and_nowhere_else(route: routes.Route) -> None:
    path = address(route)
    assert kinds.of("POST", path).takes_files == ("arriving." in source(path))


def test_the_api_gets_files_where_an_endpoint_names_them_and_nowhere_else() -> None:
    for method, template, endpoint in API:
        path = address(routes.Route("", f"/v1{template}", method))
        for shape in (path, path + "/", path + ".json"):
            files = method == "POST" and bool(endpoint.files)
            assert kinds.of(method, shape).takes_files == files, shape


def test_passwords_are_hashed_in_a_lane_of_their_own() -> None:
    found = {route.name for route in PAGES if kinds.of("POST", address(route)).kind == Kind.SIGN_IN}
    assert found == HASHES
    hashing = {
        f"{method} {template}"
        for method, template, _ in API
        if kinds.of(method, address(routes.Route("", f"/v1{template}", method))).kind == Kind.SIGN_IN
    }
    assert hashing == {"POST /accounts", "POST /sessions"}


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("GET", "/livez", Kind.HEALTH),
        ("GET", "/", Kind.READ),
        ("HEAD", "/post", Kind.READ),
        ("GET", "/v1/users/self/feed", Kind.READ),
        ("POST", "/sign-out", Kind.URGENT),
        ("POST", "/p/NX9sEdgAgL/delete", Kind.URGENT),
        ("POST", "/people/12/block", Kind.URGENT),
        ("POST", "/settings/privacy", Kind.URGENT),
        ("POST", "/account/keep", Kind.URGENT),
        ("DELETE", "/v1/media/12", Kind.URGENT),
        ("POST", "/v1/users/12/relationship", Kind.URGENT),
        ("POST", "/p/NX9sEdgAgL/like", Kind.WRITE),
        ("POST", "/v1/media/12/likes", Kind.WRITE),
        ("POST", "/" + "x" * 5000, Kind.WRITE),
        ("PUT", "/post/uploads/parts/abc", Kind.UPLOAD),
        ("POST", "/v1/media", Kind.UPLOAD),
    ],
)
def test_what_is_important(method: str, path: str, kind: Kind) -> None:
    assert kinds.of(method, path).kind == kind
