"""A job whose worker died is done by another: silent, ownerless, aborted or unknown to its owner."""

from __future__ import annotations

from typing import Any

import pytest

from heliograph.sharding import queue_care, sessions
from tests.harness.jobs import Runner
from tests.harness.people import Somebody
from tests.parts.sharding import test_queue

assert test_queue  # its tasks are enqueued here


@pytest.fixture
def job(alice: Somebody, runner: Runner, network: Any) -> int:
    sessions.write(alice.id, lambda tx: tx.enqueue("test_note.v1", what=1))
    row = runner.database("node1").execute(
        "SELECT id FROM public.procrastinate_jobs WHERE task_name = 'test_note.v1'"
    )
    return int(row.fetchall()[0][0])


def sweep(runner: Runner, lost: list[int] | None = None) -> list[tuple[Any, ...]]:
    values = {"deaths": queue_care.MOST_DEATHS, "silent": 30, "lost": lost or []}
    return runner.database("node1").execute(queue_care.SWEEP.encode(), values).fetchall()


def doing(runner: Runner, job: int, *, silent_for: int | None, status: str = "doing") -> None:
    database = runner.database("node1")
    worker: int | None = None
    if silent_for is not None:
        row = database.execute(
            "INSERT INTO public.procrastinate_workers (last_heartbeat)"
            " VALUES (now() - make_interval(secs => %s)) RETURNING id",
            (silent_for,),
        ).fetchone()
        assert row is not None
        worker = row[0]
    database.execute(
        "UPDATE public.procrastinate_jobs SET status = %s::procrastinate_job_status, worker_id = %s WHERE id = %s",
        (status, worker, job),
    )


@pytest.mark.parametrize(
    ("silent_for", "status"),
    [(31, "doing"), (None, "doing"), (1, "aborted")],
    ids=["silent", "ownerless", "aborted"],
)
def test_it_is_taken_up(runner: Runner, job: int, silent_for: int | None, status: str) -> None:
    doing(runner, job, silent_for=silent_for, status=status)
    assert sweep(runner) == [(job, "test_note.v1", "todo")]


def test_a_job_of_a_living_worker_is_left_alone(runner: Runner, job: int) -> None:
    doing(runner, job, silent_for=5)
    assert sweep(runner) == []
    assert sweep(runner, lost=[job]) == [(job, "test_note.v1", "todo")]


def test_a_job_that_kills_its_workers_is_poison_in_the_end(runner: Runner, job: int) -> None:
    told = []
    for _ in range(queue_care.MOST_DEATHS + 1):
        doing(runner, job, silent_for=None)
        told += [row[2] for row in sweep(runner)]
    assert told == ["todo"] * queue_care.MOST_DEATHS + ["failed"]
