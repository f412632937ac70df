"""What people notice over real HTTP when something behind the web process is away, hangs, or has lost everything."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode

from heliograph.core import valkey
from heliograph.flows import sign_in
from tests import corpus
from tests.harness.frozen import frozen
from tests.harness.people import Somebody
from tests.harness.servers import Network
from tests.oracle import album
from tests.parts.gate.conftest import KNOBS
from tests.parts.gate.test_bodies import FILES, code_of, multipart
from tests.parts.gate.wire import Answer, Site

FEED, ABOUT_ME = "/v1/users/self/feed", "/v1/users/self"
RunJobs = Callable[..., Any]


def bearer(person: Somebody) -> str:
    return f"Authorization: Bearer {sign_in.issue_token(person.id)}\r\n"


def signing_in(site: Site, person: Somebody) -> int:
    """The status; a password that is not right (400) was looked at, too."""
    form = {"username": person.username, "password": "not the right one"}
    return site.post("/v1/sessions", urlencode(form).encode()).status


def ids(answer: Answer) -> list[int]:
    return [int(photo["id"].partition("_")[0]) for photo in json.loads(answer.body)["data"]]


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.1)


def test_without_valkey_one_reads_and_signs_in(
    site: Site, network: Network, alice: Somebody, bob: Somebody, run_jobs: RunJobs
) -> None:
    photo = album.post(alice.id)
    run_jobs()
    token = bearer(bob)
    assert ids(site.get(FEED, token)) == [photo]
    network.valkey.kill()
    try:
        until(lambda: site.get(FEED, token).status == 200)
        assert ids(site.get(FEED, token)) == [photo]
        assert site.get("/").status == 200
        assert signing_in(site, bob) == 400
    finally:
        network.valkey.start()
    assert ids(site.get(FEED, token)) == [photo]


def test_a_node_that_hangs_is_told_to_its_own_people_and_noticed_by_nobody_else(
    site: Site, network: Network, alice: Somebody, carol: Somebody
) -> None:
    hers, others = bearer(carol), bearer(alice)
    assert site.get(ABOUT_ME, hers).status == site.get(FEED, others).status == 200
    with frozen(network.nodes[2]):
        with ThreadPoolExecutor(12) as pool:  # three times as many as there are threads
            asked = [pool.submit(site.get, ABOUT_ME, hers) for _ in range(12)]
            statuses = {each.result().status for each in asked}
        assert statuses == {503}
        assert [site.get(FEED, others).status for _ in range(5)] == [200] * 5
        assert site.get("/livez").status == 200
        assert signing_in(site, alice) == 400
    until(lambda: site.get(ABOUT_ME, hers).status == 200)


def test_a_directory_that_hangs_ends_no_session(site: Site, network: Network, alice: Somebody) -> None:
    token = bearer(alice)
    assert site.get(FEED, token).status == 200
    with frozen(network.directory), ThreadPoolExecutor(12) as pool:
        asked = [pool.submit(signing_in, site, alice) for _ in range(12)]
        feeds = [site.get(FEED, token).status for _ in range(5)]
        told = {each.result() for each in asked}
    assert feeds == [200] * 5
    assert told == {503}
    until(lambda: signing_in(site, alice) == 400)


def test_an_emptied_memory_in_a_crowd_is_filled_and_nobody_is_turned_away(
    site: Site, alice: Somebody, bob: Somebody, run_jobs: RunJobs
) -> None:
    photos = [album.post(alice.id) for _ in range(8)]
    run_jobs()
    token = bearer(bob)
    assert ids(site.get(FEED, token)) == photos[::-1]
    with ThreadPoolExecutor(24) as pool:
        asked = [pool.submit(site.get, FEED, token) for _ in range(120)]
        valkey.call("FLUSHALL")
        answers = [each.result() for each in asked]
    assert {answer.status for answer in answers} == {200}
    assert all(ids(answer) == photos[::-1][: len(ids(answer))] for answer in answers)
    assert valkey.call("EXISTS", f"feed:{bob.id}") == 1, "the list is there again"
    assert valkey.call("EXISTS", *(f"photo:{photo}" for photo in photos)) == len(photos)


def test_uploads_end_before_the_disk_is_full_and_reading_goes_on(
    network: Network, alice: Somebody, bob: Somebody
) -> None:
    full = {"HELIOGRAPH_UPLOAD_FREE_BYTES": str(10**16)}
    site = Site({**os.environ, **network.variables(), **KNOBS, **full})
    site.start()
    try:
        token = bearer(alice)
        answer = site.post("/v1/uploads", multipart(corpus.jpeg(1200, 900)), token + FILES)
        assert (answer.status, code_of(answer), answer.headers["retry-after"]) == (507, "no_room", "60")
        assert "no room for more photos" in answer.body
        assert site.get(FEED, token).status == 200
        assert signing_in(site, bob) == 400
    finally:
        site.stop()
