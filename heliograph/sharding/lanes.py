"""The threads in which jobs run: some for each lane, so that no lane ever waits for another.

A job is run in a thread because it waits for databases, files and the cage; a lane whose threads all hang (an
outside host that does not answer) holds up nothing but itself.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connections

from heliograph.core import metrics, watchdog
from heliograph.core.errors import Conflict, Limited, Unavailable
from heliograph.sharding import queue
from heliograph.sharding.queue import LANES, Task

log = logging.getLogger(__name__)

_SHARE = {"photo": 3, "feed": 3, "outside": 2, "slow": 1}  # of the threads of a worker, in parts of 9


class Lanes:
    """The threads of one worker process, shared by all databases."""

    def __init__(self, threads: int) -> None:
        self.bounds = bounds(threads)
        self._pools = {lane: ThreadPoolExecutor(n, f"lane-{lane}") for lane, n in self.bounds.items()}
        self.running = 0

    async def perform(self, task: Task, args: Mapping[str, Any]) -> None:
        """Run a job in a thread of its lane; waits for one."""
        loop = asyncio.get_running_loop()
        self.running += 1
        try:
            await loop.run_in_executor(self._pools[task.lane], run, task, args)
        finally:
            self.running -= 1

    def close(self) -> None:
        for pool in self._pools.values():
            pool.shutdown(wait=False, cancel_futures=True)


def bounds(threads: int) -> dict[str, int]:
    """How many jobs of each lane may run at once; at least one."""
    total = sum(_SHARE.values())
    return {lane: max(1, round(threads * _SHARE[lane] / total)) for lane in LANES}


def run(task: Task, args: Mapping[str, Any]) -> None:
    """Run one job here and now: timed, counted, its directory connection given back."""
    outcome = "failed"
    before = watchdog.begin("job", lambda: task.name)
    try:
        with metrics.time("job_seconds", task=task.name):
            task.run(**args)
        outcome = "done"
    except (Unavailable, Conflict, Limited) as error:
        outcome = "later"
        log.info("%s waits: %s", task.name, error)
        raise
    except Exception:
        log.exception("%s failed", task.name)
        raise
    finally:
        watchdog.end(before)
        metrics.count("jobs_total", task=task.name, outcome=outcome)
        connections.close_all()


def pause_after(task: Task, error: BaseException, attempts: int) -> int | None:
    """Seconds until the next attempt; None when this was the last one.

    What is only away comes back: such a job is never given up, and looks again soon.
    """
    if isinstance(error, Unavailable | Limited):
        return min(task.away_pause, queue.pause_seconds(attempts))
    if attempts >= task.retries:
        return None
    return queue.pause_seconds(attempts)
