"""Looking after a queue: what waits, what failed, and jobs whose worker died.

Each function takes a connection to one database (a node's or the directory's) and does one statement or two.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from heliograph.core.errors import HeliographError
from heliograph.sharding.queue import LANES

#: A job that outlived so many workers is taken to have killed them: it is poison.
MOST_DEATHS = 12

#: One step in an index for each lane, however much waits (sql/node/0003).
LOOK = (
    "SELECT "
    + ", ".join(
        "EXISTS (SELECT FROM public.procrastinate_jobs WHERE status = 'todo' AND queue_name = "
        f"'{lane}' AND COALESCE(scheduled_at, '-infinity'::timestamptz) <= now())"
        for lane in LANES
    )
    + ", EXISTS (SELECT FROM public.outbox WHERE not_before <= now())"
)
#: Jobs that nobody does any more: their worker is silent, or gone, or was ended in the middle. `aborted` is
#: what a graceful end makes of a running job; we never abort one for good. %(lost)s: jobs of living workers
#: that these workers do not know of (the database was away when they wanted to say that they are done). %(mine)s:
#: the workers of whoever asks, alive for that very reason: its clock may have jumped, or it was stopped for a while.
#: Last heard of in the future: before the clock was put back.
SWEEP = """
UPDATE public.procrastinate_jobs j SET
    status = (CASE WHEN attempts >= %(deaths)s THEN 'failed' ELSE 'todo' END)::procrastinate_job_status,
    attempts = attempts + 1, worker_id = NULL, abort_requested = false,
    scheduled_at = now() + make_interval(secs => least(60, attempts * 5))
WHERE j.status = 'aborted'
   OR (j.status = 'doing' AND (j.worker_id IS NULL OR j.id = ANY(%(lost)s) OR EXISTS (
        SELECT FROM public.procrastinate_workers w WHERE w.id = j.worker_id AND w.id <> ALL(%(mine)s)
        AND w.last_heartbeat NOT BETWEEN now() - make_interval(secs => %(silent)s)
                                     AND now() + make_interval(secs => %(silent)s))))
RETURNING id, task_name, status::text
"""
#: For how many seconds the first due job of each lane has been due, in the order of LANES, and the oldest row to
#: mirror; cheap however much waits, since it takes one step in an index for each.
LAG = (
    "SELECT "
    + ", ".join(
        "COALESCE((SELECT extract(epoch FROM now() - greatest(j.scheduled_at, (SELECT min(e.at) FROM"
        " public.procrastinate_events e WHERE e.job_id = j.id))) FROM public.procrastinate_jobs j WHERE status = 'todo'"
        f" AND queue_name = '{lane}' AND COALESCE(scheduled_at, '-infinity'::timestamptz) <= now()"
        " ORDER BY COALESCE(scheduled_at, '-infinity'::timestamptz) LIMIT 1), 0)::float8"
        for lane in LANES
    )
    + ", COALESCE((SELECT extract(epoch FROM now() - min(at)) FROM public.outbox), 0)::float8"
)
OF_MINE = "SELECT id FROM public.procrastinate_jobs WHERE status = 'doing' AND worker_id = ANY(%s)"
FORGET_WORKERS = """
DELETE FROM public.procrastinate_workers w WHERE last_heartbeat < now() - make_interval(secs => %(silent)s)
AND w.id <> ALL(%(mine)s)
AND NOT EXISTS (SELECT FROM public.procrastinate_jobs j WHERE j.worker_id = w.id AND j.status = 'doing')
"""
#: Work that waits for longer than any pause between two attempts: the clock was put back. Now it waits no more.
#: What is planned for a later day was never tried, and stays.
SOONER = (
    """
UPDATE public.procrastinate_jobs SET scheduled_at = now() WHERE status = 'todo' AND queue_name = ANY(%(lanes)s)
AND COALESCE(scheduled_at, '-infinity'::timestamptz) > now() + interval '1 minute' AND attempts > 0
AND scheduled_at > now() + make_interval(secs => 60 + least(600, power(2, least(attempts, 10))))
""",
    """
UPDATE public.outbox SET not_before = now() WHERE not_before > now() + interval '1 second'
AND not_before > now() + make_interval(secs => 1 + least(300, 0.2 * power(2, least(attempts, 12))))
""",
)
#: What a worker that must end now was doing goes back, for the next one; it does not count as an attempt.
GIVE_BACK = """
UPDATE public.procrastinate_jobs SET status = 'todo', worker_id = NULL, abort_requested = false
WHERE status = 'doing' AND worker_id = ANY(%s) RETURNING id
"""
FORGET_OLD = """
DELETE FROM public.procrastinate_jobs j WHERE status IN ('failed', 'cancelled', 'succeeded')
AND NOT EXISTS (SELECT FROM public.procrastinate_events e
                WHERE e.job_id = j.id AND e.at > now() - make_interval(days => %s))
