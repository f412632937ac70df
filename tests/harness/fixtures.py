"""The fixtures that every test may ask for. A test that asks for `network` (or anybody of the cast) gets real
servers, a clean slate, and at its end a look at whether all pairs and counters agree."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Generator, Iterator
from datetime import timedelta
from typing import Any

import pytest

from heliograph.core import clock, trips, valkey
from heliograph.sharding import map, nodes, sessions
from tests.harness import client as clients
from tests.harness import invariants, limits, people
from tests.harness.client import TestClient
from tests.harness.jobs import Runner
from tests.harness.people import HOMES, Somebody
from tests.harness.servers import Network
from tests.harness.skips import MAY_SKIP

SEED = os.environ.setdefault("HELIOGRAPH_TEST_SEED", str(random.SystemRandom().randrange(10**9)))
#: From so many pairs on, not one overlap means that two at a time is not what happened.
_ENOUGH_PAIRS = 20

_all: list[dict[str, Any]] = []  # what each process of the test run tells at its end
_runner: Runner | None = None
_network: Network | None = None


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "damages(why): leaves pairs or counters wrong on purpose")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    invariants.count_damages(items)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    report = yield
    if call.when == "call":
        item.call_failed = report.failed  # type: ignore[attr-defined]
    return report


@pytest.fixture(scope="session")
def servers() -> Iterator[Network]:
    """The servers themselves, for tests that stop and start them. Most tests want `network`."""
    global _runner, _network
    from tests.conftest import NETWORK

    _network = NETWORK
    NETWORK.start()
    _runner = Runner(NETWORK, SEED)
    yield NETWORK
    _runner.close()
    NETWORK.stop()


@pytest.fixture
def usual_limits(servers: Network) -> Iterator[None]:
    with limits.as_usual():
        yield


@pytest.fixture
def network(servers: Network, usual_limits: None, request: pytest.FixtureRequest) -> Iterator[Network]:
    """Directory, two nodes and Valkey, empty. At the end: everything drained, and audit finds nothing."""
    assert _runner is not None
    for server in servers.servers.values():
        servers.restart(server)
    servers.wipe()
    _forget_what_was_believed()
    _runner.reset(f"{SEED}:{request.node.nodeid}")
    inline, sessions.on_projected = sessions.on_projected, None
    try:
        with invariants.watching() as touched:
            yield servers
        for server in servers.servers.values():
            servers.restart(server)
        sessions.on_projected = None
        invariants.check(request.node, _runner, touched)
    finally:
        sessions.on_projected = inline
        clock.shift(timedelta())


def _forget_what_was_believed() -> None:
    """What this process remembers of services for moments is of the test before, which may have stopped one."""
    from heliograph.ops import health

    map.forget()
    health._kept = None
    valkey.patience.answered()
    nodes._breakers.clear()


@pytest.fixture
def mirrors_at_once(network: Network) -> Iterator[None]:
    """Requests mirror their own writes right after the commit, as they do outside of tests. Without this, the
    outbox alone does it, at the next `run_jobs()`."""
    from heliograph.sharding import outbox

    sessions.on_projected = outbox.try_at_once
    yield
    sessions.on_projected = None


@pytest.fixture
def run_jobs(network: Network) -> Callable[..., Any]:
    """Do all work that waits (tests/harness/jobs.py)."""
    assert _runner is not None
    return _runner.run_jobs


@pytest.fixture
def runner(network: Network) -> Runner:
    assert _runner is not None
    return _runner


@pytest.fixture
def make_person(network: Network) -> Callable[..., Somebody]:
    return people.make_person


@pytest.fixture
def alice(network: Network) -> Somebody:
    return people.make_person("alice", shard=HOMES["alice"], full_name="Alice")


@pytest.fixture
def bob(alice: Somebody, run_jobs: Callable[..., Any]) -> Somebody:
    """He follows Alice, from the other node."""
    bob = people.make_person("bob", shard=HOMES["bob"], full_name="Bob")
    people.follow(bob, alice)
    run_jobs()
    return bob


@pytest.fixture
def carol(network: Network) -> Somebody:
    """She is private."""
    return people.make_person("carol", private=True, shard=HOMES["carol"], full_name="Carol")


@pytest.fixture
def dave(alice: Somebody, run_jobs: Callable[..., Any]) -> Somebody:
    """Alice has blocked him."""
    dave = people.make_person("dave", shard=HOMES["dave"], full_name="Dave")
    people.block(alice, dave)
    run_jobs()
    return dave


@pytest.fixture
def count_trips() -> Callable[[], Any]:
    """`with count_trips() as made: …`, then made["node"], made["valkey"], made["directory"]."""
    return trips.counted


@pytest.fixture
def client(network: Network) -> TestClient:
    """Somebody with a browser, not signed in."""
    return TestClient()


@pytest.fixture
def on_response() -> Iterator[list[Callable[[TestClient, Any], None]]]:
    """Who looks at every answer; put back as it was after the test."""
    before = clients.on_response[:]
    yield clients.on_response
    clients.on_response[:] = before


def pytest_sessionfinish(session: pytest.Session) -> None:
    """What this process did; a worker of xdist sends it to the one that prints."""
    mine = _told()
    sent = getattr(session.config, "workeroutput", None)
    if sent is not None:
        sent["heliograph"] = mine
        return
    _all.append(mine)
    pairs, overlapping = (sum(told[name] for told in _all) for name in ("pairs", "overlapping"))
    if pairs >= _ENOUGH_PAIRS and not overlapping:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        print("\nNot one pair of jobs overlapped: two at a time was not tested.")


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """A worker of xdist has ended."""
    told = getattr(node, "workeroutput", {}).get("heliograph")
    if told:
        _all.append(told)


def _told() -> dict[str, Any]:
    ran = None if _runner is None else _runner.total
    return {
        "start_seconds": 0.0 if _network is None else _network.start_seconds,
        "jobs": ran.jobs if ran else 0,
        "rows": ran.rows if ran else 0,
        "pairs": ran.pairs if ran else 0,
        "overlapping": ran.overlapping if ran else 0,
        **invariants.told(),
    }


def pytest_terminal_summary(terminalreporter: Any) -> None:
    write = terminalreporter.write_line
    write(f"seed: HELIOGRAPH_TEST_SEED={SEED}")
    summed = {
        name: sum(told[name] for told in _all) for name in ("jobs", "rows", "pairs", "overlapping", "checked")
    }
    if summed["pairs"]:
        write(f"servers were ready in {max(told['start_seconds'] for told in _all):.1f} s")
        write(
            f"{summed['jobs']} jobs and {summed['rows']} mirrored rows, in {summed['pairs']} pairs at the same time,"
            f" {summed['overlapping']} of them overlapping"
        )
    if summed["checked"]:
        write(f"pairs and counters were compared after {summed['checked']} tests")
    damages = {name: why for told in _all for name, why in told["damages"].items()}
    for name, why in sorted(damages.items()):
        write(f"damages: {name}: {why}")
    for name, why in sorted(MAY_SKIP.items()):
        write(f"may skip: {name}: {why}")
