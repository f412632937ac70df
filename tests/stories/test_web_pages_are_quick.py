"""How often a warm page asks whom. A round trip more is a tenth of the budget of a page (docs/benchmarks.md)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from heliograph.core import valkey
from heliograph.flows import comment, like
from heliograph.sharding.ids import short_code
from tests.harness.people import Somebody
from tests.oracle import album
from tests.stories.web import browser_of

pytestmark = pytest.mark.usefixtures("network")

#: page: Valkey, nodes, directory. One of Valkey's is who is asking.
TRIPS = {
    "/": (2, 2, 0),  # the viewer's facts, their unfinished photos
    "{photo}": (2, 2, 0),  # what is around it; the viewer's facts
    "/@alice": (
        2,
        2,
        0,
    ),  # she and the list; the viewer's side and facts. Who is called so, this process knows
    "/@bob": (1, 1, 0),
    "/@alice/followers": (2, 2, 0),
    "/find": (2, 0, 0),  # nobody to suggest, which is kept
    "/find?q=al": (2, 2, 1),
    "/activity": (1, 3, 0),
    "/requests": (1, 1, 0),
    "/settings": (2, 0, 1),
    "/settings/devices": (1, 0, 1),
    "/post": (1, 0, 0),
    "/about": (1, 0, 0),
}


def test_no_page_asks_more_often_than_it_says(
    alice: Somebody,
    bob: Somebody,
    carol: Somebody,
    run_jobs: Callable[..., Any],
    count_trips: Callable[[], Any],
) -> None:
    photo_id = album.post(alice.id)
    run_jobs()
    comment.add(bob.id, photo_id, "What a light")
    like.add(bob.id, photo_id)
    run_jobs()
    valkey.call("FLUSHALL")  # what was written a moment ago is not kept in memory yet (pages/memory.py)
    browser = browser_of(bob)
    made: dict[str, tuple[int, int, int]] = {}
    for page in TRIPS:
        address = page.format(photo=f"/p/{short_code(photo_id)}")
        for _ in range(3):  # records, lists, cards and this process's guesses are warm after these
            assert browser.get(address).status_code == 200
        with count_trips() as counted:
            browser.get(address)
        assert not set(counted) - {"valkey", "node", "directory"}
        made[page] = (counted["valkey"], counted["node"], counted["directory"])
    assert made == TRIPS
