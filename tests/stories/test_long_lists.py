"""Ten thousand people in a list: the end is reached, and the last page costs no more than the first."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from heliograph.graph import lists
from heliograph.pages import profile
from heliograph.sharding import sessions
from heliograph.sharding.ids import SEQUENCE_BITS, shard_of
from tests.harness.people import Somebody
from tests.stories.web import browser_of

MANY = 10_000
_STEP = 1 << 23  # a millisecond: ids of one shard, one after the other
#: People of the owner's own shard who follow them, with both halves and all counters.
_CROWD = """
WITH crowd AS (
    SELECT %(first)s::bigint + n * %(step)s::bigint AS id, n FROM generate_series(1, %(many)s) AS n
), people AS (
    INSERT INTO {s}.person (id, username, full_name) SELECT id, 'fan_' || n, 'Fan ' || n FROM crowd
), counted AS (
    INSERT INTO {s}.counters (person_id, following) SELECT id, 1 FROM crowd
), wishes AS (
    INSERT INTO {s}.following (actor_id, owner_id, wish_on, wish_version, state, answers, permit_version, since)
    SELECT id, %(owner)s, true, 1, 'granted', 1, 1, now() - n * interval '1 minute' FROM crowd
), permits AS (
    INSERT INTO {s}.follower (owner_id, actor_id, wish_on, wish_version, state, answers, permit_version, since)
    SELECT %(owner)s, id, true, 1, 'granted', 1, 1, now() - n * interval '1 minute' FROM crowd
)
UPDATE {s}.counters SET followers = followers + %(many)s WHERE person_id = %(owner)s
"""


@pytest.mark.damages(
    "ten thousand people at home of whom the directory knows nothing: signing them up takes minutes"
)
def test_a_list_of_ten_thousand_people_ends_as_it_begins(
    alice: Somebody, bob: Somebody, run_jobs: Callable[..., Any], count_trips: Callable[[], Any]
) -> None:
    first = (1 << 23) | shard_of(alice.id) << SEQUENCE_BITS
    values = {"first": first, "step": _STEP, "many": MANY, "owner": alice.id}
    sessions.write(alice.id, lambda tx: tx.run(_CROWD, values))
    run_jobs()
    browser = browser_of(alice)
    assert "<b>10k</b> followers" in browser.get("/@alice").content.decode()

    def page(cursor: str) -> tuple[list[str], str, int]:
        """The names of a page, the next cursor, and how many trips it cost."""
        with count_trips() as made:
            html = browser.get(f"/@alice/followers?part=1&count=100&after={cursor}").content.decode()
        names = re.findall(r'<a class="name cut" href="/@([\w.]+)">', html)
        more = re.search(r'href="[^"]*after=([^"&]+)[^"]*" rel="next"', html)
        return names, more[1] if more else "", sum(made.values())

    names, cursor, cost = page("")
    assert names == ["bob", *(f"fan_{number}" for number in range(1, 100))]
    last_but_150 = lists.followers(sessions.reader(), alice.id, count=MANY - 149)[-1]
    names, cursor, later = page(profile._sealed("followers", alice.id, last_but_150))
    assert names == [f"fan_{number}" for number in range(MANY - 149, MANY - 49)]
    names, cursor, last = page(cursor)
    assert names == [f"fan_{number}" for number in range(MANY - 49, MANY + 1)] and not cursor
    assert max(later, last) <= cost, "the last page costs what the first does"
