"""Who may see whom: a table, asked in one go and over both nodes."""

from __future__ import annotations

from typing import Any

import pytest

from heliograph.flows import block, edit_profile, follow, suspend
from heliograph.graph import visibility
from heliograph.sharding import sessions
from tests.parts.graph.people import somebody


@pytest.fixture
def people(network: Any, run_jobs: Any) -> dict[str, int]:
    """How each of them stands to `me`."""
    names = ["me", "public", "private", "permitted", "asked", "denied", "blocks_me", "i_block", "suspended"]
    ids = {name: somebody(1 + n % 8).id for n, name in enumerate(names)}
    for name in ("private", "permitted", "asked", "denied"):
        edit_profile.edit(ids[name], private=True)
    for name in ("permitted", "asked", "denied", "blocks_me", "i_block", "suspended"):
        follow.follow(ids["me"], ids[name])
    run_jobs()
    follow.approve(ids["permitted"], ids["me"])
    follow.deny(ids["denied"], ids["me"])
    block.block(ids["blocks_me"], ids["me"])
    block.block(ids["me"], ids["i_block"])
    suspend.suspend(ids["suspended"])
    return ids


NOWHERE = [-1, 0, 7, 2**63, 2**63 - 1, (1 << 40) | (3 << 10)]


def test_known_and_may(people: dict[str, int]) -> None:
    reader = sessions.reader()
    everybody = [*people.values(), *NOWHERE]
    by_id = {id: name for name, id in people.items()}
    known = {by_id[id] for id in visibility.known(reader, people["me"], everybody)}
    may = {by_id[id] for id in visibility.may(reader, people["me"], everybody)}
    assert known == {"me", "public", "private", "permitted", "asked", "denied"}
    assert may == {"me", "public", "permitted"}


def test_a_stranger_to_the_network_sees_what_is_public(people: dict[str, int]) -> None:
    by_id = {id: name for name, id in people.items()}
    may = {by_id[id] for id in visibility.may(sessions.reader(), None, people.values())}
    assert may == {"me", "public", "blocks_me", "i_block"}


def test_the_permit_on_the_owners_side_decides(people: dict[str, int]) -> None:
    """Removed a moment ago, and nothing has been mirrored yet."""
    follow.remove(people["permitted"], people["me"])
    assert visibility.may(sessions.reader(), people["me"], [people["permitted"]]) == set()


def test_it_takes_a_trip_to_each_node_and_one_to_ones_own(people: dict[str, int], count_trips: Any) -> None:
    with count_trips() as made:
        visibility.may(sessions.reader(), people["me"], people.values())
    assert made["node"] <= 2 + 1
