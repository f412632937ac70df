"""Posting without scripts, and by the script's upload: what is kept when something is wrong."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError

from heliograph.core import environment
from heliograph.media import cage_client
from heliograph.media.errors import Busy
from heliograph.pages import home
from heliograph.web.session import COOKIE
from tests import corpus
from tests.harness.client import TestClient
from tests.harness.people import Somebody
from tests.parts.media.conftest import pixels
from tests.stories.web import browser_of, text_of

pytestmark = pytest.mark.usefixtures("cage")


@pytest.fixture
def browser(alice: Somebody) -> TestClient:
    return browser_of(alice)


def form(photo: bytes | None = None, **fields: str) -> dict[str, Any]:
    filled: dict[str, Any] = {"caption": "", "alt_text": "", "filter": "", "key": uuid.uuid4().hex}
    if photo is not None:
        filled["photo"] = SimpleUploadedFile("photo.jpg", photo, content_type="image/jpeg")
    return filled | fields


def waiting(person: Somebody) -> list[Any]:
    return home.arriving(person.id)


def test_it_goes_home_with_the_photo_on_top(browser: TestClient, alice: Somebody) -> None:
    response = browser.post("/post", form(corpus.jpeg(), caption="First #light", alt_text="A scene"))
    assert (response.status_code, response.headers["Location"]) == (303, "/")
    [card] = waiting(alice)
    assert (card.caption, card.alt_text, card.state) == ("First #light", "A scene", "processing")
    page = browser.get("/").content.decode()
    assert 'class="hairline"' in page
    assert "data:image/webp;base64," in page


def test_the_same_form_sent_twice_is_one_photo(browser: TestClient, alice: Somebody) -> None:
    """With its file, as without scripts: after a lost answer, or by Back."""
    key = uuid.uuid4().hex
    for _ in range(2):
        assert browser.post("/post", form(corpus.jpeg(), caption="Once", key=key)).status_code == 303
    assert len(waiting(alice)) == 1
    other = browser.post("/post", form(corpus.jpeg(), caption="Otherwise", key=key))
    assert other.status_code == 400
    assert "You sent this before, with other words." in text_of(other)
    again = re.search('name="key"[^>]* value="([^"]+)"', other.content.decode())
    assert again and again[1] != key, "sending it once more means both"


def test_nonsense_for_a_key_is_no_key(browser: TestClient) -> None:
    for key in ("k" * 201, "\0", "\u202e"):
        assert browser.post("/post", form(corpus.jpeg(), key=key)).status_code == 303


CUT = {
    "crop_x": "0.5",
    "crop_y": "0.5",
    "crop_w": "0.6",
    "crop_h": "0.4",
    "straighten": "-5.04",
    "turn": "90",
}


def test_it_is_cut_and_filtered_as_the_form_says(browser: TestClient, alice: Somebody, run_jobs: Any) -> None:
    sent = browser.post("/post/uploads", corpus.jpeg(1600, 1200), content_type="image/jpeg").json()
    assert (sent["width"], sent["height"]) == (1600, 1200) and sent["placeholder"]
    looks = {"filter": "fern", "strength": "40"}
    address = f"/post/uploads/{sent['upload_id']}/preview.jpg"
    seen = browser.get(address, CUT | looks)
    assert (seen.status_code, seen["Content-Type"]) == (200, "image/jpeg")
    assert seen["Cache-Control"] == "private, no-store"
    assert pixels(seen.content).shape == (569, 640, 3)
    assert pixels(browser.get(address).content).shape == (480, 640, 3)
    assert browser.post("/post", form(upload_id=sent["upload_id"], **CUT, **looks)).status_code == 303
    run_jobs()
    [card] = home.page(alice.id).items
    assert (card.width, card.height, card.filter) == (720, 640, "fern")


@pytest.mark.parametrize(
    "wrong",
    [
        {"crop_w": "1.0"},
        {"crop_w": ""},
        {"crop_x": "nan"},
        {"crop_x": "middle"},
        {"straighten": "21"},
        {"turn": "1.5"},
        {"turn": "45"},
        {"strength": "101"},
        {"strength": "-1"},
        {"strength": "\u0661"},
        {"filter": "sepia"},
    ],
    ids=str,
)
def test_a_recipe_that_cannot_be_is_refused(
    browser: TestClient, alice: Somebody, wrong: dict[str, str]
) -> None:
    upload = browser.post("/post/uploads", corpus.jpeg(), content_type="image/jpeg").json()["upload_id"]
    assert browser.get(f"/post/uploads/{upload}/preview.jpg", CUT | wrong).status_code == 400
    assert browser.post("/post", form(upload_id=upload, **CUT | wrong)).status_code == 400
    assert waiting(alice) == []


def test_previews_of_a_busy_cage_say_when_to_ask_again(
    browser: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They were an empty answer before, and the script of the composer believed it."""
    upload = browser.post("/post/uploads", corpus.jpeg(), content_type="image/jpeg").json()["upload_id"]
    monkeypatch.setattr(cage_client, "_ask", busy)
    for page in ("previews", "preview.jpg"):
        answer = browser.get(f"/post/uploads/{upload}/{page}", headers={"Accept": "application/json"})
        assert (answer.status_code, answer["Retry-After"]) == (503, "5")
        assert answer.json()["error"]
    page = browser.post("/post", form(upload_id=upload, caption="x" * 10_000))
    assert page.status_code == 400 and f'value="{upload}"' in page.content.decode()
    monkeypatch.undo()
    assert len(browser.get(f"/post/uploads/{upload}/previews").json()) == 13


