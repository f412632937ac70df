"""One database, attended by the worker: its lanes, its outbox, its jobs that nobody does any more.

A coroutine for each lane is a Procrastinate worker; that fetches, counts attempts, keeps the heartbeat. Five
things it does not do are here: one cheap look for all lanes and the outbox instead of a poll of each lane,
being woken through Valkey, taking up what dead workers left, an end to every wait for its database (bounded.py), and
going on by itself when that was away.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import procrastinate
import psycopg
from django.db import connections
from procrastinate.jobs import Job
from procrastinate.retry import BaseRetryStrategy, RetryDecision
from procrastinate.worker import Worker
from psycopg_pool import AsyncConnectionPool

from heliograph.core import environment, metrics
from heliograph.core.errors import HeliographError
from heliograph.sharding import nodes, queue_care
from heliograph.sharding.bounded import BoundedAsync
from heliograph.sharding.lanes import Lanes, pause_after
from heliograph.sharding.queue import LANES, TASKS, Task

log = logging.getLogger(__name__)

_LONGEST_PAUSE = 5.0  # seconds between two tries to reach a database that is away
_GATHER_SECONDS = 0.03  # rows that come together are mirrored together, and a request may have done it itself
_OLD_DAYS = 30  # failed jobs are kept so long
_LONG = 100.0  # times as long as a usual question may take
_HEARTBEATS = 3  # that may be missed before a worker counts as dead


class Attendant:
    """Attends one database until told to stop; `ok` says whether it answers."""

    def __init__(
        self,
        number: int,
        name: str,
        conninfo: str,
        drain: Callable[[], int],
        lanes: Lanes,
        stop: asyncio.Event,
    ) -> None:
        self.number = number
        self.name = name
        self.ok = False
        self._away = False
        self._conninfo = nodes.with_passfile(conninfo)
        self._drain = drain
        self._lanes = lanes
        self._stop = stop
        self._workers: dict[str, Worker] = {}
        self._outbox = asyncio.Event()
        self._looker: BoundedAsync | None = None
        self._projector = ThreadPoolExecutor(1, f"outbox-{name}")
        self._unknown: set[int] = set()
        self._stands: dict[str, float] = {}  # lanes in which something waited at every look: since when

    async def attend(self) -> None:
        """Serve the database; when it is away, try again with growing pauses, until told to stop."""
        pause = 0.5
        while not self._stop.is_set():
            try:
                await self._serve()
                pause = 0.5
            except (psycopg.Error, procrastinate.exceptions.ProcrastinateException, OSError) as error:
                if not self._away:  # told once, not at every try
                    log.warning("%s is away, its jobs wait: %s", self.name, str(error).strip().split("\n")[0])
                self._away = True
            except HeliographError as error:
                log.error("%s cannot be served: %s", self.name, error)
            self.ok = False
            await _wait(self._stop, pause)
            pause = min(_LONGEST_PAUSE, pause * 2)

    async def _serve(self) -> None:
        env = environment.get()
        async with contextlib.AsyncExitStack() as stack:
            looker = await BoundedAsync.connect(
                self._conninfo, autocommit=True, connect_timeout=env.node_connect_seconds,
                prepare_threshold=env.prepare_threshold or None, application_name="heliograph worker",
            )  # fmt: skip
            self._looker = await stack.enter_async_context(looker)
            ((shape,),) = await self._ask(queue_care.SHAPE)
            queue_care.check_shape(shape)
            app = procrastinate.App(connector=self._connector())
            for task in TASKS.values():
                _register(app, task, self._lanes)
            await stack.enter_async_context(app.open_async())
            self._workers = {lane: self._worker(app, lane) for lane in LANES}
            self.ok, self._away, self._stands = True, False, {}
            log.info("%s is served", self.name)
            await self._until_something_ends()

    def _connector(self) -> procrastinate.PsycopgConnector:
        threshold = environment.get().prepare_threshold or None
        return procrastinate.PsycopgConnector(
            conninfo=self._conninfo,
            min_size=1,
            max_size=4,
            timeout=5,
            num_workers=1,
            reconnect_timeout=5,
            connection_class=BoundedAsync,
            pool_factory=_pool,
            kwargs={
                # Each of its questions is one statement, which needs no BEGIN and COMMIT around it.
                "autocommit": True,
                "prepare_threshold": threshold,
                "connect_timeout": environment.get().node_connect_seconds,
                "application_name": "heliograph worker",
            },
        )

    def _worker(self, app: procrastinate.App, lane: str) -> Worker:
        return Worker(
            app,
            queues=[lane],
            name=f"{self.name}-{lane}",
            concurrency=self._lanes.bounds[lane],
            fetch_job_polling_interval=5.0,  # the look finds work sooner; this is for when it does not
            listen_notify=False,
            delete_jobs="successful",
            install_signal_handlers=False,
            update_heartbeat_interval=environment.get().job_stalled_seconds / _HEARTBEATS,
            stalled_worker_timeout=10
            ** 9,  # pruning silent workers is the sweep's: it looks at their jobs first
        )

    async def _until_something_ends(self) -> None:
        serving = [asyncio.create_task(_run(worker)) for worker in self._workers.values()]
        others = [asyncio.create_task(act()) for act in (self._look, self._mirror, self._sweep)]
        stopped = asyncio.create_task(self._stop.wait())
        try:
            ended, _ = await asyncio.wait([*serving, *others, stopped], return_when=asyncio.FIRST_COMPLETED)
            for task in ended - {stopped}:
                task.result()
        finally:
            self.ok = False
            for other in (*others, stopped):
                other.cancel()
            for worker in self._workers.values():
                _stop(worker)
            await asyncio.wait([*serving, *others, stopped], timeout=None if self._stop.is_set() else 15)
            for task in (*serving, *others):
                if task.done() and not task.cancelled():
                    task.exception()  # heard, so that asyncio does not complain; the first one was raised

    def wake(self, words: set[str]) -> None:
        """A commit has left work here (sharding/wake.py)."""
        for lane in words & self._workers.keys():
            # Procrastinate's own LISTEN sets the same event.
            self._workers[lane]._new_job_event.set()
        if "outbox" in words:
            self._outbox.set()

    async def _look(self) -> None:
        pause = environment.get().job_poll_ms / 1000
        while True:
            (row,) = await self._ask(queue_care.LOOK)
            words = {word for word, due in zip((*LANES, "outbox"), row, strict=True) if due}
            self.looked(words)
            self.wake(words)
            await asyncio.sleep(pause)

    def looked(self, words: set[str]) -> None:
        """Take note of the lanes in which something waits now."""
        now = asyncio.get_running_loop().time()
        self._stands = {word: self._stands.get(word, now) for word in words}

    def stood_seconds(self) -> float:
        """For how long something has waited here at every look, in the lane that has been so for the longest. 0 while
        nobody looks: what waits for a database that is away is not waiting for us."""
        if not self.ok:
            return 0.0
        now = asyncio.get_running_loop().time()
        return max((now - since for since in self._stands.values()), default=0.0)

    async def _mirror(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._outbox.wait()
            await asyncio.sleep(_GATHER_SECONDS)
            self._outbox.clear()
            try:
                while await loop.run_in_executor(self._projector, self._drain_once):
                    pass
            except (HeliographError, psycopg.Error) as error:
                log.warning("mirroring from %s waits: %s", self.name, error)
                await asyncio.sleep(1)

    def _drain_once(self) -> bool:
        """Mirror a batch; whether it was a full one, so that there may be more."""
        try:
            with metrics.time("outbox_seconds", database=self.name):
                return self._drain() >= environment.get().outbox_batch
        finally:
            connections.close_all()

    async def _sweep(self) -> None:
        rounds = 0
        while True:
            await self._sweep_once()
            if rounds % 240 == 0:  # about hourly
                await self._ask_for_long(queue_care.FORGET_OLD, (_OLD_DAYS,))
            rounds += 1
            await asyncio.sleep(environment.get().job_sweep_seconds)

    async def _sweep_once(self) -> None:
        silent = environment.get().job_stalled_seconds
        # Ours, and we do not know of it, twice in a row: the database was away when we wanted to say "done".
        doing = await self._ask(queue_care.OF_MINE, (self._worker_ids(),))
        unknown = {row[0] for row in doing} - self._running_ids()
        lost, self._unknown = unknown & self._unknown, unknown
        mine = self._worker_ids()
        values = {"deaths": queue_care.MOST_DEATHS, "silent": silent, "lost": list(lost), "mine": mine}
        for id, task, status in await self._ask(queue_care.SWEEP, values):
            metrics.count("jobs_swept_total", task=task)
            log.warning("job %d of %s (%s) was left behind, and is %s now", id, self.name, task, status)
        await self._ask(queue_care.FORGET_WORKERS, {"silent": 10 * silent, "mine": mine})
        for statement in queue_care.SOONER:
            await self._ask(statement, {"lanes": list(LANES)})
        await self._tell_lag()

    async def _tell_lag(self) -> None:
        for row in await self._ask(queue_care.LAG):
            for lane, seconds in zip((*LANES, "outbox"), row, strict=True):
                metrics.gauge("queue_lag_seconds", max(0.0, seconds), database=self.name, lane=lane)

    async def _ask(self, sql: str, params: Any = None) -> list[tuple[Any, ...]]:
        looker = self._looker
        if looker is None:
            return []
        # The statements are constants of queue_care; psycopg types them so to keep values out of SQL.
        cursor = await looker.execute(sql.encode(), params)
        return await cursor.fetchall() if cursor.description else []

    async def _ask_for_long(self, sql: str, params: Any) -> None:
        """A question that may take minutes where much is to be forgotten; meanwhile nobody else asks."""
        looker = self._looker
        if looker is not None:
            looker.patience = _LONG
            try:
                await self._ask(sql, params)
            finally:
                looker.patience = 1.0

    def _worker_ids(self) -> list[int]:
        return [w.worker_id for w in self._workers.values() if w.worker_id is not None]

    def _running_ids(self) -> set[int]:
        jobs = [context.job for w in self._workers.values() for context in w._running_jobs.values()]
        return {job.id for job in jobs if job.id is not None}

    @property
    def running(self) -> int:
        return len(self._running_ids())

    async def give_back(self) -> int:
        """Put what is still running back into its lane: we must end now. How many."""
        ids = self._worker_ids()
        if not ids:
            return 0
        try:
            async with await BoundedAsync.connect(self._conninfo, connect_timeout=1) as connection:
                return len(await (await connection.execute(queue_care.GIVE_BACK, (ids,))).fetchall())
        except psycopg.Error:
            return 0  # the sweep of the next worker finds them

    def close(self) -> None:
        self._projector.shutdown(wait=False, cancel_futures=True)


def _pool(**asked: Any) -> AsyncConnectionPool[Any]:
    """Procrastinate's pool without its look at a connection before each use, a round trip for every one of ours. A
    connection that is gone is an error, after which everything here begins anew (`attend`)."""
    return AsyncConnectionPool(**asked | {"check": None})


class _Retries(BaseRetryStrategy):
    def __init__(self, task: Task) -> None:
        self._task = task

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        pause = pause_after(self._task, exception, job.attempts)
        return None if pause is None else RetryDecision(retry_in={"seconds": pause})


def _register(app: procrastinate.App, task: Task, lanes: Lanes) -> None:
    async def perform(**args: Any) -> None:
        await lanes.perform(task, args)

    app.task(name=task.name, queue=task.lane, retry=_Retries(task))(perform)


async def _run(worker: Worker) -> None:
    await worker.run()  # type: ignore[no-untyped-call]


def _stop(worker: Worker) -> None:
    worker.stop()  # type: ignore[no-untyped-call]


async def _wait(event: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)
