"""A walk through the whole API: every endpoint answers, in the shapes that OpenAPI tells, from sign-up to deletion."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from heliograph.api.endpoint import API
from tests import corpus
from tests.parts.api import speaker
from tests.parts.api.speaker import Speaker, document

PASSWORD = "a walk along the sea wall"

pytestmark = pytest.mark.usefixtures("network", "cage", "mirrors_at_once")


@pytest.fixture(autouse=True)
def full_allowances() -> None:
    speaker.forget_allowances()


def join(username: str) -> Speaker:
    said = Speaker().post(
        "/accounts", username=username, email=f"{username}@example.org", password=PASSWORD, full_name=username
    )
    newcomer = Speaker(token=said.data["access_token"])
    newcomer.id = int(said.data["user"]["id"])
    return newcomer


def test_every_endpoint_answers_as_it_is_described(run_jobs: Callable[..., Any]) -> None:
    erin, frank = join("erin"), join("frank")
    photo = _posts(erin, frank, run_jobs)
    _talks(erin, frank, photo, run_jobs)
    _looks_around(erin, frank, photo)
    _asks_and_is_let_in(erin, frank, run_jobs)
    _leaves(erin, photo)

    everything = {(method, template) for method, template, _ in API}
    assert everything <= speaker.SPOKEN, everything - speaker.SPOKEN
    assert {(m.upper(), t) for t, ops in document()["paths"].items() for m in ops} == everything


def _posts(erin: Speaker, frank: Speaker, run_jobs: Callable[..., Any]) -> str:
    frank.post(f"/users/{erin.id}/relationship", action="follow")
    run_jobs()
    upload = erin.post("/uploads", photo=corpus.jpeg()).data
    photo = erin.post(
        "/media",
        upload_id=upload["upload_id"],
        caption="The sea #sea #Sea @frank",
        alt_text="Waves",
        filter="amber",
    ).data
    assert photo["state"] == "processing"
    assert photo["tags"] == ["sea"]
    assert photo["images"]["standard_resolution"] == {"url": "", "width": 640, "height": 480}
    run_jobs()
    id: str = photo["id"]
    assert erin.get(f"/media/{id}").data["state"] == "published"
    return id


def _talks(erin: Speaker, frank: Speaker, photo: str, run_jobs: Callable[..., Any]) -> None:
    assert frank.post(f"/media/{photo}/likes").data is None
    first = frank.post(f"/media/{photo}/comments", text="What a wave").data
    second = erin.post(f"/media/{photo}/comments", text="It was").data
    run_jobs()
    assert [c["text"] for c in erin.get(f"/media/{photo}/comments").data] == ["What a wave", "It was"]
    assert [p["username"] for p in erin.get(f"/media/{photo}/likes").data] == ["frank"]
    seen = frank.get(f"/media/{photo}").data
    assert (seen["likes"]["count"], seen["comments"]["count"], seen["user_has_liked"]) == (1, 2, True)
    assert len(seen["likes"]["data"]) == 1
    assert [c["id"] for c in seen["comments"]["data"]] == [first["id"], second["id"]]
    assert frank.delete(f"/media/{photo}/likes").data is None
    assert erin.delete(f"/media/{photo}/comments/{first['id']}").data is None


def _looks_around(erin: Speaker, frank: Speaker, photo: str) -> None:
    assert [p["id"] for p in frank.get("/users/self/feed").data] == [photo]
    assert [p["id"] for p in frank.get(f"/users/{erin.id}/media/recent").data] == [photo]
    seen = frank.get(f"/media/{photo}").data
    code = seen["link"].rstrip("/").rpartition("/")[2]
    assert frank.get(f"/media/shortcode/{code}").data["id"] == photo
    assert frank.get(f"/users/{erin.id}").data["counts"] == {"media": 1, "follows": 0, "followed_by": 1}
    assert [p["id"] for p in erin.get("/users/self/followed-by").data] == [str(frank.id)]
    assert [p["id"] for p in frank.get("/users/self/follows").data] == [str(erin.id)]
    edited = erin.post(f"/media/{photo}", caption="The sea, again").data
    assert (edited["caption"]["text"], edited["alt_text"]) == ("The sea, again", "Waves")


def _asks_and_is_let_in(erin: Speaker, frank: Speaker, run_jobs: Callable[..., Any]) -> None:
    me = frank.post(
        "/users/self",
        bio="Bakes",
        website="https://example.org/",
        is_private="true",
        avatar=corpus.jpeg(200, 200),
    ).data
    assert (me["bio"], me["website"]) == ("Bakes", "https://example.org/")
    assert me["profile_picture"].startswith("http://testserver/m/")
    between = erin.post(f"/users/{frank.id}/relationship", action="follow").data
    assert between == {
        "outgoing_status": "requested",
        "incoming_status": "followed_by",
        "target_user_is_private": True,
    }
    assert [p["id"] for p in frank.get("/users/self/requested-by").data] == [str(erin.id)]
    assert (
        frank.post(f"/users/{erin.id}/relationship", action="approve").data["incoming_status"]
        == "followed_by"
    )
    run_jobs()
    assert erin.get(f"/users/{frank.id}/relationship").data["outgoing_status"] == "follows"
    happened = erin.get("/users/self/activity").data
    assert (happened[0]["kind"], happened[0]["actor"]["id"]) == ("approval", str(frank.id))
    kinds = {entry["kind"] for entry in happened}
    assert kinds == {"approval", "follow"}
    assert [p["id"] for p in erin.get("/users/search", q="fra").data] == [str(frank.id)]
    assert erin.get("/users/search", q="").data == []


def _leaves(erin: Speaker, photo: str) -> None:
    assert erin.delete(f"/media/{photo}").data is None
    assert erin.get(f"/media/{photo}").why == (404, "APINotFoundError")
    again = Speaker().post("/sessions", username="erin", password=PASSWORD).data
    assert erin.delete("/sessions").data is None
    assert erin.get("/users/self").why == (400, "OAuthAccessTokenException")
    assert Speaker(token=again["access_token"]).get("/users/self").data["username"] == "erin"
