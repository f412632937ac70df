"""The worker: one process that does the jobs and mirrors the rows of all databases.

    directory ─┐                        ┌─ photo    a few threads for each lane, so that
    node 1 ────┼─ an attendant each ────┼─ feed     no lane ever waits for another
    node 2 ────┘                        ├─ outside
                                        └─ slow

A database that is away stops its own jobs only. SIGTERM and SIGINT end it softly for SOFT_SECONDS, then what
still runs is given back and the process is gone: a job may run twice, none is lost.

Who starts it imports flows/catalogue.py first, which makes all tasks and mirrors known.

Source: "What Powers Instagram", 2011: workers in Python that take whatever waits.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import signal
import socket
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import orjson
from django.db import DatabaseError, connections

from heliograph.core import background, clock, environment, metrics
from heliograph.core.errors import HeliographError
from heliograph.sharding import map, outbox, tidy, wake, wake_listener
from heliograph.sharding.attendant import Attendant
from heliograph.sharding.lanes import Lanes
from heliograph.sharding.map import Node
from heliograph.sharding.periodic import PERIODIC, Periodic
from heliograph.sharding.wake_listener import WakeListener

__all__ = ["run", "tidy"]  # tidy: imported for the deed it registers

log = logging.getLogger(__name__)

SOFT_SECONDS = 6.0  # for jobs to finish after SIGTERM; a supervisor kills after 8
#: `{HEARTBEAT}{host}:{pid}` holds JSON for HEARTBEAT_KEPT_SECONDS: at (ms), databases (name -> answers), running.
HEARTBEAT = "heliograph:worker:"
HEARTBEAT_SECONDS = 5.0
HEARTBEAT_KEPT_SECONDS = 20
STANDS_SECONDS = 10.0  # for which work may wait before it is as urgent as answers


class WorkerProcess:
    """Everything that one worker process does, on one event loop."""

    def __init__(self) -> None:
        env = environment.get()
        self._stop = asyncio.Event()
        self._lanes = Lanes(env.worker_threads)
        self._attendants: dict[int, Attendant] = {}
        self._attending: dict[int, asyncio.Task[None]] = {}
        self._listener = WakeListener(self._woken)
        self._odd_jobs = ThreadPoolExecutor(1, "periodic")
        self._ears = ThreadPoolExecutor(1, "heartbeat")
        self._loop = asyncio.get_running_loop()
        self._place = background.Place()
        self._key = f"{HEARTBEAT}{socket.gethostname()}:{os.getpid()}"

    async def run(self) -> int:
        """Work until SIGTERM or SIGINT; how many jobs had to be given back unfinished."""
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(number, self._asked_to_stop)
        self._attend(wake.DIRECTORY, "directory", environment.get().directory, outbox.drain_directory)
        self._listener.start()
        side = [
            asyncio.create_task(act)
            for act in (
                self._watch_map(),
                self._beat(),
                *(self._every(one) for one in PERIODIC.values()),
            )
        ]
        await self._stop.wait()
        for task in side:
            task.cancel()
        return await self._end()

    def _asked_to_stop(self) -> None:
        if self._stop.is_set():  # asked twice: somebody is in a hurry
            os._exit(1)
        log.info("finishing what is running")
        self._stop.set()

    async def _end(self) -> int:
        self._listener.stop()
        await asyncio.wait(self._attending.values(), timeout=SOFT_SECONDS)
        attendants = list(self._attendants.values())
        unfinished = [attendant for attendant in attendants if attendant.running]
        given_back = sum(await asyncio.gather(*(attendant.give_back() for attendant in unfinished)))
        self._lanes.close()
        for attendant in attendants:
            attendant.close()
        await asyncio.wait(
            [self._loop.run_in_executor(self._ears, wake_listener.forget, self._key)], timeout=0.5
        )
        if given_back:
            log.warning("%d jobs were given back unfinished", given_back)
        return given_back

    def _attend(self, number: int, name: str, conninfo: str, drain: Callable[[], int]) -> None:
        attendant = Attendant(number, name, conninfo, drain, self._lanes, self._stop)
        self._attendants[number] = attendant
        self._attending[number] = asyncio.create_task(attendant.attend(), name=f"attend {name}")

    def _woken(self, number: int, words: set[str]) -> None:
        # From the listener's thread. A loop that has ended meanwhile needs no nudge.
        if not self._stop.is_set():
            self._loop.call_soon_threadsafe(self._wake, number, words)

    def _wake(self, number: int, words: set[str]) -> None:
        attendant = self._attendants.get(number)
        if attendant is not None:
            attendant.wake(words)

    async def _watch_map(self) -> None:
        """Attend every node of the map, also one that is entered later."""
        while True:
            try:
                found = await self._loop.run_in_executor(self._odd_jobs, _nodes)
            except (HeliographError, DatabaseError) as error:
                log.warning("the map of shards cannot be read: %s", str(error).split("\n")[0])
                found = []
            for node in found:
                if node.number not in self._attendants:
                    self._attend(node.number, node.name, node.conninfo, partial(outbox.drain_node, node))
            await asyncio.sleep(environment.get().map_refresh_seconds if found else 1)

    async def _beat(self) -> None:
        """Every HEARTBEAT_SECONDS, and soon after a database has come or gone."""
        told: dict[str, bool] = {}
        due = 0.0
        while True:
            stood = max((it.stood_seconds() for it in self._attendants.values()), default=0.0)
            self._place.take(late=stood > STANDS_SECONDS)
            databases = {attendant.name: attendant.ok for attendant in self._attendants.values()}
            if databases != told or self._loop.time() >= due:
                await self._tell(databases)
                told, due = databases, self._loop.time() + HEARTBEAT_SECONDS
            await asyncio.sleep(0.5)

    async def _tell(self, databases: dict[str, bool]) -> None:
        for name, ok in databases.items():
            metrics.gauge("worker_database_ok", float(ok), database=name)
        metrics.gauge("jobs_running", self._lanes.running)
        said = {"at": clock.now_ms(), "databases": databases, "running": self._lanes.running}
        await self._loop.run_in_executor(
            self._ears, wake_listener.heartbeat, self._key, orjson.dumps(said), HEARTBEAT_KEPT_SECONDS
        )

    async def _every(self, one: Periodic) -> None:
        await asyncio.sleep(random.uniform(0, min(one.seconds, 60)))  # noqa: S311 - not all at once
        while True:
            await self._loop.run_in_executor(self._odd_jobs, run_periodic, one)
            await asyncio.sleep(one.seconds)


def run_periodic(one: Periodic) -> None:
    """Call one periodic function; what it raises is logged, and it is called again next time."""
    try:
        with metrics.time("periodic_seconds", deed=one.name):
            one.run()
    except Exception:
        log.exception("%s failed", one.name)
    finally:
        connections.close_all()


def _nodes() -> list[Node]:
    try:
        return map.nodes()
    finally:
        connections.close_all()


def run() -> None:
    """Be the worker until told to stop. Does not return: threads that hang must not hold up the end."""
    logging.getLogger("procrastinate").setLevel(logging.CRITICAL)  # lanes and attendants say what matters
    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)
    asyncio.run(_main())


async def _main() -> None:
    # asyncio.run would wait for every thread of ours; what still runs has been given back.
    await WorkerProcess().run()
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