def busy(*_: Any, **__: Any) -> Any:
    raise Busy(retry_after_seconds=5)


def test_an_upload_is_previewed_by_nobody_else(browser: TestClient, bob: Somebody) -> None:
    upload = browser.post("/post/uploads", corpus.jpeg(), content_type="image/jpeg").json()["upload_id"]
    stranger = browser_of(bob)
    for page in ("previews", "preview.jpg"):
        assert stranger.get(f"/post/uploads/{upload}/{page}").status_code == 404
        assert TestClient().get(f"/post/uploads/{upload}/{page}").status_code == 303


def test_the_same_form_twice_is_one_photo(browser: TestClient, alice: Somebody) -> None:
    upload = browser.post("/post/uploads", corpus.jpeg(), content_type="image/jpeg").json()["upload_id"]
    filled = form(upload_id=upload, caption="Once")
    assert [browser.post("/post", filled).status_code for _ in range(2)] == [303, 303]
    assert len(waiting(alice)) == 1


def test_no_photo_keeps_the_words(browser: TestClient, alice: Somebody) -> None:
    response = browser.post("/post", form(caption="Long thought about", filter="amber"))
    page = response.content.decode()
    assert response.status_code == 400
    assert "Choose a photo first." in page
    assert "Long thought about" in page
    assert re.search(r'value="amber" checked', page)
    assert waiting(alice) == []


def test_a_bad_caption_keeps_the_photo(browser: TestClient, alice: Somebody) -> None:
    response = browser.post("/post", form(corpus.jpeg(), caption="x" * 10_000))
    page = response.content.decode()
    assert response.status_code == 400
    found = re.search(r'name="upload_id"[^>]* value="(\d+)"', page)
    assert found is not None
    assert page.count("data:image/jpeg;base64,") == 13  # once with each filter, and without
    assert browser.post("/post", form(upload_id=found[1], caption="Shorter")).status_code == 303
    assert [card.caption for card in waiting(alice)] == ["Shorter"]


@pytest.mark.parametrize("caption", ["NUL \0 in it", "\ud800"])
def test_texts_that_cannot_be_kept_are_refused_politely(caption: str, browser: TestClient) -> None:
    body = form(corpus.jpeg(), caption=caption.encode("utf-8", "replace").decode())
    assert browser.post("/post", body).status_code in (303, 400)


@pytest.mark.parametrize("upload_id", ["0", "1", str(2**63 - 1), str(10**18), "abc", "-4", "9" * 40])
def test_uploads_of_nobody_or_somebody_else_are_gone(
    upload_id: str, browser: TestClient, alice: Somebody
) -> None:
    response = browser.post("/post", form(upload_id=upload_id))
    assert response.status_code in (400, 404)
    assert re.search(r'name="upload_id"[^>]* value=""', response.content.decode())
    assert browser.get(f"/post/uploads/{upload_id}/previews").status_code in (200, 404)


@pytest.mark.parametrize("photo", [b"", b"GIF89a", b"<svg onload=alert(1)>", corpus.jpeg()[:2000]])
def test_what_is_no_photo_is_refused_with_a_sentence(
    photo: bytes, browser: TestClient, alice: Somebody
) -> None:
    status = 415 if photo.startswith((b"GIF", b"<svg")) else 400
    response = browser.post("/post", form(photo))
    assert response.status_code == status
    assert 'role="alert"' in response.content.decode()
    ahead = browser.post(
        "/post/uploads", photo, content_type="image/jpeg", headers={"Accept": "application/json"}
    )
    assert ahead.status_code == status
    assert list(ahead.json()) == ["error"]


