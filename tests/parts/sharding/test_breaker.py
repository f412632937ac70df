"""A node that does not answer costs a few waits, then none; and somebody notices when it is back."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from heliograph.core import environment
from heliograph.core.errors import Unavailable
from heliograph.sharding import breaker, hurry, map, nodes, sessions
from heliograph.sharding.bounded import Bounded
from tests.faults.stack import children, command_of
from tests.harness.people import Somebody
from tests.harness.servers import Network
from tests.harness.threads import together

_NAME = "SELECT username FROM {s}.person WHERE id = %s"


def name_of(person: Somebody) -> Any:
    return sessions.reader().at(person.id).value(_NAME, (person.id,))


def is_refused(person: Somebody) -> bool:
    try:
        name_of(person)
    except nodes.NodeAway:
        return True
    return False


def asked_in_vain(person: Somebody) -> None:
    """As often as it takes, at the same time: each waits for the whole time limit."""
    assert all(together(*[lambda: is_refused(person) for _ in range(breaker.FAILURES)]))


@pytest.fixture
def impatient() -> Iterator[Callable[..., None]]:
    """Short limits, and a rest that only ends when a test says so."""

    def use(**knobs: int) -> None:
        environment.use(replace(environment.get(), **knobs))  # type: ignore[arg-type]

    nodes.close_all()  # connections have the limits of when they were made
    use(node_connect_seconds=1, node_timeout_ms=200, node_rest_seconds=3600)
    yield use
    environment.use(None)
    nodes.close_all()


@pytest.fixture
def knocks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every attempt to connect to a node, by its conninfo."""
    made: list[str] = []
    connect = Bounded.connect.__func__  # type: ignore[attr-defined]

    def counted(cls: type[Bounded], conninfo: str = "", **options: Any) -> Any:
        made.append(conninfo)
        return connect(cls, conninfo, **options)

    monkeypatch.setattr(Bounded, "connect", classmethod(counted))
    return made


@pytest.fixture
def frozen(network: Network) -> Iterator[Callable[[], None]]:
    """`frozen()` stops all processes of node 2 where they are: whoever asks hears nothing, not even a refusal."""
    server = network.nodes[2]

    def everybody() -> list[int]:
        assert server.process is not None
        main = [server.process.pid, *children(server.process.pid)]
        pids = [pid for parent in main for pid in (parent, *children(parent))]
        return [pid for pid in dict.fromkeys(pids) if "postgres" in command_of(pid)]

    stopped: list[int] = []

    def freeze() -> None:
        for pid in everybody():
            os.kill(pid, signal.SIGSTOP)
            stopped.append(pid)

    def thaw() -> None:
        while stopped:
            pid = stopped.pop()
            if Path(f"/proc/{pid}").exists():
                os.kill(pid, signal.SIGCONT)

    freeze.thaw = thaw  # type: ignore[attr-defined]
    yield freeze
    thaw()


def test_a_dead_node_is_asked_a_few_times_and_then_left_alone(
    network: Network, alice: Somebody, carol: Somebody, impatient: Callable[..., None], knocks: list[str]
) -> None:
    assert (name_of(alice), name_of(carol)) == ("alice", "carol")
    network.nodes[2].stop("fast")
    asked_in_vain(carol)
    knocks.clear()
    assert together(*[lambda: is_refused(carol) for _ in range(8)]) == [True] * 8
    with pytest.raises(Unavailable):
        sessions.write(carol.id, lambda tx: tx.row("SELECT 1"))
    assert not knocks, "while it is left alone, nobody even tries"
    assert name_of(alice) == "alice"
    reader = sessions.reader()
    names = "SELECT username FROM {s}.person WHERE id = ANY(%(ids)s)"
    assert reader.gather(names, [alice.id, carol.id], partial=True) == [("alice",)]

    impatient(node_rest_seconds=0)
    knocks.clear()
    assert is_refused(carol)
    assert len(knocks) == 1, "after its rest, one knocks; and a refusal is heard at once"
    network.nodes[2].start()
    assert name_of(carol) == "carol"


def test_threads_that_wait_for_a_node_are_let_go_when_it_is_given_up(
    network: Network, carol: Somebody, impatient: Callable[..., None], knocks: list[str]
) -> None:
    network.nodes[2].stop("fast")
    nodes.close_all()
    assert together(*[lambda: is_refused(carol) for _ in range(8)]) == [True] * 8
    knocks.clear()
    assert is_refused(carol)
    assert not knocks


def test_a_connection_that_falls_silent_is_given_up_and_so_are_its_sisters(
    network: Network,
    alice: Somebody,
    carol: Somebody,
    impatient: Callable[..., None],
    knocks: list[str],
    frozen: Any,
) -> None:
    node_2 = map.node_of_id(carol.id)
    with nodes.connection(node_2) as one, nodes.connection(node_2) as two:
        assert one is not two, "two connections are kept"
    frozen()
    assert is_refused(carol), "the first hears nothing, and waits no longer than it must"
    knocks.clear()
    assert together(*[lambda: is_refused(carol) for _ in range(8)]) == [True] * 8
    assert not knocks
    assert one.closed and two.closed
    assert name_of(alice) == "alice"
    frozen.thaw()
    impatient(node_rest_seconds=0)
    assert name_of(carol) == "carol"


def test_a_write_that_falls_silent_is_not_made_twice(
    network: Network, carol: Somebody, impatient: Callable[..., None], frozen: Any
) -> None:
    bodies: list[int] = []

    def body(tx: sessions.Tx) -> None:
        bodies.append(1)
        tx.row("SELECT 1")
        frozen()  # so that what comes next, the COMMIT, is not answered

    with pytest.raises(nodes.NodeAway):
        sessions.write(carol.id, body, repeatable=True)
    assert len(bodies) == 1


def test_what_is_only_in_a_hurry_proves_nothing(
    network: Network, carol: Somebody, impatient: Callable[..., None], knocks: list[str]
) -> None:
    network.nodes[2].stop("fast")
    nodes.close_all()
    for _ in range(2 * breaker.FAILURES):
        with hurry.on(5):
            assert is_refused(carol)
    network.nodes[2].start()
    assert name_of(carol) == "carol", "nobody was given up for having had no time"


def test_who_is_in_a_hurry_does_not_knock(
    network: Network, carol: Somebody, impatient: Callable[..., None], knocks: list[str]
) -> None:
    network.nodes[2].stop("fast")
    asked_in_vain(carol)
    impatient(node_rest_seconds=0)
    knocks.clear()
    with hurry.on(100):
        assert is_refused(carol)
    assert not knocks
    network.nodes[2].start()
    assert name_of(carol) == "carol"


def test_one_knocks_at_a_time() -> None:
    given_up: list[str] = []
    one = breaker.Breaker("node2", lambda: given_up.append("node2"))
    assert one.ask() is breaker.Pass.GO
    one.failed()
    one.answered()
    for _ in range(breaker.FAILURES):
        assert not given_up, "an answer in between starts the count again"
        one.failed()
    assert given_up == ["node2"]
    assert one.ask() is breaker.Pass.AWAY
    environment.use(replace(environment.get(), node_rest_seconds=0))
    try:
        assert [one.ask(), one.ask(), one.ask()] == [
            breaker.Pass.KNOCK,
            breaker.Pass.AWAY,
            breaker.Pass.AWAY,
        ]
        one.gave_up()
        assert one.ask() is breaker.Pass.KNOCK
        one.failed()
        assert one.ask() is breaker.Pass.KNOCK
        one.answered()
        assert one.ask() is breaker.Pass.GO
    finally:
        environment.use(None)
