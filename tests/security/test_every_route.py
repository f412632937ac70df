"""What holds for every address that there is, whoever asks: the headers, and forms of other sites."""

from __future__ import annotations

from typing import Any

import pytest

from tests.harness.client import TestClient
from tests.harness.jobs import Runner
from tests.harness.people import Somebody
from tests.security import routes, whole
from tests.security.routes import Route
from tests.stories.web import browser_of

#: Something that fits each name in an address; nothing need be there.
_VALUES = {
    "photo_id": "E7",
    "code": "E7",
    "comment_id": "77",
    "upload_id": "77",
    "person_id": "77",
    "username": "alice",
    "token": "nothing",
    "size": "640",
}
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_DIRECTIVES = ("default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'")


def _address(route: Route) -> str:
    return route.address(**{name: _VALUES[name] for name in route.parameters})


def test_every_answer_tells_the_browser_what_not_to_do(alice: Somebody) -> None:
    for browser in (TestClient(), browser_of(alice)):
        for route in routes.every():
            response = browser.generic(route.method or "GET", _address(route))
            missing = {name for name, said in _HEADERS.items() if response.headers.get(name) != said}
            assert not missing, (route, response.status_code, missing)
            policy = response.headers["Content-Security-Policy"]
            assert all(it in policy for it in _DIRECTIVES), (route, policy)
            assert "unsafe" not in policy
            assert "Server" not in response.headers and "X-Powered-By" not in response.headers
            if not response.streaming and response.content:
                assert response.headers["Content-Type"].partition(";")[0], route


def test_every_cookie_is_out_of_reach_of_scripts_and_of_other_sites(alice: Somebody) -> None:
    for browser in (TestClient(), browser_of(alice)):
        for route in routes.web():
            for cookie in browser.get(_address(route)).cookies.values():
                assert cookie["samesite"] == "Lax", (route, cookie)
                assert cookie["httponly"], (route, cookie)


def test_a_form_of_another_site_changes_nothing_anywhere(alice: Somebody, runner: Runner) -> None:
    """Not with a cookie of somebody, and not by signing them in as somebody else."""
    fields = {"username": "mallory", "login": "alice", "password": "correct horse battery staple", "on": "1"}
    fields |= {"email": "mallory@example.org", "full_name": "Mallory", "theme": "night"}
    browsers = {who: browser_of(who, enforce_csrf_checks=True) for who in (None, alice)}
    before = whole.contents(runner)
    for who, browser in browsers.items():
        for route in routes.web():
            for method in ("POST", "PATCH", "PUT", "DELETE"):
                response = _of_another_site(browser, method, _address(route), fields)
                allowed = (403, 404, 405) if who else (303, 403, 404, 405)  # strangers may be sent to sign in
                assert response.status_code in allowed, (method, route, response.status_code)
                assert "session" not in response.cookies, route
    assert whole.changed(before, whole.contents(runner)) == []


def _of_another_site(browser: TestClient, method: str, address: str, fields: dict[str, str]) -> Any:
    browser.cookies["csrftoken"] = "a" * 32  # not even one that a neighbour under our domain has set
    headers = {"HTTP_ORIGIN": "https://evil.example", "HTTP_SEC_FETCH_SITE": "cross-site"}
    if method == "POST":
        return browser.post(address, {**fields, "csrfmiddlewaretoken": "b" * 64}, **headers)
    return browser.generic(method, address, b"", **headers)


def test_looking_at_every_page_changes_nothing(alice: Somebody, bob: Somebody, runner: Runner) -> None:
    """No deed is done by a GET, which every other site may send for one."""
    browser = browser_of(alice)
    before = whole.contents(runner)
    for route in routes.web():
        for query in ("", "?on=1&yes=1&action=follow&confirm=1"):
            browser.get(f"{_address(route)}{query}")
            browser.head(_address(route))
    left = whole.changed(before, whole.contents(runner))
    assert [table for table in left if not table.endswith(SEEN)] == []


#: That somebody was here, and how far they have read what happened.
SEEN = ("accounts_websession", "activity_seen")


@pytest.mark.parametrize("address", ["/sign-in", "/sign-up", "/sign-out", "/settings/privacy"])
@pytest.mark.parametrize(
    "target",
    (
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/%09/evil.example",
        "/\t/evil.example",
        "///evil.example",
        "javascript:alert(1)",
        "data:text/html,hi",
        "http:evil.example",
        "@evil.example",
        " https://evil.example",
        "/\n/evil.example",
    ),
)
def test_after_a_form_one_is_never_on_another_site(address: str, target: str, alice: Somebody) -> None:
    for who in (None, alice):
        browser = browser_of(who)
        fields = {"login": "alice", "password": alice.password, "next": target}
        response = browser.post(address, fields)
        told = [response.headers.get("Location", "/")]
        response = browser.get(address, {"next": target})
        told.append(response.headers.get("Location", "/"))
        for location in told:
            assert location.startswith("/") and not location.startswith(("//", "/\\")), (target, location)
            assert "\t" not in location and "\n" not in location


def test_a_method_that_nobody_knows_is_refused(alice: Somebody) -> None:
    """Above all TRACE, which would show a script the cookies it may not read."""
    browser = browser_of(alice)
    answered = [
        (method, route.template)
        for route in routes.every()
        for method in ("TRACE", "MAKE")
        if browser.generic(method, _address(route)).status_code not in (400, 404, 405)
    ]
    assert answered == []