def test_too_large_is_refused_while_it_arrives(
    browser: TestClient, alice: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HELIOGRAPH_UPLOAD_MAX_BYTES", "5000")
    environment.use(None)
    response = browser.post("/post", form(corpus.jpeg()))
    monkeypatch.delenv("HELIOGRAPH_UPLOAD_MAX_BYTES")
    environment.use(None)
    assert response.status_code == 413
    assert "at most" in text_of(response)


def test_a_failed_photo_is_shown_to_its_owner_with_a_way_on(
    browser: TestClient, alice: Somebody, bob: Somebody, run_jobs: Any
) -> None:
    browser.post("/post", form(corpus.BROKEN_INSIDE[next(iter(corpus.BROKEN_INSIDE))]()))
    run_jobs()
    for card in waiting(alice):
        page = text_of(browser.get("/"))
        assert card.state == "failed"
        assert "could not be developed" in page
        assert "Try again" in page
    assert "could not be developed" not in text_of(browser_of(bob).get("/"))


def test_a_picture_of_oneself(browser: TestClient, alice: Somebody, run_jobs: Any) -> None:
    photo = SimpleUploadedFile("me.jpg", corpus.jpeg(500, 400), content_type="image/jpeg")
    assert browser.post("/settings/avatar", {"photo": photo}).status_code == 303
    run_jobs()
    found = re.search(r'class="avatar s88" src="([^"]+)"', browser.get("/@alice").content.decode())
    assert found is not None
    picture = browser.get(found[1].replace("&amp;", "&"))
    assert (picture.status_code, picture.headers["Content-Type"]) == (200, "image/jpeg")
    assert browser.post("/settings/avatar", {}).status_code == 400


def test_files_are_taken_only_where_they_are_asked_for(alice: Somebody) -> None:
    stranger = browser_of(None)
    photo = SimpleUploadedFile("photo.jpg", corpus.jpeg(), content_type="image/jpeg")
    response = stranger.post("/post", form(corpus.jpeg()))
    assert (response.status_code, response.headers["Location"]) == (303, "/sign-in?next=/post")
    response = stranger.post("/sign-in", {"photo": photo, "login": "alice", "password": "x"})
    assert response.status_code in (200, 400)  # the form again: nothing behind the file was read
    assert not response.wsgi_request.FILES
    assert COOKIE not in response.cookies


def test_what_says_it_is_too_large_is_not_read(browser: TestClient, alice: Somebody) -> None:
    response = browser.generic(
        "POST", "/post", b"--b", content_type="multipart/form-data; boundary=b", CONTENT_LENGTH=str(10**9)
    )
    assert response.status_code == 413
    assert "at most" in text_of(response)


def test_a_database_that_is_away_is_a_page(browser: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise OperationalError("connection refused to 10.0.0.7")

    monkeypatch.setattr("heliograph.pages.home.page", away)
    response = browser.get("/")
    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0
    assert "We will be right back" in text_of(response)
    assert "10.0.0.7" not in response.content.decode()


def test_the_scripts_address_takes_a_form_too_and_says_what_is_wrong_with_its_photo(
    browser: TestClient,
) -> None:
    script = {"headers": {"Accept": "application/json"}}
    text = SimpleUploadedFile("photo.jpg", b"This is no photo at all. " * 40, content_type="image/jpeg")
    for sent, status, sentence in (
        ({"photo": text}, 415, "Use a JPEG, PNG or WebP photo."),
        ({"caption": "no photo"}, 400, "Choose a photo first."),
        ({"photo": SimpleUploadedFile("photo.jpg", b"")}, 400, "Choose a photo first."),
    ):
        answer = browser.post("/post/uploads", sent, **script)
        assert (answer.status_code, answer.json()["error"]) == (status, sentence)
    assert browser.post("/post/uploads", form(corpus.jpeg()), **script).json()["upload_id"]


def test_a_form_of_another_site_uploads_nothing(alice: Somebody) -> None:
    browser = TestClient(enforce_csrf_checks=True)
    browser.cookies[COOKIE] = browser_of(alice).cookies[COOKIE].value
    assert browser.post("/post/uploads", form(corpus.jpeg())).status_code == 403
    assert browser.post("/post/uploads", corpus.jpeg(), content_type="image/jpeg").status_code == 403
