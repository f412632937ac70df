"""The ground that all tests stand on."""

from __future__ import annotations

from dataclasses import replace

import psycopg
import pytest

from heliograph.accounts import home
from heliograph.core import environment
from heliograph.sharding import map, nodes, sessions
from heliograph.sharding.ids import shard_of
from tests.harness import limits
from tests.harness.people import Somebody
from tests.harness.servers import DATABASE, Network


def test_four_shards_are_on_each_of_two_nodes(network: Network) -> None:
    assert [map.shards_of(node) for node in map.nodes()] == [[1, 2, 3, 4], [5, 6, 7, 8]]


def test_the_cast_lives_on_both_nodes(
    alice: Somebody, bob: Somebody, carol: Somebody, dave: Somebody
) -> None:
    cast = (alice, bob, carol, dave)
    assert [map.node_of(shard_of(person.id)).number for person in cast] == [1, 2, 2, 1]
    found = home.load(sessions.reader(), [person.id for person in cast])
    assert [found[person.id].username for person in cast] == ["alice", "bob", "carol", "dave"]
    assert [found[person.id].private for person in cast] == [False, False, True, False]


def test_every_test_begins_with_an_empty_network(alice: Somebody) -> None:
    assert sessions.reader().everywhere("SELECT username FROM {s}.person") == [("alice",)]


def test_a_test_with_short_limits_leaves_none_to_the_next(alice: Somebody) -> None:
    def time_limit() -> list[tuple[str]]:
        return sessions.reader().at(alice.id).rows("SHOW statement_timeout")

    usual = time_limit()
    with limits.as_usual():
        nodes.close_all()
        environment.use(replace(environment.get(), node_timeout_ms=300))
        assert time_limit() == [("300ms",)]
    assert time_limit() == usual


def test_the_directorys_role_cannot_see_the_nodes(network: Network) -> None:
    passfile = network.directory.passfile
    for node in network.nodes.values():
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(node.conninfo(DATABASE), passfile=str(passfile))
