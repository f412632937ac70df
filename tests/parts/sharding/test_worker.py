"""A real worker process: it does what waits anywhere, and nothing is lost however it ends."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from heliograph.core import valkey
from heliograph.sharding import sessions
from heliograph.sharding.attendant import Attendant
from heliograph.sharding.lanes import Lanes
from tests.harness.frozen import frozen
from tests.harness.jobs import Runner
from tests.harness.people import Somebody
from tests.harness.servers import Network
from tests.parts.sharding import worker_tasks

_ROOT = Path(__file__).resolve().parents[3]
_QUICK = {
    "HELIOGRAPH_JOB_STALLED_SECONDS": "2",
    "HELIOGRAPH_JOB_SWEEP_SECONDS": "1",
    "HELIOGRAPH_NODE_TIMEOUT_MS": "2000",
}

assert worker_tasks  # its tasks are enqueued here


@pytest.fixture
def start(network: Network) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Starts a worker that has connected to everything when this returns."""
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tests.parts.sharding.worker_tasks"]
        process = subprocess.Popen(command, cwd=_ROOT, env={**os.environ, **_QUICK})
        started.append(process)
        until(lambda: all(databases(process.pid).get(name) for name in ("directory", "node1", "node2")))
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.wait()


def databases(pid: int) -> dict[str, bool]:
    """What the worker's heartbeat says."""
    for key in valkey.call("KEYS", f"heliograph:worker:*:{pid}"):
        told = orjson.loads(valkey.call("GET", key) or b"{}")
        return dict(told.get("databases", {}))
    return {}


def until(holds: Callable[[], object], seconds: float = 15) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def marks() -> list[str]:
    return sorted(name.decode() for name in valkey.call("LRANGE", "test:marks", 0, -1))


def jobs(runner: Runner, name: str) -> list[tuple[Any, ...]]:
    sql = "SELECT status::text, attempts FROM public.procrastinate_jobs WHERE task_name LIKE 'work_%'"
    return runner.database(name).execute(sql.encode()).fetchall()


def test_it_does_what_waits_anywhere(
    alice: Somebody, make_person: Any, run_jobs: Any, start: Any, runner: Runner
) -> None:
    erin = make_person("erin", shard=6)
    run_jobs()
    start()
    sessions.directory(lambda tx: tx.enqueue("work_mark.v1", name="directory"))
    sessions.write(alice.id, lambda tx: tx.enqueue("work_mark.v1", name="node1"))
    sessions.write(erin.id, lambda tx: tx.enqueue("work_mark.v1", name="node2"))
    until(lambda: marks() == ["directory", "node1", "node2"])
    until(lambda: not any(jobs(runner, name) for name in ("directory", "node1", "node2")))


def test_what_hangs_outside_delays_no_other_lane(
    alice: Somebody, run_jobs: Any, start: Any, runner: Runner
) -> None:
    run_jobs()
    worker = start()
    sessions.write(alice.id, lambda tx: tx.enqueue("work_hang.v1", name="hangs"))
    until(lambda: marks() == ["hangs"])
    sessions.write(alice.id, lambda tx: tx.enqueue("work_mark.v1", name="passes"))
    until(lambda: marks() == ["hangs", "passes"], 3)

    worker.send_signal(signal.SIGTERM)
    assert worker.wait(30) == 0  # soft for 6 seconds, then it gives back what still hangs
    assert jobs(runner, "node1") == [("todo", 0)]
    run_jobs()


def test_a_job_of_a_killed_worker_is_done_by_the_next(
    alice: Somebody, run_jobs: Any, start: Any, runner: Runner
) -> None:
    run_jobs()
    worker = start()
    sessions.write(alice.id, lambda tx: tx.enqueue("work_hang.v1", name="hangs"))
    until(lambda: marks() == ["hangs"])
    worker.kill()
    worker.wait()
    assert jobs(runner, "node1") == [("doing", 0)]
    start()
    until(lambda: marks() == ["hangs", "hangs"])
    until(lambda: jobs(runner, "node1") == [])


def test_poison_is_kept_to_be_seen(alice: Somebody, run_jobs: Any, start: Any, runner: Runner) -> None:
    run_jobs()
    start()
    sessions.write(alice.id, lambda tx: tx.enqueue("work_poison.v1"))
    until(lambda: jobs(runner, "node1") == [("failed", 1)])


def test_a_node_that_is_away_stops_its_own_jobs_only(
    network: Network, alice: Somebody, make_person: Any, run_jobs: Any, start: Any
) -> None:
    erin = make_person("erin", shard=6)
    run_jobs()
    worker = start()
    sessions.write(erin.id, lambda tx: None)
    network.nodes[2].stop("fast")
    until(lambda: databases(worker.pid)["node2"] is False)
    sessions.write(alice.id, lambda tx: tx.enqueue("work_mark.v1", name="node1"))
    until(lambda: marks() == ["node1"], 3)
    network.restart(network.nodes[2])
    sessions.write(erin.id, lambda tx: tx.enqueue("work_mark.v1", name="node2"))
    until(lambda: marks() == ["node1", "node2"])
    assert worker.poll() is None


def test_it_goes_on_without_valkey(alice: Somebody, run_jobs: Any, start: Any, network: Network) -> None:
    """Nobody wakes it then: it looks by itself."""
    run_jobs()
    start()
    network.valkey.kill()
    network.valkey.start()
    sessions.write(alice.id, lambda tx: tx.enqueue("work_mark.v1", name="after"))
    until(lambda: marks() == ["after"], 5)


def test_a_database_that_hangs_is_noticed_and_served_again(
    network: Network, alice: Somebody, run_jobs: Any, start: Any
) -> None:
    run_jobs()
    worker = start()
    with frozen(network.nodes[1]):
        until(lambda: databases(worker.pid).get("node1") is False, 10)
        assert databases(worker.pid)["node2"]
    until(lambda: databases(worker.pid).get("node1"))
    sessions.write(alice.id, lambda tx: tx.enqueue("work_mark.v1", name="again"))
    until(lambda: marks() == ["again"])
    assert worker.poll() is None


def test_work_stands_from_when_none_of_the_looks_found_it_gone(network: Network) -> None:
    async def told() -> list[float]:
        attendant = Attendant(0, "directory", "", lambda: 0, Lanes(9), asyncio.Event())
        attendant.ok = True
        loop = asyncio.get_running_loop()
        stood = []
        for at, due in ((0, {"feed"}), (5, {"feed", "slow"}), (11, {"feed"}), (12, {"slow"})):
            loop.time = lambda at=at: float(at)  # type: ignore[method-assign, misc]
            attendant.looked(due)
            stood.append(attendant.stood_seconds())
        loop.time = lambda: 60.0  # type: ignore[method-assign]
        attendant.ok = False  # the database is away
        return [*stood, attendant.stood_seconds()]

    assert asyncio.run(told()) == [0.0, 5.0, 11.0, 0.0, 0.0]
