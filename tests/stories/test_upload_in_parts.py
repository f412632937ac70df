"""A photo in chunks: what was acknowledged stays, whoever is killed; and what a hostile client may try."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from heliograph.core import environment
from heliograph.flows import upload_parts
from heliograph.media import cage_client, parts, uploads
from heliograph.media.errors import Busy
from tests import corpus
from tests.harness.cage import wait_until
from tests.harness.client import TestClient
from tests.harness.people import Somebody
from tests.stories.test_web_posting import form, waiting
from tests.stories.web import browser_of

pytestmark = pytest.mark.usefixtures("cage")

PHOTO = corpus.with_segments(
    corpus.jpeg(), *[corpus.segment(0xE5, bytes(60_000))] * 20
)  # 1.3 MB: three chunks

LENGTH = len(PHOTO)


@pytest.fixture
def browser(alice: Somebody) -> TestClient:
    return browser_of(alice)


@pytest.fixture(autouse=True)
def usual() -> Iterator[None]:
    yield
    environment.use(None)


def start(browser: TestClient, length: Any = LENGTH, key: str = "one") -> Any:
    said = {"length": length}
    return browser.post(
        "/post/uploads/start", said, content_type="application/json", headers={"Idempotency-Key": key}
    )


def patch(browser: TestClient, session: str, offset: Any, data: bytes) -> Any:
    address = f"/post/uploads/parts/{session}"
    kind = "application/octet-stream"
    return browser.patch(address, data, content_type=kind, headers={"Upload-Offset": str(offset)})


def send(browser: TestClient, session: str, photo: bytes = PHOTO, offset: int = 0) -> Any:
    while True:
        answer = patch(browser, session, offset, photo[offset : offset + parts.CHUNK])
        if answer.status_code != 200 or answer.json()["offset"] == len(photo):
            return answer
        offset = answer.json()["offset"]


def lying(person: Somebody) -> list[Path]:
    return list((environment.get().incoming / "parts" / str(person.id)).glob("*/*"))


def test_a_photo_arrives_in_chunks_and_is_posted(browser: TestClient, alice: Somebody) -> None:
    begun = start(browser)
    assert begun.status_code == 201
    session = begun.json()["session"]
    assert begun.json() == {"session": session, "offset": 0, "chunk": 524_288}
    first = patch(browser, session, 0, PHOTO[: parts.CHUNK])
    assert (first.status_code, first.json()) == (200, {"session": session, "offset": parts.CHUNK})
    assert browser.get(f"/post/uploads/parts/{session}").json()["offset"] == parts.CHUNK
    done = send(browser, session, offset=parts.CHUNK).json()
    assert (done["offset"], done["width"], done["height"]) == (len(PHOTO), 800, 600)
    assert done["placeholder"] and done["previews"] == f"/post/uploads/{done['upload_id']}/previews"
    assert start(browser).json() == done | {"chunk": 524_288}  # who lost the answer asks again
    assert browser.get(f"/post/uploads/parts/{session}").json() == done
    assert [path.name for path in lying(alice)] == ["about.json"]
    assert browser.post("/post", form(upload_id=done["upload_id"], caption="In parts")).status_code == 303
    assert [card.caption for card in waiting(alice)] == ["In parts"]


def test_a_wrong_place_is_answered_with_the_right_one(browser: TestClient) -> None:
    session = start(browser).json()["session"]
    for wrong in (1, parts.CHUNK, len(PHOTO), 10**9):
        answer = patch(browser, session, wrong, PHOTO[: parts.CHUNK])
        assert (answer.status_code, answer.json()["offset"]) == (409, 0)
        assert answer.json()["error"]
    patch(browser, session, 0, PHOTO[: parts.CHUNK])
    again = patch(browser, session, 0, PHOTO[: parts.CHUNK])  # the answer was lost
    assert (again.status_code, again.json()["offset"]) == (409, parts.CHUNK)
    resumed = start(browser)
    assert (resumed.status_code, resumed.json()["offset"]) == (200, parts.CHUNK)
    assert send(browser, session, offset=parts.CHUNK).json()["width"] == 800


@pytest.mark.parametrize("length", [0, -1, None, "5", 1.5, True, [], 10**30, 25 * 1024 * 1024 + 1])
def test_a_length_that_cannot_be_is_refused(browser: TestClient, alice: Somebody, length: Any) -> None:
    assert start(browser, length).status_code in (400, 413)
    assert lying(alice) == []


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"[" * 100_000, b"\xff", b"x" * 3_000_000])
def test_a_beginning_that_makes_no_sense_is_refused(browser: TestClient, body: bytes) -> None:
    answer = browser.post("/post/uploads/start", body, content_type="application/json")
    assert answer.status_code in (400, 413)


def test_chunks_that_lie_are_refused_and_leave_nothing(browser: TestClient, alice: Somebody) -> None:
    session = start(browser).json()["session"]
    assert patch(browser, session, 0, bytes(parts.CHUNK + 1)).status_code == 413
    assert patch(browser, session, 0, b"").status_code == 400
    assert patch(browser, session, 0, bytes(100)).status_code == 400  # a million files of a byte
    for wrong in ("", "-1", "1e3", "\u0661", "9" * 40):
        assert patch(browser, session, wrong.encode().decode("latin-1"), PHOTO[:9]).status_code == 400
    assert [path.name for path in lying(alice)] == ["about.json"]
    small = start(browser, 40_000, "small").json()["session"]
    assert patch(browser, small, 0, bytes(40_001)).status_code == 413
    assert browser.get(f"/post/uploads/parts/{small}").json()["offset"] == 0
    assert start(browser, 50_000, "small").status_code == 400  # the same key, another photo


def test_what_is_no_photo_is_refused_once_it_is_whole(browser: TestClient, alice: Somebody) -> None:
    session = start(browser, 40_000).json()["session"]
    refused = patch(browser, session, 0, bytes(40_000))
    assert refused.status_code == 415
    assert browser.get(f"/post/uploads/parts/{session}").status_code == 404
    assert lying(alice) == []


def test_a_session_is_its_owners_alone(browser: TestClient, bob: Somebody) -> None:
    session = start(browser).json()["session"]
    other = browser_of(bob)
    assert other.get(f"/post/uploads/parts/{session}").status_code == 404
    assert patch(other, session, 0, PHOTO[: parts.CHUNK]).status_code == 404
    assert start(other).json()["session"] != session  # the same key is another one for each person
    for made_up in ("0" * 32, "..", "%2e%2e", "a" * 4000, session.upper()):
        assert browser.get(f"/post/uploads/parts/{made_up}").status_code in (301, 404)
    assert TestClient().get(f"/post/uploads/parts/{session}").status_code == 303
    strict = browser_of(bob, enforce_csrf_checks=True)
    assert patch(strict, session, 0, b"x").status_code == 403


def test_many_sessions_are_five(browser: TestClient, alice: Somebody) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: parts.start(alice.id, 1000, f"key {number}"), range(120)))
    assert len(lying(alice)) == parts.OPEN_SESSIONS


def test_a_full_disk_takes_no_photo(browser: TestClient, alice: Somebody) -> None:
    import dataclasses

    environment.use(dataclasses.replace(environment.get(), upload_free_bytes=10**18))
    for answer in (start(browser), browser.post("/post/uploads", PHOTO, content_type="image/jpeg")):
        assert answer.status_code == 507 and int(answer["Retry-After"]) > 0
    assert lying(alice) == []


def test_a_busy_cage_costs_no_byte(browser: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    session = start(browser).json()["session"]

    def busy(*_: Any, **__: Any) -> Any:
        raise Busy(retry_after_seconds=5)

    monkeypatch.setattr(cage_client, "probe", busy)
    assert send(browser, session).status_code == 503
    monkeypatch.undo()
    assert browser.get(f"/post/uploads/parts/{session}").json()["width"] == 800


def test_two_at_once_for_the_same_place_are_one(browser: TestClient, alice: Somebody) -> None:
    session = start(browser).json()["session"]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: _add(alice, session), range(4)))
    assert answers.count(parts.CHUNK) == 1
    assert send(browser, session, offset=parts.CHUNK).json()["width"] == 800


def _add(person: Somebody, session: str) -> int:
    from heliograph.core.errors import HeliographError
    from tests.stories.web import Source

    try:
        return upload_parts.add(person.id, session, 0, Source(PHOTO[: parts.CHUNK])).offset
    except HeliographError:
        return -1


_HANGS = """
import os, sys, time
from heliograph.media import parts
class Source:
    length = None
    def read(self, size):
        if os.path.exists(sys.argv[3]):
            time.sleep(60)
        open(sys.argv[3], "w").close()
        return bytes(size)
