"""The bytes of pictures: who gets them, for how long, and when their addresses end."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from heliograph.core import clock, valkey
from heliograph.flows import delete_photo, edit_profile, post_photo, suspend, upload_photo
from heliograph.pages import cards
from tests import corpus
from tests.harness.client import TestClient
from tests.harness.people import Somebody
from tests.stories.web import Source

RunJobs = Callable[..., Any]
FIVE_SECONDS = timedelta(seconds=5)


@pytest.fixture
def photo(alice: Somebody, cage: Any, run_jobs: RunJobs) -> int:
    upload = upload_photo.accept(alice.id, Source(corpus.jpeg(800, 600)))
    photo_id = post_photo.post(alice.id, upload_id=upload.id)
    run_jobs()
    return photo_id


def address(photo_id: int, viewer: Somebody | None = None, size: str = "640") -> str:
    [card] = cards.photos(viewer.id if viewer else None, [photo_id])
    return card.renditions[size].url


def forget() -> None:
    """What the byte server remembers for seconds."""
    valkey.call("FLUSHALL")


def test_it_is_a_jpeg_that_a_browser_may_keep(photo: int, client: TestClient) -> None:
    response = client.get(address(photo))
    assert response.status_code == 200
    assert response.content[:3] == b"\xff\xd8\xff"
    assert response.headers["Content-Type"] == "image/jpeg"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Disposition"] == "inline"
    public, age, immutable = response.headers["Cache-Control"].split(", ")
    assert (public, immutable) == ("public", "immutable")
    assert 6 * 86400 < int(age.removeprefix("max-age=")) <= 7 * 86400
    assert "Vary" not in response.headers
    assert "Set-Cookie" not in response.headers


def test_who_has_it_is_told_so(photo: int, client: TestClient) -> None:
    url = address(photo)
    tag = client.get(url).headers["ETag"]
    again = client.get(url, HTTP_IF_NONE_MATCH=tag)
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["ETag"] == tag
    assert client.head(url).status_code == 200


@pytest.mark.parametrize(
    ("old", "new"),
    [("&s=", "&s=x"), ("/640.jpg", "/1080.jpg"), ("e=1", "e=9"), ("/m/p", "/m/a"), ("640.jpg", "641.jpg")],
)
def test_a_changed_address_is_nothing(old: str, new: str, photo: int, client: TestClient) -> None:
    response = client.get(address(photo).replace(old, new))
    assert response.status_code == 404
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "path", ["x/640.jpg", "p" + "0" * 48 + "/640.jpg", "p" + "f" * 48 + "/640.jpg", "%00/640.jpg"]
)
def test_what_was_never_an_address_is_nothing(path: str, network: Any, client: TestClient) -> None:
    assert client.get(f"/m/{path}?e=1&s=x").status_code == 404
    assert client.get(f"/m/{path}").status_code == 404


def test_it_ends_by_itself(photo: int, client: TestClient) -> None:
    url = address(photo)
    clock.shift(timedelta(days=8))
    assert client.get(url).status_code == 403


@pytest.mark.parametrize("deed", ["private", "deleted", "suspended"])
def test_it_ends_when_the_photo_is_no_longer_for_all(
    deed: str, photo: int, alice: Somebody, client: TestClient, run_jobs: RunJobs
) -> None:
    url = address(photo)
    assert client.get(url).status_code == 200
    match deed:
        case "private":
            edit_profile.edit(alice.id, private=True)
        case "deleted":
            delete_photo.delete(alice.id, photo)
        case "suspended":
            suspend.suspend(alice.id)
    run_jobs()
    forget()  # five seconds later
    assert client.get(url).status_code == 404


def test_who_may_still_see_it_sees_it_at_once_when_its_owner_goes_private(
    photo: int, alice: Somebody, bob: Somebody, client: TestClient
) -> None:
    """A byte server that remembers how it was until a moment ago does not turn away the new address."""
    assert client.get(address(photo)).status_code == 200
    edit_profile.edit(alice.id, private=True)
    [key] = valkey.call("KEYS", "served:*")
    at_ms, *told = valkey.call("GET", key).split()
    valkey.call("SET", key, b" ".join([b"%d" % (int(at_ms) - 1000), *told]), "KEEPTTL")  # a second has passed
    new = address(photo, bob)
    assert client.get(new).status_code == 200
    assert client.get(new).status_code == 200


def test_a_forged_address_does_not_have_the_node_asked_every_time(
    photo: int, client: TestClient, count_trips: Callable[[], Any]
) -> None:
    url = address(photo)
    assert client.get(url).status_code == 200
    began = time.monotonic()
    with count_trips() as made:
        for _ in range(8):
            assert client.get(url + "x").status_code == 404
    assert made["node"] <= 4 * (time.monotonic() - began) + 1


def test_what_is_remembered_is_remembered_for_seconds(photo: int, client: TestClient) -> None:
    client.get(address(photo))
    [key] = valkey.call("KEYS", "served:*")
    assert 0 < valkey.call("PTTL", key) <= 5000


def test_that_there_is_nothing_is_asked_once_a_moment(
    photo: int, alice: Somebody, client: TestClient, count_trips: Callable[[], Any]
) -> None:
    url = address(photo)
    delete_photo.delete(alice.id, photo)
    forget()
    assert client.get(url).status_code == 404
    with count_trips() as made:
        assert client.get(url).status_code == 404
    assert not made["node"]
    [key] = valkey.call("KEYS", "served:*")
    assert 0 < valkey.call("PTTL", key) <= 1000


def test_a_photo_that_nobody_found_a_moment_ago_is_there_when_it_is_published(
    alice: Somebody, cage: Any, client: TestClient, run_jobs: RunJobs
) -> None:
    """Its address is unknown until then: whoever asks for its id with another name does not hide it."""
    upload = upload_photo.accept(alice.id, Source(corpus.jpeg(800, 600)))
    photo_id = post_photo.post(alice.id, upload_id=upload.id)
    assert client.get(f"/m/p{'0' * 32}{photo_id:016x}/640.jpg?e=1&s=x").status_code == 404
    run_jobs()
    assert client.get(address(photo_id)).status_code == 200


def test_private_pictures_stay_in_the_browser_for_minutes(
    photo: int, alice: Somebody, client: TestClient, run_jobs: RunJobs
) -> None:
    edit_profile.edit(alice.id, private=True)
    run_jobs()
    response = client.get(address(photo, alice))
    private, age, _ = response.headers["Cache-Control"].split(", ")
    assert private == "private"
    assert 0 < int(age.removeprefix("max-age=")) <= 15 * 60
