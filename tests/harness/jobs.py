"""The worker, stepped by hand: `run_jobs()` drains every outbox and every queue of all databases.

In random order (the seed is printed), each thing twice, two at a time on two real connections, because that is
what the network promises to survive. Poison and the outside lane run once. It never sleeps: what is planned for
later runs only when a test asks for it by `until`.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
import psycopg
from django.db import connections

from heliograph.core import clock, valkey
from heliograph.core.errors import Conflict, Unavailable
from heliograph.embedded.pg_making import APP
from heliograph.sharding import outbox, sessions
from heliograph.sharding.queue import TASKS
from tests.harness.servers import DATABASE, Network

MOST_ROUNDS = 60  # work that makes new work for so long makes it for ever
_TRANSIENT_TRIES = 4

_WAITING = """
SELECT id, queue_name, task_name, args FROM public.procrastinate_jobs
WHERE status = 'todo' AND (scheduled_at IS NULL OR scheduled_at <= %s) ORDER BY id
"""
_DONE = "DELETE FROM public.procrastinate_jobs WHERE id = ANY(%s)"
_FAILED = "UPDATE public.procrastinate_jobs SET status = 'failed', attempts = attempts + 1 WHERE id = ANY(%s)"
_ROWS = "SELECT id, kind, a, b FROM public.outbox ORDER BY id"
_CARRIED = "DELETE FROM public.outbox WHERE id = ANY(%s)"


class JobsFailed(AssertionError):
    """A job or a mirrored row failed where no test expected it."""


@dataclass(frozen=True)
class Waiting:
    """Jobs that say the same, wherever they wait."""

    task: str
    lane: str
    args: dict[str, Any]
    ids: tuple[tuple[str, int], ...]  # (database, job id)


@dataclass
class Ran:
    """What a drain did. `failed` holds (what, error)."""

    jobs: int = 0
    rows: int = 0
    pairs: int = 0
    overlapping: int = 0
    failed: list[tuple[str, BaseException]] = field(default_factory=list)
    tasks: list[str] = field(default_factory=list)


class Runner:
    """Drains the databases of one network, with two threads that live as long as the session."""

    def __init__(self, network: Network, seed: str) -> None:
        self.seed = seed
        self.random = random.Random(seed)
        self.total = Ran()
        self._network = network
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="runner")
        self._connections: dict[str, psycopg.Connection[Any]] = {}

    def run_jobs(
        self,
        *,
        until: datetime | None = None,
        once: bool = False,
        allow_failures: bool = False,
        only: Callable[[str], bool] = lambda task: True,
        databases: Sequence[str] | None = None,
    ) -> Ran:
        """Do everything that waits, and what comes of it, until nothing is left.

        `until`: also what is planned until then. `once`: each thing once, alone. `only`: tasks by name (rows that
        mirror rows are named `outbox`). `databases`: of `directory`, `node1`, `node2`, those alone. Raises
        JobsFailed unless `allow_failures`; a failed job stays in its table, as `failed`.
        """
        ran = Ran()
        names = list(databases or self._network.servers)
        stuck: set[tuple[str, int]] = set()
        with _no_inline_mirrors():
            for _ in range(MOST_ROUNDS):
                rows = [r for r in self._rows(names) if only("outbox") and r[:2] not in stuck]
                jobs = [job for job in self._jobs(names, until) if only(job.task)]
                if not rows and not jobs:
                    break
                steps: list[Callable[[], None]] = [
                    *self._row_steps(rows, ran, stuck, once),
                    *self._job_steps(jobs, ran, once),
                ]
                self.random.shuffle(steps)
                for step in steps:
                    step()
            else:
                raise JobsFailed(f"after {MOST_ROUNDS} rounds there is still work: {jobs[:3]} {rows[:3]}")
        self._add(ran)
        if ran.failed and not allow_failures:
            what = "; ".join(f"{name}: {error!r}" for name, error in ran.failed)
            raise JobsFailed(f"{what} (seed {self.seed})") from ran.failed[0][1]
        return ran

    def waiting(self, *, until: datetime | None = None) -> list[str]:
        """The names of the tasks that wait, and `outbox:<kind>` of rows not mirrored yet."""
        names = list(self._network.servers)
        kinds = [f"outbox:{row[2]}" for row in self._rows(names)]
        return sorted(kinds + [job.task for job in self._jobs(names, until) for _ in job.ids])

    def _add(self, ran: Ran) -> None:
        self.total.jobs += ran.jobs
        self.total.rows += ran.rows
        self.total.pairs += ran.pairs
        self.total.overlapping += ran.overlapping

    def database(self, name: str) -> psycopg.Connection[Any]:
        """A connection of the harness's own to `directory`, `node1` or `node2`, as the application role."""
        found = self._connections.get(name)
        if found is None or found.closed:
            info = self._network.servers[name].conninfo(DATABASE, APP)
            found = self._connections[name] = psycopg.connect(info, autocommit=True)
        return found

    def _ask(self, name: str, sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        for attempt in (1, 2):
            try:
                cursor = self.database(name).execute(sql.encode(), params)
                return cursor.fetchall() if cursor.description else []
            except psycopg.OperationalError:
                self._connections.pop(name).close()  # a test restarted this server
                if attempt == 2:
                    raise
        raise AssertionError("unreachable")

    def _rows(self, names: Sequence[str]) -> list[tuple[str, int, str, int, int]]:
        return [(name, *row) for name in names for row in self._ask(name, _ROWS)]

    def _jobs(self, names: Sequence[str], until: datetime | None) -> list[Waiting]:
        """What waits, the same things together: each would otherwise be done twice and make two of the next."""
        same: dict[tuple[str, str, bytes], list[tuple[str, int]]] = defaultdict(list)
        for name in names:
            for id, lane, task, args in self._ask(name, _WAITING, (until or clock.now(),)):
                same[task, lane, orjson.dumps(args, option=orjson.OPT_SORT_KEYS)].append((name, id))
        return [
            Waiting(task, lane, orjson.loads(args), tuple(ids)) for (task, lane, args), ids in same.items()
        ]

    def _row_steps(
        self,
        rows: list[tuple[str, int, str, int, int]],
        ran: Ran,
        stuck: set[tuple[str, int]],
        once: bool,
    ) -> Iterator[Callable[[], None]]:
        by_name: dict[str, list[tuple[str, int, str, int, int]]] = defaultdict(list)
        for row in rows:
            by_name[row[0]].append(row)
        for name, mine in by_name.items():
            self.random.shuffle(mine)
            while mine:
                size = self.random.choice((1, 1, 2, 5, 50))
                batch, mine = mine[:size], mine[size:]
                yield lambda name=name, batch=batch: self._carry(name, batch, ran, stuck, once)  # type: ignore[misc]

    def _carry(
        self,
        name: str,
        batch: list[tuple[str, int, str, int, int]],
        ran: Ran,
        stuck: set[tuple[str, int]],
        once: bool,
    ) -> None:
        taken = [row[1:] for row in batch]
        failed: list[list[int]] = []

        def carry() -> None:
            with _errors_of("heliograph.sharding.outbox") as heard:
                left = outbox.carry(taken)[1]
                if left:  # a deadlock between the two runners, perhaps: once more
                    left = outbox.carry([row for row in taken if row[0] in left])[1]
            failed.append(left)
            if left:
                kinds = {row[1] for row in taken if row[0] in left}
                ran.failed += [(f"mirror {kinds}", error) for error in heard or [RuntimeError("it failed")]]

        self._run([carry] if once else [carry, carry], ran)
        left = set(failed[-1])
        done = [row[0] for row in taken if row[0] not in left]
        stuck.update((name, id) for id in left)
        self._ask(name, _CARRIED, (done,))
        ran.rows += len(done)

    def _job_steps(self, jobs: list[Waiting], ran: Ran, once: bool) -> Iterator[Callable[[], None]]:
        """Each job beside itself, or beside another one and then again: at random."""
        deck = jobs[:]
        self.random.shuffle(deck)
        while deck:
            first = deck.pop()
            if once or first.lane == "outside" or not deck or self.random.random() < 0.5:
                yield lambda first=first: self._do(first, None, ran, once)  # type: ignore[misc]
            else:
                second = deck.pop()
                yield lambda a=first, b=second: self._do(a, b, ran, once)  # type: ignore[misc]

    def _do(self, first: Waiting, second: Waiting | None, ran: Ran, once: bool) -> None:
        outcome: dict[Waiting | int, BaseException] = {}

        def doing(job: Waiting) -> Callable[[], None]:
            def act() -> None:
                error = _attempt(job)
                if error is not None:
                    outcome[id(job)] = error

            return act

        if once or (first.lane == "outside" and second is None):
            self._run([doing(first)], ran)
        elif second is None:
            self._run([doing(first), doing(first)], ran)
        else:
            self._run([doing(first), doing(second)], ran)
            again = [job for job in (first, second) if job.lane != "outside" and id(job) not in outcome]
            self._run([doing(job) for job in again], ran)
        for job in (first, second):
            if job is not None:
                self._settle(job, outcome.get(id(job)), ran)

    def _settle(self, job: Waiting, error: BaseException | None, ran: Ran) -> None:
        by_name: dict[str, list[int]] = defaultdict(list)
        for name, job_id in job.ids:
            by_name[name].append(job_id)
        for name, ids in by_name.items():
            self._ask(name, _DONE if error is None else _FAILED, (ids,))
        ran.jobs += 1
        ran.tasks.append(job.task)
        if error is not None:
            ran.failed.append((f"{job.task}({job.args})", error))

    def _run(self, acts: Sequence[Callable[[], None]], ran: Ran) -> None:
        """One or two acts, each on a thread of its own, let go at the same moment."""
        if not acts:
            return
        gate = threading.Barrier(len(acts))
        times: list[tuple[float, float]] = []

        def timed(act: Callable[[], None]) -> None:
            gate.wait(10)
            begun = time.monotonic()
            try:
                act()
            finally:
                times.append((begun, time.monotonic()))
                connections.close_all()

        for future in [self._threads.submit(timed, act) for act in acts]:
            future.result(60)
        if len(times) == 2:
            ran.pairs += 1
            ran.overlapping += max(begun for begun, _ in times) < min(ended for _, ended in times)

    def reset(self, seed: str) -> None:
        self.seed = seed
        self.random = random.Random(seed)

    def close(self) -> None:
        gate = threading.Barrier(2)

        def leave() -> None:
            gate.wait(10)
            valkey.forget()
            connections.close_all()

        for future in [self._threads.submit(leave) for _ in range(2)]:
            future.result(20)
        self._threads.shutdown()
        for connection in self._connections.values():
            connection.close()


def _attempt(job: Waiting) -> BaseException | None:
    """Run the task once; again when something was only away or in between, as the worker would."""
    task = TASKS.get(job.task)
    if task is None:
        return KeyError(f"no task {job.task}")
    for attempt in range(1, _TRANSIENT_TRIES + 1):
        try:
            task.run(**job.args)
            return None
        except (Unavailable, Conflict) as error:
            if attempt == _TRANSIENT_TRIES:
                return error
        except Exception as error:
            return error
    raise AssertionError("unreachable")


@contextmanager
def _no_inline_mirrors() -> Iterator[None]:
    """What jobs change is mirrored through the outbox, never at once: the longer way is the one to be proven."""
    before, sessions.on_projected = sessions.on_projected, None
    try:
        yield
    finally:
        sessions.on_projected = before


@contextmanager
def _errors_of(logger_name: str) -> Iterator[list[BaseException]]:
    """The exceptions that this thread logs inside the block; they go nowhere else."""
    heard: list[BaseException] = []
    mine = threading.get_ident()

    class Ear(logging.Filter):
        def filter(self, record: logging.LogRecord) -> bool:
            if record.thread != mine:
                return True
            if record.exc_info and record.exc_info[1] is not None:
                heard.append(record.exc_info[1])
            return False

    logger, ear = logging.getLogger(logger_name), Ear()
    logger.addFilter(ear)
    try:
        yield heard
    finally:
        logger.removeFilter(ear)