parts.add(int(sys.argv[1]), sys.argv[2], parts.CHUNK, Source())
"""


def test_who_is_killed_in_the_middle_of_a_chunk_loses_nothing_that_was_acknowledged(
    browser: TestClient, alice: Somebody, tmp_path: Path
) -> None:
    session = start(browser).json()["session"]
    patch(browser, session, 0, PHOTO[: parts.CHUNK])
    here = tmp_path / "reads"
    other = subprocess.Popen(
        [sys.executable, "-c", _HANGS, str(alice.id), session, str(here)], env=os.environ
    )
    wait_until(here.exists, "the other process reads its chunk", seconds=30)
    other.send_signal(signal.SIGKILL)
    other.wait()
    assert browser.get(f"/post/uploads/parts/{session}").json()["offset"] == parts.CHUNK
    assert send(browser, session, offset=parts.CHUNK).json()["width"] == 800


def test_who_is_killed_between_the_last_chunk_and_its_answer_finds_the_upload(
    browser: TestClient, alice: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = start(browser).json()["session"]
    monkeypatch.setattr(parts, "finish", lambda *_: None)
    done = send(browser, session).json()
    monkeypatch.undo()
    assert browser.get(f"/post/uploads/parts/{session}").json()["upload_id"] == done["upload_id"]
    assert len(list(environment.get().incoming.glob(f"{alice.id}-*"))) == 1


def test_what_is_left_alone_for_a_day_is_forgotten(browser: TestClient, alice: Somebody) -> None:
    old, new = start(browser, key="old").json()["session"], start(browser, key="new").json()["session"]
    folder = environment.get().incoming / "parts" / str(alice.id) / old
    long_ago = time.time() - 25 * 3600
    os.utime(folder, (long_ago, long_ago))
    upload_parts.sweep()
    assert browser.get(f"/post/uploads/parts/{old}").status_code == 404
    assert browser.get(f"/post/uploads/parts/{new}").status_code == 200
    assert uploads.path_of("parts").is_dir()
