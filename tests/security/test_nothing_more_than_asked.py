"""Fields that a form or a call does not have are not obeyed (mass assignment); and nobody escapes a limit by writing an
address into a header.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from heliograph.accounts.models import Person, Token
from heliograph.api.endpoint import SCOPES
from heliograph.core import environment, valkey
from heliograph.sharding import sessions
from tests.harness.client import TestClient
from tests.harness.people import PASSWORD, Somebody
from tests.parts.api import speaker
from tests.parts.api.speaker import Speaker
from tests.security import routes
from tests.stories.web import browser_of

pytestmark = pytest.mark.usefixtures("network")

#: What people, photos and sessions have, and no form.
MORE = {
    "id": "1",
    "pk": "1",
    "person_id": "1",
    "owner_id": "1",
    "is_administrator": "1",
    "is_staff": "1",
    "is_superuser": "1",
    "is_active": "0",
    "state": "suspended",
    "scopes": "basic+everything",
    "scope": "basic+everything",
    "email_verified": "1",
    "verified": "1",
    "media_generation": "9",
    "face_version": "99",
    "created_at": "0",
    "password_hash": "x",
}
#: What each form of pages needs to be obeyed at all.
FORMS = {
    "sign-up": {"username": "mallory", "email": "mallory@example.org", "password": PASSWORD},
    "sign-in": {"login": "alice", "password": PASSWORD},
    "edit-profile": {"full_name": "Alice the Great", "bio": "hello", "website": ""},
    "change-password": {"old": PASSWORD, "new": PASSWORD + "!"},
    "privacy": {"private": "0"},
    "appearance": {"theme": "dark", "zone": "", "language": "en"},
}
CALLS = {
    "POST /accounts": {"username": "mallory2", "email": "mallory2@example.org", "password": PASSWORD},
    "POST /sessions": {"username": "alice", "password": PASSWORD},
    "POST /users/self": {"full_name": "Alice the Greatest"},
}
_FIXED = ("id", "username", "email_verified", "is_administrator", "is_active", "state", "created_at")
_HOME = "SELECT to_jsonb(p) FROM {s}.person p WHERE id = %s"


def _fixed(somebody: Somebody) -> dict[str, Any]:
    """What no form of their own changes of somebody."""
    home: dict[str, Any] = sessions.reader().at(somebody.id).value(_HOME, (somebody.id,))
    return {
        "directory": Person.objects.filter(id=somebody.id).values(*_FIXED).get(),
        "home": {name: home[name] for name in ("id", "username", "state", "created_at") if name in home},
    }


def _whole(somebody: Somebody) -> Any:
    return (
        Person.objects.filter(id=somebody.id).values().get(),
        sessions.reader().at(somebody.id).value(_HOME, (somebody.id,)),
    )


def test_fields_that_a_form_does_not_have_are_ignored_by_every_form(alice: Somebody, carol: Somebody) -> None:
    values = {name: "77" for route in routes.web() for name in route.parameters}
    mine, hers = _fixed(alice), _whole(carol)
    obeyed = set()
    for route in routes.web():
        valkey.call("FLUSHALL")
        browser = TestClient() if route.name in ("sign-up", "sign-in") else browser_of(alice)
        fields = {**MORE, "person_id": str(carol.id), **FORMS.get(route.name, {})}
        response = browser.post(route.address(**values), fields)
        assert response.status_code < 500, route
        if response.status_code in (200, 303) and route.name in FORMS:
            obeyed.add(route.name)
    assert obeyed == set(FORMS)  # so the extra fields came along with what was done
    assert _fixed(alice) == mine
    assert _whole(carol) == hers
    assert _newcomer("mallory") == (False, False, True, "active")


def test_nor_by_any_call_of_the_api(alice: Somebody, carol: Somebody) -> None:
    values = {name: "77" for route in routes.api() for name in route.parameters}
    mine, hers = _fixed(alice), _whole(carol)
    obeyed = set()
    for route in routes.api():
        if route.method == "GET":
            continue
        speaker.forget_allowances()
        fields = {**MORE, "person_id": str(carol.id), **CALLS.get(route.name, {})}
        path = route.address(**values).removeprefix("/v1")
        for said in (Speaker(alice).post_json(path, fields),) if route.method == "POST" else ():
            assert said.status < 500, route
            if said.status == 200 and route.name in CALLS:
                obeyed.add(route.name)
    assert obeyed == set(CALLS)
    assert _fixed(alice) == mine
    assert _whole(carol) == hers
    assert _newcomer("mallory2") == (False, False, True, "active")
    assert {scope for it in Token.objects.all() for scope in it.scopes.split()} <= set(SCOPES)


def _newcomer(username: str) -> tuple[bool, bool, bool, str]:
    found = Person.objects.get(username=username)
    return found.is_administrator, found.email_verified, found.is_active, found.state


@pytest.fixture
def behind_a_proxy() -> Iterator[None]:
    before = environment.get()
    environment.use(replace(before, trusted_proxies=("127.0.0.1",)))
    yield
    environment.use(before)


def _tries(forwarded: str, at: str = "127.0.0.1") -> list[int]:
    """Signing in once more often than is allowed, each time with another name: the statuses that differ."""
    browser = TestClient(REMOTE_ADDR=at)
    found = []
    for number in range(environment.get().sign_ins_per_minute + 1):
        headers = {"X-Forwarded-For": forwarded.replace("N", str(number)), "X-Real-IP": f"9.9.9.{number}"}
        headers["Forwarded"] = f"for=9.9.9.{number}"
        fields = {"login": f"nobody{number}{at}", "password": "wrong, whatever it is"}
        found.append(browser.post("/sign-in", fields, headers=headers).status_code)
    return sorted(set(found))


def test_an_address_in_a_header_is_nobodys_without_a_proxy() -> None:
    assert 429 in _tries("198.51.100.N")


def test_behind_a_proxy_what_the_visitor_wrote_before_it_is_not_believed(behind_a_proxy: None) -> None:
    assert 429 in _tries("198.51.100.N, 203.0.113.7")


def test_behind_a_proxy_visitors_are_told_apart_by_what_it_saw(behind_a_proxy: None) -> None:
    assert 429 not in _tries("203.0.113.7, 198.51.100.N")


def test_who_is_no_proxy_of_ours_is_not_believed(behind_a_proxy: None) -> None:
    assert 429 in _tries("198.51.100.N", at="192.0.2.9")


def test_guessing_tokens_from_made_up_addresses_ends_as_well() -> None:
    before = environment.get()
    environment.use(replace(before, api_per_hour=3))
    try:
        said = [
            Speaker(token=f"1.abcdef0.{number:032x}")
            ._ask("GET", "/users/self", {}, HTTP_X_FORWARDED_FOR=f"198.51.100.{number}")
            .status
            for number in range(60)
        ]
    finally:
        environment.use(before)
    assert 429 in said
