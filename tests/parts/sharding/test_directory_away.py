"""A directory that does not answer costs a few waits, then none; and somebody notices when it is back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection, connections

from heliograph.accounts.models import Person
from heliograph.core import environment, metrics
from heliograph.core.errors import Unavailable
from heliograph.sharding import breaker, hurry, sessions
from heliograph.sharding.bounded import Bounded
from heliograph.sharding.directory import base
from tests.harness.frozen import frozen
from tests.harness.people import Somebody
from tests.harness.servers import Network
from tests.harness.threads import together


def asked() -> bool:
    """Whether the directory answers a thread of its own."""
    try:
        return bool(sessions.directory(lambda tx: tx.row("SELECT 1")) == (1,))
    except Unavailable:
        return False
    finally:
        connections.close_all()


def in_threads(count: int) -> list[bool]:
    return together(*[asked for _ in range(count)])


@pytest.fixture
def impatient(network: Network) -> Iterator[Callable[..., None]]:
    """Short limits, and a rest that only ends when a test says so."""

    def use(**knobs: int) -> None:
        environment.use(replace(environment.get(), **knobs))  # type: ignore[arg-type]

    use(node_connect_seconds=1, node_timeout_ms=200, node_rest_seconds=3600)
    yield use
    environment.use(None)
    network.restart(network.directory)
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]


@pytest.fixture
def knocks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every attempt to reach it past the pool."""
    made: list[str] = []
    connect = Bounded.connect.__func__  # type: ignore[attr-defined]

    def counted(cls: type[Bounded], conninfo: str = "", **options: Any) -> Any:
        if cls is Bounded:
            made.append(conninfo)
        return connect(cls, conninfo, **options)

    monkeypatch.setattr(Bounded, "connect", classmethod(counted))
    return made


def test_it_is_asked_a_few_times_and_then_left_alone(
    network: Network, impatient: Callable[..., None], knocks: list[str]
) -> None:
    assert asked()
    connection.close()
    network.directory.stop("fast")
    for _ in range(breaker.FAILURES):
        assert not any(in_threads(2))
    assert in_threads(8) == [False] * 8
    assert not knocks, "while it is left alone, nobody even tries"
    with pytest.raises(Exception, match="has not answered lately"):
        Person.objects.exists()

    impatient(node_rest_seconds=0)
    assert not asked()
    assert len(knocks) == 1, "after its rest, one knocks"
    network.directory.start()
    assert asked()
    assert in_threads(8) == [True] * 8


def test_one_that_falls_silent_is_given_up_at_once(network: Network, impatient: Callable[..., None]) -> None:
    assert asked()
    with frozen(network.directory):
        assert not asked()
        assert base._breaker.ask() == breaker.Pass.AWAY
    impatient(node_rest_seconds=0)
    assert asked()


def test_what_is_done_in_a_hurry_proves_nothing(
    network: Network, alice: Somebody, impatient: Callable[..., None]
) -> None:
    connection.close()
    network.directory.stop("fast")
    for _ in range(breaker.FAILURES + 1):
        with hurry.on(20):
            assert not asked()
    assert base._breaker.ask() == breaker.Pass.GO


def test_its_pool_is_told_like_that_of_a_node(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    told: dict[tuple[str, str], float] = {}
    monkeypatch.setattr(metrics, "share", lambda name, value, node: told.__setitem__((name, node), value))
    Person.objects.exists()
    base._tell()
    assert told["pool_connections_busy", "directory"] >= 1
    assert told["pool_connections_most", "directory"] == environment.get().node_pool_max
    assert told["pool_requests_waiting", "directory"] == 0
