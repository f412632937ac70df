"""A warm home feed over the API is three round trips, the token and the counting of calls included."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from heliograph.core import valkey
from tests import corpus
from tests.harness.people import Somebody
from tests.parts.api import speaker
from tests.parts.api.speaker import Speaker

pytestmark = pytest.mark.usefixtures("network", "cage")


def test_three_round_trips(
    alice: Somebody, bob: Somebody, run_jobs: Callable[..., Any], count_trips: Callable[[], Any]
) -> None:
    speaker.forget_allowances()
    owner = Speaker(alice)
    for _ in range(3):
        owner.post("/media", photo=corpus.jpeg(200, 200))
    run_jobs()
    valkey.call("FLUSHALL")  # what was written a moment ago is not kept in memory yet (pages/memory.py)
    reader = Speaker(bob)
    for _ in range(3):  # record, list, cards and this process's guesses are warm after these
        assert len(reader.get("/users/self/feed").data) == 3
    with count_trips() as made:
        assert len(reader.get("/users/self/feed").data) == 3
    assert dict(made) == {"valkey": 2, "node": 1}
