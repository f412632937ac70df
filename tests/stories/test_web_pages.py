"""Pages over HTTP: who gets which, with what frame, and what happens to those who may not."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from heliograph.sharding.ids import short_code
from tests.harness.client import TestClient
from tests.harness.people import Somebody
from tests.oracle import album
from tests.stories.web import browser_of, text_of

HUGE = 10**40

EVERYBODYS = ["/", "/sign-in", "/sign-up", "/@alice"]
MINE = [
    "/",
    "/find",
    "/find?q=alice",
    "/find?q=nobody",
    "/post",
    "/requests",
    "/activity",
    "/settings",
    "/settings/profile",
    "/settings/privacy",
    "/settings/devices",
    "/settings/appearance",
    "/settings/blocked",
    "/settings/password",
    "/settings/email",
    "/@alice",
    "/@alice/followers",
    "/@alice/following",
    "/@alice/block",
    "/@bob",
]


@pytest.mark.parametrize("path", MINE)
def test_every_page_of_ones_own_is_there_with_one_headline(path: str, bob: Somebody) -> None:
    response = browser_of(bob).get(path)
    page = response.content.decode()
    assert response.status_code == 200
    assert page.count("<h1") == 1
    assert (
        len(re.findall(r'<a href="[^"]*"[^>]* aria-label="(Home|Find people|Activity|Profile)"', page)) == 4
    )
    assert response.headers["Cache-Control"] == "private, no-store"
    assert "Cookie" in response.headers["Vary"]


@pytest.mark.parametrize("path", EVERYBODYS)
def test_strangers_see_the_public_pages(path: str, alice: Somebody) -> None:
    response = browser_of(None).get(path)
    assert response.status_code == 200
    assert response.content.decode().count("<h1") == 1


@pytest.mark.parametrize("path", [path for path in MINE if path not in ("/", "/@alice", "/@bob")])
def test_strangers_are_sent_to_sign_in_and_come_back(path: str, alice: Somebody) -> None:
    response = browser_of(None).get(path)
    assert response.status_code == 303
    assert response.headers["Location"].startswith("/sign-in?next=/")


@pytest.mark.parametrize("path", MINE)
def test_no_page_has_inline_styles_or_scripts_or_outside_hosts(path: str, bob: Somebody) -> None:
    page = browser_of(bob).get(path).content.decode().replace('href="http://testserver/', 'href="/')
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=", page)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", page))
    assert not re.search(r'(src|href|action)="(https?:)?//', page)


def test_the_policy_is_on_every_page(alice: Somebody) -> None:
    headers = browser_of(alice).get("/").headers
    assert "'unsafe" not in headers["Content-Security-Policy"]
    assert "script-src 'self'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    ["/@nobody", "/p/AAAA", "/p/0", "/@alice/nothing", "/p/___________", "/nowhere", "/@" + "a" * 31],
)
def test_what_is_not_there_is_a_page_with_a_way_home(path: str, alice: Somebody) -> None:
    response = browser_of(alice).get(path)
    assert response.status_code == 404
    assert "There is nothing here" in text_of(response)
    assert 'href="/"' in response.content.decode()


@pytest.mark.parametrize(
    ("path", "leads_to"),
    [("/@alice/", "/@alice"), ("/@alice/?max_id=7", "/@alice?max_id=7"), ("/sign-in///", "/sign-in")],
)
def test_a_slash_too_many_leads_on(path: str, leads_to: str, alice: Somebody) -> None:
    answer = browser_of(None).get(path)
    assert (answer.status_code, answer["Location"]) == (301, leads_to)


@pytest.mark.parametrize(
    "path", ["/%2Fevil.example/", "/%5Cevil.example/", "/nobody/there/", "/@alice%0d%0aX: 1/"]
)
def test_a_slash_too_many_leads_nowhere_else(path: str, alice: Somebody) -> None:
    assert browser_of(None).get(path).status_code == 404


def test_blocked_looks_exactly_like_nobody(alice: Somebody, dave: Somebody) -> None:
    photo = short_code(album.post(alice.id))
    browser = browser_of(dave)
    nobody = text_of(browser.get("/@nobody")).replace("nobody", "")
    for path in ("/@alice", "/@alice/followers", f"/p/{photo}"):
        response = browser.get(path)
        assert response.status_code == 404
        assert text_of(response).replace("alice", "") == nobody


def test_a_private_profile_is_a_face_and_a_button_for_strangers(bob: Somebody, carol: Somebody) -> None:
    photo = short_code(album.post(carol.id))
    for browser in (browser_of(None), browser_of(bob)):
        page = text_of(browser.get("/@carol"))
        assert "These photos are private" in page
        assert "followers" not in page
        assert browser.get(f"/p/{photo}").status_code == 404
    assert browser_of(bob).get("/@carol/followers").status_code == 403


def test_capitals_in_a_name_are_understood(alice: Somebody) -> None:
    assert browser_of(alice).get("/@Alice").status_code == 200
    assert "alice" in text_of(browser_of(alice).get("/find?q=@ALICE"))


@pytest.mark.parametrize("cursor", ["x", "-1", str(HUGE), "%00", "AAAA" * 50, "9223372036854775807"])
def test_cursors_of_nobody_are_a_sentence_not_an_accident(cursor: str, bob: Somebody) -> None:
    browser = browser_of(bob)
    for path in ("/", "/@alice", "/@alice/followers", "/requests", "/settings/blocked"):
        assert browser.get(f"{path}?after={cursor}").status_code in (200, 400)


@pytest.mark.parametrize("person_id", [0, 1, 17, 2**63 - 1, 2**63, HUGE])
def test_deeds_to_ids_of_nobody_are_not_found(person_id: int, alice: Somebody) -> None:
    browser = browser_of(alice)
    for deed, field in (("follow", "on"), ("block", "on")):
        response = browser.post(f"/people/{person_id}/{deed}", {field: "1"})
        assert response.status_code == 404, deed
    photo = short_code(album.post(alice.id))
    assert browser.post(f"/p/{photo}/comments/{person_id}/delete").status_code in (303, 404)


def test_a_form_of_another_site_is_refused(alice: Somebody, bob: Somebody) -> None:
    browser = browser_of(bob, enforce_csrf_checks=True)
    photo = short_code(album.post(alice.id))
    for path in (
        f"/p/{photo}/like",
        f"/people/{alice.id}/follow",
        "/settings/profile",
        "/post",
        "/post/uploads",
    ):
        response = browser.post(path, {"on": "1"})
        assert response.status_code == 403, path
        assert "This page is too old" in text_of(response)


def test_the_page_after_a_deed_is_one_of_ours(alice: Somebody, bob: Somebody) -> None:
    browser = browser_of(bob)
    like = f"/p/{short_code(album.post(alice.id))}/like"
    for outside in ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", ""):
        location = browser.post(like, {"on": "1", "next": outside}).headers["Location"]
        assert location.startswith("/p/")
    assert browser.post(like, {"on": "1", "next": "/@alice"}).headers["Location"] == "/@alice"


def test_a_wish_that_somebody_public_has_not_answered_yet_is_no_request(
    alice: Somebody, carol: Somebody, make_person: Callable[..., Somebody], run_jobs: Callable[..., Any]
) -> None:
    """On a busy day the answer takes a moment; to ask is a thing between private people."""
    json = {"HTTP_ACCEPT": "application/json"}
    browser = browser_of(make_person("dora"))
    said = [browser.post(f"/people/{who.id}/follow", {"on": "1"}, **json).json() for who in (alice, carol)]
    assert [one["text"] for one in said] == ["Following", "Requested"]
    for name, label in (("alice", "Following"), ("carol", "Requested")):
        assert f">{label}</button>" in browser.get(f"/@{name}").content.decode()
    run_jobs()
    assert ">Following</button>" in browser.get("/@alice").content.decode()


def test_scripts_are_answered_in_json(alice: Somebody, bob: Somebody, mirrors_at_once: None) -> None:
    browser = browser_of(bob)
    json = {"HTTP_ACCEPT": "application/json"}
    photo = short_code(album.post(alice.id))
    assert browser.post(f"/p/{photo}/like", {"on": "1"}, **json).json() == {"on": True}
    assert browser.post(f"/people/{alice.id}/follow", {"on": "0"}, **json).json() == {
        "on": False,
        "text": "Follow",
    }
    refused = browser.post("/p/AAAA/like", {"on": "1"}, **json)
    assert (refused.status_code, list(refused.json())) == (404, ["error"])
    stranger = browser_of(None).post(f"/p/{photo}/like", {"on": "1"}, **json)
    assert (stranger.status_code, stranger.json()) == (401, {"error": "Sign in first."})


def test_a_private_person_lets_somebody_in(
    bob: Somebody, carol: Somebody, run_jobs: Callable[..., Any]
) -> None:
    photo = short_code(album.post(carol.id))
    browser_of(bob).post(f"/people/{carol.id}/follow", {"on": "1"})
    run_jobs()
    assert "Requested" in text_of(browser_of(bob).get("/@carol"))
    assert "bob" in text_of(browser_of(carol).get("/requests"))
    browser_of(carol).post(f"/people/{bob.id}/answer", {"yes": "1"})
    run_jobs()
    assert browser_of(bob).get(f"/p/{photo}").status_code == 200
    assert "Following" in text_of(browser_of(bob).get("/@carol"))
    assert "Nobody is waiting" in text_of(browser_of(carol).get("/requests"))


def test_blocking_and_unblocking(alice: Somebody, bob: Somebody, run_jobs: Callable[..., Any]) -> None:
    browser = browser_of(alice)
    assert browser.post(f"/people/{bob.id}/block", {"on": "1"}).status_code == 303
    run_jobs()
    assert browser.get("/@bob").status_code == 404
    assert browser_of(bob).get("/@alice").status_code == 404
    assert "bob" in text_of(browser.get("/settings/blocked"))
    browser.post(f"/people/{bob.id}/block", {"on": "0"})
    run_jobs()
    assert browser.get("/@bob").status_code == 200


def test_an_error_of_ours_is_a_page_too(alice: Somebody, monkeypatch: pytest.MonkeyPatch) -> None:
    from heliograph.pages import home

    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("a secret of the machine")

    monkeypatch.setattr(home, "page", broken)
    browser: TestClient = browser_of(alice, raise_request_exception=False)
    response = browser.get("/")
    assert response.status_code == 500
    assert "Something broke on our side" in text_of(response)
    assert "secret" not in response.content.decode()


def test_all_other_devices_are_signed_out_by_a_button(alice: Somebody) -> None:
    here, there = browser_of(alice), browser_of(alice)
    assert here.post("/settings/devices").status_code == 303
    assert here.get("/settings").status_code == 200
    there.viewer_id = None
    assert there.get("/settings").status_code == 303
