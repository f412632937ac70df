"""Node 2 stops: its people cannot be served, everybody else does not notice; then it comes back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from heliograph.accounts import home
from heliograph.core import environment
from heliograph.core.errors import Unavailable
from heliograph.flows import follow
from heliograph.sharding import sessions
from tests.harness.people import Somebody
from tests.harness.servers import Network

_BIO = "UPDATE {s}.person SET bio = %s WHERE id = %s"


@pytest.fixture
def node_2_away(network: Network, alice: Somebody, carol: Somebody) -> Iterator[Network]:
    environment.use(replace(environment.get(), node_connect_seconds=1))
    network.nodes[2].stop("fast")
    yield network
    environment.use(None)
    network.restart(network.nodes[2])


def test_only_its_people_are_affected(node_2_away: Network, alice: Somebody, carol: Somebody) -> None:
    sessions.write(alice.id, lambda tx: tx.run(_BIO, ("fine", alice.id)))
    with pytest.raises(Unavailable) as told:
        sessions.write(carol.id, lambda tx: tx.run(_BIO, ("no", carol.id)))
    assert told.value.code == "node_unavailable"
    with pytest.raises(Unavailable):
        sessions.reader().at(carol.id).rows("SELECT 1 FROM {s}.person")


def test_a_reader_can_do_without_it(node_2_away: Network, alice: Somebody, carol: Somebody) -> None:
    reader = sessions.reader()
    sql = "SELECT username FROM {s}.person WHERE id = ANY(%(ids)s)"
    assert reader.gather(sql, [alice.id, carol.id], partial=True) == [("alice",)]
    assert reader.missing_nodes == {"node2"}
    with pytest.raises(Unavailable):
        home.load(sessions.reader(), [alice.id, carol.id])


def test_what_is_meant_for_its_people_waits(
    network: Network, alice: Somebody, carol: Somebody, run_jobs: Any
) -> None:
    run_jobs()
    follow.follow(alice.id, carol.id)
    network.nodes[2].stop("fast")
    environment.use(replace(environment.get(), node_connect_seconds=1))
    ran = run_jobs(databases=["directory", "node1"], allow_failures=True)
    assert ran.failed
    environment.use(None)
    network.restart(network.nodes[2])
    run_jobs()
    asked = (
        sessions.reader()
        .at(carol.id)
        .value("SELECT state FROM {s}.follower WHERE owner_id = %s AND actor_id = %s", (carol.id, alice.id))
    )
    assert asked == "pending"
