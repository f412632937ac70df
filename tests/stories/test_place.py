"""Where a photo was taken: as exactly as its owner chose, and nowhere more exactly than that."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import psycopg
import pytest
from psycopg import sql

from heliograph.core import environment, redaction, valkey
from heliograph.embedded.pg_making import SUPERUSER
from heliograph.flows import delete_photo, edit_photo, post_photo, upload_photo
from heliograph.media import photos
from heliograph.media.places import spots
from heliograph.pages import home
from heliograph.pages import photo as page
from heliograph.sharding import sessions
from heliograph.sharding.ids import short_code
from tests import corpus
from tests.harness.client import TestClient
from tests.harness.people import Somebody
from tests.harness.servers import DATABASE
from tests.parts.api.speaker import Speaker
from tests.stories.test_web_posting import form, waiting
from tests.stories.web import Source, browser_of, text_of

pytestmark = pytest.mark.usefixtures("cage")

LAT, LNG = "52.4996513", "13.4034187"
#: Degrees as the file has them; not the seconds of some moment (12:00:13.40), nor the end of a longer number.
IN_THE_FILE = re.compile(r"(?<!\d)(?<!\d:)(?:52\.52|13\.40)")
TELLTALES = ("52.49965", "13.40341", "13.40342", "52.4996", "13.4034")
AT = {"lat": LAT, "lng": LNG}


@pytest.fixture
def browser(alice: Somebody) -> TestClient:
    return browser_of(alice)


def send(browser: TestClient) -> str:
    photo = corpus.jpeg(exif=corpus.exif(1))
    upload_id: str = browser.post("/post/uploads", photo, content_type="image/jpeg").json()["upload_id"]
    return upload_id


def everything(network: Any, *pages: Any) -> Iterator[tuple[str, str]]:
    """All that is kept anywhere as text: rows of all databases, Valkey, files, answers; with where it was."""
    for name, server in network.servers.items():
        with psycopg.connect(server.conninfo(DATABASE, SUPERUSER)) as connection:
            tables = connection.execute(
                "SELECT table_schema, table_name FROM information_schema.tables WHERE table_type = 'BASE TABLE' "
                "AND table_schema NOT IN ('pg_catalog', 'information_schema')"
            ).fetchall()
            for schema, table in tables:
                query = sql.SQL("SELECT t::text FROM {} t").format(sql.Identifier(schema, table))
                for (row,) in connection.execute(query):
                    yield f"{name}: {schema}.{table}", row
    for key in valkey.call("KEYS", "*"):
        kind = valkey.call("TYPE", key)
        value = valkey.call("GET", key) if kind in (b"string", "string") else b""
        yield f"valkey: {key!r}", repr(key) + repr(value)
    for folder in (environment.get().media, environment.get().incoming):
        for path in Path(folder).rglob("*"):
            if path.is_file():
                yield str(path), path.read_bytes().decode("latin-1")
    for answer in pages:
        yield "page", answer.content.decode("latin-1")


@pytest.mark.parametrize("level", ["city", "neighbourhood"])
def test_the_exact_point_is_nowhere_when_less_was_chosen(
    level: str, browser: TestClient, alice: Somebody, network: Any, run_jobs: Any, caplog: Any
) -> None:
    caplog.set_level(logging.DEBUG)
    near = browser.post("/places/near", AT)
    assert near.json()["places"][0]["name"] == "Berlin"
    assert near["Cache-Control"] == "private, no-store"
    upload = send(browser)
    mistaken = browser.post("/post", form(upload_id=upload, place_level=level, strength="x", **AT))
    assert mistaken.status_code == 400  # the form comes back with what was typed, to its owner alone
    assert browser.post("/post", form(upload_id=upload, place_level=level, **AT)).status_code == 303
    [card] = waiting(alice)
    run_jobs()
    photo = photos.load(sessions.reader(), [card.id])[card.id]
    assert photo.place is not None and photo.place.level == level
    valkey.call("DEL", f"photo:{card.id}")  # the hole after the last change: the page fills it
    answers = [browser.get("/"), TestClient().get(f"/@{alice.username}")]
    assert "Berlin, Germany" in text_of(answers[0])
    seen = [where for where, text in everything(network, *answers) if "Berlin" in text]
    assert {"node1", "valkey", "page"} <= {where.partition(":")[0] for where in seen}  # the search does see
    for where, text in everything(network, *answers):
        assert not any(telltale in text for telltale in TELLTALES), where
        assert not ("/renditions/" in where and "GPS" in text), where
    logged = "\n".join(redaction.clean(record.getMessage()) for record in caplog.records)
    assert not any(telltale in logged for telltale in TELLTALES)


def test_what_the_file_says_is_never_used(
    browser: TestClient, alice: Somebody, network: Any, run_jobs: Any
) -> None:
    assert browser.post("/post", form(upload_id=send(browser))).status_code == 303
    run_jobs()
    [card] = home.page(alice.id).items
    assert card.place is None
    for where, text in everything(network, browser.get("/")):
        assert not ("/renditions/" in where and ("Exif" in text or "GPS" in text)), where
        assert not IN_THE_FILE.search(text), where


def test_a_place_is_made_less_exact_changed_and_taken_away(
    browser: TestClient, alice: Somebody, run_jobs: Any
) -> None:
    browser.post("/post", form(upload_id=send(browser), place_level="exact", **AT))
    run_jobs()
    [card] = home.page(alice.id).items
    address = f"/p/{short_code(card.id)}/edit"
    assert card.place is not None and (card.place.lat, card.place.lng) == (52.49965, 13.40342)
    shown = browser.get(address)
    assert all(f'value="{level}"' in shown.content.decode() for level in ("exact", "neighbourhood", "city"))

    def edited(**said: str) -> Any:
        assert browser.post(address, {"caption": "", "alt_text": ""} | said).status_code == 303
        return page.one(alice.id, card.id).place

    assert edited(place_level="exact").level == "exact"
    assert edited(place_level="neighbourhood").level == "neighbourhood"
    assert browser.post(address, {"place_level": "exact"}).status_code == 400
    assert edited(place_level="city").name == "Berlin"
    assert edited(place_level="city", place_name="京都").label == "Kyoto, Japan"
    wrong = browser.post(address, {"place_name": "Nowhere at all", "caption": "kept"})
    assert wrong.status_code == 400
    assert "No town of this name was found." in text_of(wrong) and "Nowhere at all" in wrong.content.decode()
    assert edited(caption="other words").name == "Kyoto"
    assert edited(place_level="") is None
    row = photos.load(sessions.reader(), [card.id])[card.id]
    assert row.place is None


def test_a_town_is_enough_where_there_are_no_scripts(browser: TestClient, alice: Somebody) -> None:
    said = form(upload_id=send(browser), place_level="city", place_name="Reykjavík")
    assert browser.post("/post", said).status_code == 303
    [card] = waiting(alice)
    assert card.place is not None and card.place.label == "Reykjavík, Iceland"


@pytest.mark.parametrize(
    "wrong",
    [
        {"place_level": "street", "lat": "1", "lng": "1"},
        {"place_level": "city", "lat": "91", "lng": "0"},
        {"place_level": "city", "lat": "nan", "lng": "0"},
        {"place_level": "exact", "lat": "1"},
        {"place_level": "exact", "lat": "here", "lng": "there"},
        {"place_level": "city", "lat": "0", "lng": "-30"},
        {"place_level": "city", "place_name": "Atlantis in the sea"},
        {"place_level": "city"},
    ],
    ids=str,
)
def test_a_place_that_cannot_be_is_refused(
    browser: TestClient, alice: Somebody, wrong: dict[str, str]
) -> None:
    assert browser.post("/post", form(upload_id=send(browser), **wrong)).status_code == 400
    assert waiting(alice) == []


def test_places_are_found_by_people_who_are_signed_in(browser: TestClient) -> None:
    found = browser.get("/places/find", {"q": "kyo"}).json()["places"]
    assert {"id", "name", "region", "country", "lat", "lng"} == set(found[0])
    assert found[0]["name"] == "Kyoto" and len(found) <= 6
    for nothing in ("", "x", "\0", "a" * 5000, "%_"):
        assert browser.get("/places/find", {"q": nothing}).json() == {"places": []}
    for wrong in (
        {},
        {"lat": "1"},
        {"lat": "x", "lng": "1"},
        {"lat": "nan", "lng": "0"},
        {"lat": "91", "lng": "0"},
    ):
        assert browser.post("/places/near", wrong).status_code == 400
    assert browser.post("/places/near", {"lat": "0", "lng": "-30"}).json() == {"places": []}
    assert TestClient().get("/places/find").status_code == 303
    assert (
        browser.get("/places/near", AT).status_code == 405
    )  # an address would stand in every log on the way
    assert TestClient().post("/places/near", AT).status_code in (303, 401)


def test_a_deleted_photo_was_nowhere(alice: Somebody, run_jobs: Any) -> None:
    upload = upload_photo.accept(alice.id, Source(corpus.jpeg()))
    place = spots.reduced("exact", float(LAT), float(LNG))
    photo_id = post_photo.post(alice.id, upload_id=upload.id, place=place)
    run_jobs()
    delete_photo.delete(alice.id, photo_id)
    assert photos.load(sessions.reader(), [photo_id])[photo_id].place is None


def test_nobody_else_moves_a_photo(alice: Somebody, bob: Somebody, run_jobs: Any) -> None:
    upload = upload_photo.accept(alice.id, Source(corpus.jpeg()))
    photo_id = post_photo.post(alice.id, upload_id=upload.id)
    run_jobs()
    with pytest.raises(photos.PhotoNotFound):
        edit_photo.edit(bob.id, photo_id, place=None)


def test_programs_say_it_too(alice: Somebody, run_jobs: Any) -> None:
    said = Speaker(alice)
    upload = corpus.jpeg()
    exact = said.post("/media", photo=upload, lat="52.4996513", lng="13.4034187").data
    assert exact["location"] == {
        "id": None,
        "name": "Berlin, Germany",
        "latitude": 52.49965,
        "longitude": 13.40342,
    }
    town = said.post("/media", photo=upload, lat=LAT, lng=LNG, location_precision="city").data["location"]
    assert (town["id"], town["name"]) == ("2950159", "Berlin, Germany")
    assert town["latitude"] != exact["location"]["latitude"]
    assert said.post("/media", photo=upload, location_id="1857910").data["location"]["name"] == "Kyoto, Japan"
    assert said.post("/media", photo=upload).data["location"] is None
    assert (
        said.post("/media", photo=upload, lat=LAT, lng=LNG, location_precision="none").data["location"]
        is None
    )
    edited = f"/media/{exact['id']}"
    assert said.post(edited, caption="Words").data["location"] == exact["location"]
    assert (
        said.post(edited, lat="35.0", lng="135.76", location_precision="city").data["location"]["id"]
        == "1857910"
    )
    assert said.post(edited, location_precision="none").data["location"] is None
    for wrong in (
        {"lat": "1"},
        {"lat": "91", "lng": "1"},
        {"lat": "nan", "lng": "1"},
        {"lat": "1", "lng": "1", "location_precision": "street"},
        {"location_id": "7"},
    ):
        assert said.post("/media", photo=upload, **wrong).status == 400
    run_jobs()


def test_what_memory_kept_before_there_were_places_is_still_a_card(alice: Somebody, run_jobs: Any) -> None:
    upload = upload_photo.accept(alice.id, Source(corpus.jpeg()))
    photo_id = post_photo.post(alice.id, upload_id=upload.id)
    run_jobs()
    valkey.call("DEL", f"photo:{photo_id}")
    assert page.one(None, photo_id).id == photo_id
    row = orjson.loads(valkey.call("GET", f"photo:{photo_id}"))
    valkey.call("SET", f"photo:{photo_id}", orjson.dumps(row[:18]))
    assert page.one(None, photo_id).place is None
