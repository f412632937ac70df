"""A job leaves with its transaction, on its own node, or not at all."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from heliograph.core.errors import Unavailable
from heliograph.sharding import lanes, queue, queue_care, sessions
from heliograph.sharding.queue import TASKS, task
from heliograph.sharding.sessions import Tx
from tests.harness.jobs import JobsFailed, Runner
from tests.harness.people import Somebody

ran: list[Any] = []


@task("test_note.v1", lane="feed")
def note(what: int) -> None:
    ran.append(what)


@task("test_poison.v1", lane="slow", retries=2)
def poison() -> None:
    ran.append("poison")
    raise ValueError("always")


@task("test_outside.v1", lane="outside")
def outside(what: int) -> None:
    ran.append(what)


@pytest.fixture(autouse=True)
def nothing_ran(network: Any) -> None:
    ran.clear()


def waiting(runner: Runner) -> dict[str, int]:
    sql = "SELECT count(*) FROM public.procrastinate_jobs WHERE task_name LIKE 'test_%'"
    counts = {}
    for name in ("directory", "node1", "node2"):
        row = runner.database(name).execute(sql.encode()).fetchone()
        assert row is not None
        counts[name] = row[0]
    return counts


def test_a_job_waits_on_the_node_of_its_transaction(
    alice: Somebody, make_person: Any, runner: Runner, run_jobs: Any
) -> None:
    erin = make_person("erin", shard=5)
    sessions.write(alice.id, lambda tx: tx.enqueue("test_note.v1", what=1))
    assert waiting(runner) == {"directory": 0, "node1": 1, "node2": 0}
    sessions.write(erin.id, lambda tx: tx.enqueue("test_note.v1", what=2))
    assert waiting(runner) == {"directory": 0, "node1": 1, "node2": 1}
    sessions.directory(lambda tx: tx.enqueue("test_note.v1", what=3))
    assert waiting(runner) == {"directory": 1, "node1": 1, "node2": 1}
    run_jobs()
    assert sorted(ran) == [1, 1, 2, 2, 3, 3]


@pytest.mark.parametrize("where", ["shard", "directory"])
def test_a_transaction_that_fails_leaves_no_job(alice: Somebody, runner: Runner, where: str) -> None:
    def body(tx: Any) -> None:
        tx.enqueue("test_note.v1", what=1)
        raise KeyError

    with pytest.raises(KeyError):
        sessions.write(alice.id, body) if where == "shard" else sessions.directory(body)
    assert sum(waiting(runner).values()) == 0


def test_a_misspelt_task_is_found_at_once(alice: Somebody) -> None:
    with pytest.raises(KeyError):
        sessions.write(alice.id, lambda tx: tx.enqueue("test_nope.v1"))


def test_one_waiting_job_of_a_queueing_lock(alice: Somebody, runner: Runner, run_jobs: Any) -> None:
    def body(tx: Tx) -> None:
        for what in (1, 2):
            tx.enqueue("test_note.v1", what=what, queueing_lock="only one")
        tx.enqueue("test_note.v1", what=3)

    sessions.write(alice.id, body)
    assert waiting(runner)["node1"] == 2
    run_jobs()
    assert sorted(set(ran)) == [1, 3]


def test_what_is_planned_waits_for_its_time(alice: Somebody, runner: Runner, run_jobs: Any) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    sessions.write(alice.id, lambda tx: tx.enqueue("test_note.v1", what=1, run_at=tomorrow))
    run_jobs()
    assert ran == []
    run_jobs(until=tomorrow)
    assert ran == [1, 1]


def test_poison_runs_once_and_stays_to_be_seen(alice: Somebody, runner: Runner, run_jobs: Any) -> None:
    sessions.write(alice.id, lambda tx: tx.enqueue("test_poison.v1"))
    with pytest.raises(JobsFailed, match="always"):
        run_jobs()
    database = runner.database("node1")
    (job,) = queue_care.listed(database, ["failed"], 10)
    assert (job.task, job.attempts) == ("test_poison.v1", 1)
    assert queue_care.retry(database, [job.id]) == [job.id]
    assert queue_care.counts(database)["slow", "todo"] == 1
    run_jobs(allow_failures=True)
    assert queue_care.forget(database, [job.id]) == [job.id]


def test_the_outside_is_told_once(alice: Somebody, run_jobs: Any) -> None:
    sessions.write(alice.id, lambda tx: tx.enqueue("test_outside.v1", what=1))
    run_jobs()
    assert ran == [1]


def test_a_changed_queue_is_noticed_before_anything_is_enqueued(runner: Runner) -> None:
    row = runner.database("node1").execute(queue_care.SHAPE.encode()).fetchone()
    assert row is not None
    queue_care.check_shape(row[0])
    for shape in (None, row[0].replace("integer", "text"), "lock text, " + row[0]):
        with pytest.raises(queue_care.QueueChanged):
            queue_care.check_shape(shape)


def test_nobody_is_notified(runner: Runner) -> None:
    """NOTIFY takes one lock for all commits: its triggers must be gone from every database."""
    for name in ("directory", "node1", "node2"):
        rows = runner.database(name).execute(
            "SELECT tgname FROM pg_trigger JOIN pg_proc p ON p.oid = tgfoid WHERE p.prosrc LIKE '%pg_notify%'"
        )
        assert rows.fetchall() == []


def test_pauses_grow_and_what_is_away_is_never_given_up() -> None:
    poisonous = TASKS["test_poison.v1"]
    assert [lanes.pause_after(poisonous, ValueError(), n) for n in range(4)] == [1, 2, None, None]
    assert lanes.pause_after(poisonous, Unavailable(), 500) == 30
    in_a_hurry = dataclasses.replace(poisonous, away_pause=4)
    assert [lanes.pause_after(in_a_hurry, Unavailable(), n) for n in (0, 1, 500)] == [1, 2, 4]
    assert queue.pause_seconds(500) == 600


@pytest.mark.parametrize("threads", [1, 4, 6, 12, 40])
def test_every_lane_has_a_thread_of_its_own(threads: int) -> None:
    bounds = lanes.bounds(threads)
    assert set(bounds) == set(queue.LANES)
    assert min(bounds.values()) >= 1


def test_how_long_the_first_job_of_each_lane_waits_is_known(
    alice: Somebody, runner: Runner, run_jobs: Any
) -> None:
    database = runner.database("node1")
    sessions.write(alice.id, lambda tx: tx.enqueue("test_note.v1", what=1))
    sessions.write(alice.id, lambda tx: tx.enqueue("test_outside.v1", what=2))
    database.execute(
        "UPDATE public.procrastinate_events e SET at = now() - interval '90 s' FROM public.procrastinate_jobs j"
        " WHERE j.id = e.job_id AND j.task_name = 'test_note.v1'"
    )
    row = database.execute(queue_care.LAG.encode()).fetchone()
    assert row is not None
    lags = dict(zip((*queue.LANES, "outbox"), row, strict=True))
    assert 90 <= lags["feed"] < 150 and 0 <= lags["outside"] < 60
    assert lags["photo"] == lags["slow"] == 0
    run_jobs()
    assert database.execute(queue_care.LAG.encode()).fetchone() == (0,) * len(lags)


def test_the_newest_failure_is_told_first(alice: Somebody, runner: Runner) -> None:
    for _ in range(2):
        sessions.write(alice.id, lambda tx: tx.enqueue("test_outside.v1", what=1))
    database = runner.database("node1")
    database.execute(
        "UPDATE public.procrastinate_jobs SET status = 'failed' WHERE task_name = 'test_outside.v1'"
    )
    (newest,) = queue_care.newest_failed(database, 1)
    older = queue_care.listed(database, ["failed"], 5)[0]
    assert (newest.task, newest.id > older.id) == ("test_outside.v1", True)
    queue_care.forget(database, [newest.id, older.id])
