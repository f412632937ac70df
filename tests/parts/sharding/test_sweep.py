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


def sweep(
    runner: Runner, lost: list[int] | None = None, mine: list[int] | None = None
) -> list[tuple[Any, ...]]:
    values = {"deaths": queue_care.MOST_DEATHS, "silent": 30, "lost": lost or [], "mine": mine or []}
    return runner.database("node1").execute(queue_care.SWEEP.encode(), values).fetchall()


def doing(runner: Runner, job: int, *, silent_for: int | None, status: str = "doing") -> int | None:
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
    return worker


@pytest.mark.parametrize(
    ("silent_for", "status"),
    [(31, "doing"), (-3600, "doing"), (None, "doing"), (1, "aborted")],
    ids=["silent", "last heard of in the future", "ownerless", "aborted"],
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


def test_who_sweeps_is_alive_whatever_the_clock_says(runner: Runner, job: int) -> None:
    worker = doing(runner, job, silent_for=3600)
    assert worker is not None
    assert sweep(runner, mine=[worker]) == []
    runner.database("node1").execute(
        "UPDATE public.procrastinate_jobs SET status = 'todo' WHERE id = %s", (job,)
    )
    forget = queue_care.FORGET_WORKERS.encode()
    runner.database("node1").execute(forget, {"silent": 300, "mine": [worker]})
    there = runner.database("node1").execute("SELECT id FROM public.procrastinate_workers").fetchall()
    assert (worker,) in there


@pytest.mark.parametrize("silent_for", [0, 3600, -3600, None])
def test_before_the_first_worker_starts_everything_is_taken_up(
    runner: Runner, job: int, silent_for: int | None
) -> None:
    doing(runner, job, silent_for=silent_for)
    database = runner.database("node1")
    assert queue_care.take_up_all(database) == 1
    (due,) = database.execute(
        "SELECT scheduled_at <= now() FROM public.procrastinate_jobs WHERE id = %s AND status = 'todo'",
        (job,),
    ).fetchall()
    assert due == (True,)


def test_nothing_waits_for_an_hour_that_a_clock_was_put_back(runner: Runner, job: int, run_jobs: Any) -> None:
    database = runner.database("node1")
    database.execute(
        "UPDATE public.procrastinate_jobs SET attempts = 1, scheduled_at = now() + interval '1 hour' WHERE id = %s",
        (job,),
    )
    database.execute(
        "INSERT INTO public.outbox (kind, a, b, attempts, not_before) VALUES ('gone', 1, 2, 3, now() + interval '1 h')"
    )
    database.execute("INSERT INTO public.outbox (kind, a, b) VALUES ('gone', 1, 3)")
    assert database.execute(
        "SELECT max(not_before) <= '2020-01-01' FROM public.outbox WHERE b = 3"
    ).fetchone() == (True,)
    for statement in queue_care.SOONER:
        database.execute(statement.encode(), {"lanes": list(queue_care.LANES)})
    assert database.execute(
        "SELECT scheduled_at <= now() FROM public.procrastinate_jobs WHERE id = %s", (job,)
    ).fetchone() == (True,)
    assert database.execute("SELECT bool_and(not_before <= now()) FROM public.outbox").fetchone() == (True,)
    database.execute("DELETE FROM public.outbox WHERE kind = 'gone'")


def test_what_is_planned_for_later_stays_so(runner: Runner, job: int) -> None:
    database = runner.database("node1")
    for attempts, seconds in ((0, 86_400), (1, 2), (5, 30), (12, 600)):
        database.execute(
            "UPDATE public.procrastinate_jobs SET attempts = %s, scheduled_at = now() + make_interval(secs => %s)"
            " WHERE id = %s",
            (attempts, seconds, job),
        )
        for statement in queue_care.SOONER:
            database.execute(statement.encode(), {"lanes": list(queue_care.LANES)})
        left = database.execute(
            "SELECT scheduled_at > now() + make_interval(secs => %s) FROM public.procrastinate_jobs WHERE id = %s",
            (seconds / 2, job),
        )
        assert left.fetchone() == (True,)