"""
SHAPE = """
SELECT string_agg(a.attname || ' ' || format_type(a.atttypid, NULL), ', ' ORDER BY a.attnum)
FROM pg_type t JOIN pg_attribute a ON a.attrelid = t.typrelid AND a.attnum > 0
WHERE t.oid = to_regtype('public.procrastinate_job_to_defer_v1')
  AND to_regprocedure('public.procrastinate_defer_jobs_v1(public.procrastinate_job_to_defer_v1[])') IS NOT NULL
"""
EXPECTED_SHAPE = (
    "queue_name character varying, task_name character varying, priority integer, lock text,"
    " queueing_lock text, args jsonb, scheduled_at timestamp with time zone"
)

_COUNTS = """
SELECT queue_name, status::text, count(*), min(id) FROM public.procrastinate_jobs GROUP BY 1, 2 ORDER BY 1, 2
"""
_OLDEST = """
SELECT COALESCE(extract(epoch FROM now() - min(greatest(e.at, j.scheduled_at))), 0)
FROM public.procrastinate_jobs j JOIN LATERAL (
    SELECT at FROM public.procrastinate_events e WHERE e.job_id = j.id ORDER BY id LIMIT 1) e ON true
WHERE j.status = 'todo' AND (j.scheduled_at IS NULL OR j.scheduled_at <= now())
"""
_LIST = """
SELECT j.id, j.queue_name, j.task_name, j.args, j.status::text, j.attempts, j.scheduled_at,
    (SELECT max(at) FROM public.procrastinate_events e WHERE e.job_id = j.id)
FROM public.procrastinate_jobs j WHERE j.status::text = ANY(%s) ORDER BY j.id LIMIT %s
"""
_NEWEST_FAILED = """
SELECT j.id, j.queue_name, j.task_name, j.args, j.status::text, j.attempts, j.scheduled_at,
    (SELECT max(at) FROM public.procrastinate_events e WHERE e.job_id = j.id)
FROM public.procrastinate_jobs j WHERE j.status = 'failed' ORDER BY j.id DESC LIMIT %s
"""
_RETRY = """
UPDATE public.procrastinate_jobs SET status = 'todo', attempts = 0, scheduled_at = NULL, worker_id = NULL,
    abort_requested = false
WHERE status IN ('failed', 'cancelled', 'aborted') AND (%(ids)s::bigint[] IS NULL OR id = ANY(%(ids)s))
RETURNING id
"""
_FORGET = """
DELETE FROM public.procrastinate_jobs WHERE status IN ('failed', 'cancelled', 'aborted') AND id = ANY(%s)
RETURNING id
"""


class QueueChanged(HeliographError):
    """The job queue in this database is not the one this version knows. Run `heliograph migrate`."""

    code = "queue_changed"


class Connection(Protocol):
    """A psycopg connection, as far as this is concerned."""

    def execute(self, query: Any, params: Any = None) -> Any: ...


@dataclass(frozen=True)
class Listed:
    """A job as it is shown to an operator."""

    id: int
    lane: str
    task: str
    args: dict[str, Any]
    status: str
    attempts: int
    scheduled_at: datetime | None
    last_event_at: datetime | None


def check_shape(shape: str | None) -> None:
    """Raise QueueChanged unless Procrastinate's defer function takes what `queue.ENQUEUE` gives it."""
    if shape != EXPECTED_SHAPE:
        raise QueueChanged(cause=shape)


def counts(connection: Connection) -> dict[tuple[str, str], int]:
    """How many jobs there are, by (lane, status)."""
    return {(lane, status): number for lane, status, number, _ in connection.execute(_COUNTS).fetchall()}


def oldest_seconds(connection: Connection) -> float:
    """For how long the job that has waited longest has been due."""
    return float(connection.execute(_OLDEST).fetchone()[0])


def waiting_rows(connection: Connection) -> int:
    """How many rows are not mirrored yet."""
    return int(connection.execute("SELECT count(*) FROM public.outbox").fetchone()[0])


def listed(connection: Connection, statuses: list[str], most: int) -> list[Listed]:
    """Jobs in these states, oldest first."""
    return [Listed(*row) for row in connection.execute(_LIST, (statuses, most)).fetchall()]


def newest_failed(connection: Connection, most: int) -> list[Listed]:
    """Jobs that were given up, newest first."""
    return [Listed(*row) for row in connection.execute(_NEWEST_FAILED, (most,)).fetchall()]


def take_up_all(connection: Connection) -> int:
    """Put back what workers were doing that have all ended, and only then: before the first one starts. How many."""
    values: dict[str, Any] = {"deaths": MOST_DEATHS, "silent": 0, "lost": [], "mine": []}
    return len(connection.execute(SWEEP, values).fetchall())


def retry(connection: Connection, ids: list[int] | None) -> list[int]:
    """Put failed jobs back into their lane, all of them or these; their ids."""
    return [row[0] for row in connection.execute(_RETRY, {"ids": ids}).fetchall()]


def forget(connection: Connection, ids: list[int]) -> list[int]:
    """Delete failed jobs for good; their ids."""
    return [row[0] for row in connection.execute(_FORGET, (ids,)).fetchall()]
