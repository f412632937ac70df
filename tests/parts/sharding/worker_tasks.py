"""Tasks for the tests of the worker, and a worker that knows them: `python -m tests.parts.sharding.worker_tasks`."""

from __future__ import annotations

import sys
import time

from heliograph.sharding.queue import task


def mark(name: str) -> None:
    from heliograph.core import valkey

    valkey.call("RPUSH", "test:marks", name)


@task("work_mark.v1", lane="feed")
def work_mark(name: str) -> None:
    mark(name)


@task("work_hang.v1", lane="outside")
def work_hang(name: str) -> None:
    """Hangs the first time, as an outside host does."""
    mark(name)
    from heliograph.core import valkey

    if valkey.call("INCR", "test:hangs") == 1:
        time.sleep(60)


@task("work_poison.v1", lane="slow", retries=0)
def work_poison() -> None:
    raise ValueError("poison")


if __name__ == "__main__":
    from heliograph.ops.commands.worker import command

    # Run as a module this file is another one; tasks of the same name must come from the same function.
    command(sys.argv[1:], prog_name="worker")
