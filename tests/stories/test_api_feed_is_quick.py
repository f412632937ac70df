"""A warm home feed over the API is three round trips, the token and the counting of calls included."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from heliograph.core import valkey
from heliograph.flows import comment, like
from tests import corpus
from tests.harness.people import Somebody
from tests.parts.api import speaker
from tests.parts.api.speaker import Speaker

pytestmark = pytest.mark.usefixtures("network", "cage")


def test_three_round_trips(
    alice: Somebody,
    bob: Somebody,
    make_person: Callable[..., Somebody],
    run_jobs: Callable[..., Any],
    count_trips: Callable[[], Any],
) -> None:
    speaker.forget_allowances()
    erin, frank = make_person("erin", shard=3), make_person("frank", shard=8)
    photos = [Speaker(alice).post("/media", photo=corpus.jpeg(200, 200)).data["id"] for _ in range(3)]
    run_jobs()
    photo_id = int(photos[0].partition("_")[0])
    comment.add(frank.id, photo_id, "Who said this stands on the card as well")
    for liker in (bob, erin):
        like.add(liker.id, photo_id)
        run_jobs()
    valkey.call("FLUSHALL")  # what was written a moment ago is not kept in memory yet (pages/memory.py)
    reader = Speaker(bob)
    for _ in range(3):  # record, list, cards and this process's guesses are warm after these
        assert len(reader.get("/users/self/feed").data) == 3
    with count_trips() as made:
        feed = reader.get("/users/self/feed").data
    assert [photo["id"] for photo in reversed(feed)] == photos
    assert [liker["username"] for liker in feed[-1]["likes"]["data"]] == ["erin", "bob"]
    assert dict(made) == {"valkey": 2, "node": 1}
    recent = reader.get(f"/users/{alice.id}/media/recent").data
    assert recent == feed
    like.remove(erin.id, photo_id)
    run_jobs()
    one = reader.get(f"/media/{photo_id}").data
    assert [liker["username"] for liker in one["likes"]["data"]] == ["bob"]
