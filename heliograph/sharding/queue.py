"""Jobs: work that leaves with a transaction and is done at least once.

A task is a function with a versioned name and a lane. Its arguments are JSON; it routes by id when it runs,
so it does not matter on which node it waited. It may run twice, also at the same time, and in any order.

    @task("publish_photo.v1", lane="photo")
    def publish(photo_id: int) -> None: …

    tx.enqueue("publish_photo.v1", photo_id=photo_id)

The tables and functions are Procrastinate's, in the database of every node and of the directory
(docs/decisions/0005-procrastinate.md). Enqueueing is one call of its function on the transaction's own
connection: a second connection would be a second transaction.

Source: "What Powers Instagram", 2011: about 200 Gearman workers for everything that need not be at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar

import orjson

#: Lanes keep kinds of waiting apart: a hanging outside host never delays a photo.
LANES: Final = ("photo", "feed", "outside", "slow")

ENQUEUE = (
    "SELECT public.procrastinate_defer_jobs_v1(ARRAY[ROW(%s, %s, %s, %s, %s, %s::jsonb, %s::timestamptz)]"
    "::public.procrastinate_job_to_defer_v1[])"
)
_OF_THE_QUEUE = ("run_at", "lock", "queueing_lock", "priority")

F = TypeVar("F", bound=Callable[..., None])


@dataclass(frozen=True)
class Task:
    """What a job's name stands for. `retries` more attempts after the first, with growing pauses; while something is
    away it is tried without end, at least every `away_pause` seconds."""

    name: str
    lane: str
    run: Callable[..., None]
    retries: int
    away_pause: int


@dataclass(frozen=True)
class Job:
    """One piece of work, waiting."""

    task: str
    lane: str
    args: Mapping[str, Any]
    run_at: datetime | None = None
    lock: str | None = None
    queueing_lock: str | None = None
    priority: int = 0

    @staticmethod
    def of(task_name: str, given: Mapping[str, Any]) -> Job:
        """A job of a known task; KeyError for an unknown one (a misspelt name is a bug, found at once)."""
        args = {name: value for name, value in given.items() if name not in _OF_THE_QUEUE}
        queue = {name: value for name, value in given.items() if name in _OF_THE_QUEUE}
        return Job(task_name, TASKS[task_name].lane, args, **queue)


TASKS: dict[str, Task] = {}


def task(name: str, *, lane: str, retries: int = 8, away_pause: int = 30) -> Callable[[F], F]:
    """Register a function as a task. Names carry a version: a new meaning of the arguments is a new name."""
    if lane not in LANES:
        raise ValueError(f"unknown lane {lane!r}")

    def register(function: F) -> F:
        if name in TASKS and TASKS[name].run.__qualname__ != function.__qualname__:
            raise ValueError(f"two tasks are called {name!r}")
        TASKS[name] = Task(name, lane, function, retries, away_pause)
        return function

    return register


def row_of(job: Job) -> tuple[Any, ...]:
    """The parameters of ENQUEUE, in the order of Procrastinate's type."""
    args = orjson.dumps(dict(job.args)).decode()
    return (job.lane, job.task, job.priority, job.lock, job.queueing_lock, args, job.run_at)


def pause_seconds(attempts: int) -> int:
    """How long to wait before the next attempt: 1, 2, 4 … seconds, at most 10 minutes."""
    return int(min(600, 2 ** min(attempts, 10)))
