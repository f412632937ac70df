"""Opening shards: the only place where a transaction begins.

    sessions.write(person_id, body)     one shard, one transaction, every effect elsewhere is a job in it
    sessions.directory(body)            the same in the directory (Django's atomic; the ORM works inside)
    sessions.reader()                   reads of many shards, grouped by node, one round trip a node

A body may run more than once: a deadlock, a moved shard. So inside it there is no Valkey, no file and no
mail; those are jobs, or `tx.after_commit`. Only flows, pages and ops may import this module; parts are handed
the transaction.

In SQL, `{s}` is the schema of the shard: "SELECT … FROM {s}.photo WHERE id = %(id)s". Never search_path:
behind a transaction pooler it gave the wrong shard's rows (docs/decisions/0002-explicit-sql.md).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import psycopg
from django.db import IntegrityError, connection, transaction
from django.db.utils import InterfaceError, InternalError, OperationalError

from heliograph.core import metrics, trips
from heliograph.core.errors import HeliographError, Unavailable
from heliograph.sharding import hurry, map, nodes, readers, wake
from heliograph.sharding.bounded import Silent
from heliograph.sharding.ids import ShardNumber, shard_of
from heliograph.sharding.map import Node
from heliograph.sharding.queue import ENQUEUE, Job, row_of
from heliograph.sharding.readers import DirectoryReader, Params, Reader, Row, ShardReader, reader

__all__ = ["DirectoryTx", "Reader", "Row", "ShardReader", "Tx", "directory", "reader", "write"]

log = logging.getLogger(__name__)

T = TypeVar("T")

_ATTEMPTS = 3
_PROJECT = "INSERT INTO public.outbox (kind, a, b) VALUES (%s, %s, %s)"
_PROJECT_ALL = "INSERT INTO public.outbox (kind, a, b) SELECT %s, * FROM unnest(%s::bigint[], %s::bigint[])"
_VERSION = "SELECT nextval('{s}.version_seq')"

#: Called after a commit with the outbox rows of the transaction; whether it has done them all. sharding/outbox.py sets
#: it.
on_projected: Callable[[list[tuple[str, int, int]]], bool] | None = None

#: Told after every commit of `write` which id it was given, whether that may be a photo's, and its outbox rows: the
#: copies of photos and faces that pages keep go by it. So whoever changes a photo, or what is said about it, hands its
#: id to `write`.
on_written: list[Callable[[int, bool, Sequence[tuple[str, int, int]]], None]] = []


class Tx(ShardReader):
    """One transaction on one shard. Handed down to stores; gone when the body returns."""

    def __init__(self, shard: ShardNumber, node: Node, connection: nodes.Connection) -> None:
        super().__init__(shard, connection)
        self.node = node
        self.projected: list[tuple[str, int, int]] = []
        self.lanes: set[str] = set()
        self._after: list[Callable[[], None]] = []

    def enqueue(self, task: str, /, **job: Any) -> None:
        """Enqueue a job in this transaction: `tx.enqueue("publish_photo.v1", photo_id=…)`.

        `run_at`, `lock` (jobs of one lock run one after the other), `queueing_lock` (one waiting job) and
        `priority` are the queue's, everything else is an argument of the task.
        """
        made = Job.of(task, job)
        if made.queueing_lock:
            try:
                with self._connection.transaction():
                    self.run(ENQUEUE, row_of(made))
            except psycopg.errors.UniqueViolation:
                return  # one is waiting already
        else:
            self.run(ENQUEUE, row_of(made))
        self.lanes.add(made.lane)

    def project(self, kind: str, a: int, b: int) -> None:
        """Have a truth row that this transaction changed mirrored where it is needed (sharding/outbox.py)."""
        self.run(_PROJECT, (kind, a, b))
        self.projected.append((kind, a, b))

    def project_all(self, kind: str, pairs: Sequence[tuple[int, int]]) -> None:
        """The same for many truth rows of one kind, in one round trip."""
        if pairs:
            self.run(_PROJECT_ALL, (kind, [a for a, _ in pairs], [b for _, b in pairs]))
            self.projected += [(kind, a, b) for a, b in pairs]

    def noted(self, kind: str, a: int, b: int) -> None:
        """Like `project`, when the statement that changed the truth has itself written the outbox row."""
        self.projected.append((kind, a, b))

    def next_version(self) -> int:
        """A number greater than every version given before in this shard."""
        version: int = self.value(_VERSION)
        return version

    def after_commit(self, act: Callable[[], None]) -> None:
        """Do this once, after the commit of the last attempt. It must not raise; the answer has been earned."""
        self._after.append(act)

    def retry_clash(self, insert: Callable[[], T]) -> T:
        """Run an insert that makes an id; when the id is taken, roll back to here and try again."""
        for attempt in range(5):
            try:
                with self._connection.transaction():
                    return insert()
            except psycopg.errors.UniqueViolation as error:
                if attempt == 4 or not (error.diag.constraint_name or "").endswith("_pkey"):
                    raise
                metrics.count("id_clashes_total")
                time.sleep(0.001 * (attempt + 1))  # the next millisecond has other ids
        raise AssertionError("unreachable")

    def committed(self) -> None:
        _tell(self.node.number, self.lanes, self.projected)
        _run_all(self._after)


def write(person_id: int, body: Callable[[Tx], T], *, repeatable: bool = False, of_photo: bool = True) -> T:
    """Run `body` in one transaction on the shard of `person_id` (any id of that shard will do).

    READ COMMITTED with explicit row locks. Runs `body` again after a deadlock or serialization failure, and when
    the shard has moved. A connection lost at COMMIT leaves the outcome unknown: the body runs again only if it is
    `repeatable` (idempotency row, ids made before), else Unavailable is raised.

    `of_photo`: the id may be a photo's, and copies of that photo are void afterwards. False, where it is a person's,
    spares a trip; forgetting to say so costs no more than that trip.
    """
    shard = shard_of(person_id)
    for attempt in range(1, _ATTEMPTS + 1):
        one = _Attempt(shard, map.node_of(shard))
        try:
            answer, tx = _write_once(one, body)
        except HeliographError:
            raise
        except psycopg.Error as error:
            if attempt == _ATTEMPTS or not _worth_another(error, one, repeatable):
                raise readers.translated(error) from error
            metrics.count("write_retries_total", reason=error.sqlstate or "connection")
            continue
        for tell in on_written:
            tell(person_id, of_photo, tx.projected)
        tx.committed()
        return answer
    raise AssertionError("unreachable")


@dataclass
class _Attempt:
    """`done`: the body has returned, so what is lost from here on may have been committed."""

    shard: ShardNumber
    node: Node
    done: bool = False


def _write_once(one: _Attempt, body: Callable[[Tx], T]) -> tuple[T, Tx]:
    with nodes.connection(one.node) as connection:
        tx = Tx(one.shard, one.node, connection)
        trips.add("node", 2)  # BEGIN, COMMIT
        with connection.transaction():
            if hurry.active():
                connection.execute(hurry.statement())
            answer = body(tx)
            one.done = True
    return answer, tx


def _worth_another(error: psycopg.Error, one: _Attempt, repeatable: bool) -> bool:
    match error.sqlstate:
        case "40001" | "40P01":
            return True
        case "42P01" | "3F000" | "42501":
            map.refresh()
            return map.node_of(one.shard) != one.node
    if not readers.lost(error) or isinstance(error, Silent):
        return False
    # The connection is gone: one that a restarted server left in the pool, if nothing worse. Before COMMIT was
    # sent nothing has happened; after it nobody knows, and only what may be repeated is.
    nodes.recheck(one.node)
    return repeatable or not one.done


def _tell(number: int, lanes: set[str], projected: list[tuple[str, int, int]]) -> None:
    """After a commit: workers hear of its jobs, and of its rows if they are not mirrored at once."""
    if lanes:
        wake.up(number, sorted(lanes), outbox=False)
    if projected and (on_projected is None or not on_projected(projected)):
        wake.up(number, [], outbox=True)


def _run_all(acts: Iterable[Callable[[], None]]) -> None:
    for act in acts:
        try:
            act()
        except Exception:
            # What was asked for is done; whatever fails here must not make it look undone.
            log.warning("after a commit", exc_info=True)
            metrics.count("after_commit_failures_total")


class DirectoryTx(DirectoryReader):
    """One transaction in the directory. Django's ORM works inside; this is the way to jobs and mirrors."""

    shard = 0
    schema = "public"

    def __init__(self) -> None:
        self.projected: list[tuple[str, int, int]] = []
        self.lanes: set[str] = set()
        self._after: list[Callable[[], None]] = []

    def run(self, sql: str, params: Params = ()) -> int:
        with self._cursor(sql, params) as cursor:
            return int(cursor.rowcount)

    def enqueue(self, task: str, /, **job: Any) -> None:
        made = Job.of(task, job)
        if made.queueing_lock:
            try:
                with transaction.atomic():
                    self.run(ENQUEUE, row_of(made))
            except IntegrityError:
                return  # one is waiting already
        else:
            self.run(ENQUEUE, row_of(made))
        self.lanes.add(made.lane)

    def project(self, kind: str, a: int, b: int) -> None:
        self.run(_PROJECT, (kind, a, b))
        self.projected.append((kind, a, b))

    def after_commit(self, act: Callable[[], None]) -> None:
        self._after.append(act)

    def committed(self) -> None:
        _tell(wake.DIRECTORY, self.lanes, self.projected)
        _run_all(self._after)


class DirectoryAway(Unavailable):
    """Signing in and new accounts do not work right now. Nothing was lost; try again in a moment."""

    code = "directory_unavailable"


_TIME_IS_UP = (
    "57014",
    "55P03",
)  # of a statement, of the wait for a lock: the connection is as good as before


_ASLEEP = "25P03"  # nothing was asked for too long (bounded.py), and the connection is gone


def _soon_at_hand() -> None:
    """In a hurry: a connection, if there is one in time. Django itself waits for as long as its pool has patience."""
    seconds = hurry.seconds()
    pool: Any = connection.pool  # type: ignore[attr-defined]
    if seconds is None or pool is None or connection.connection is not None:
        return
    pool.open()
    with connection.wrap_database_errors:
        pool.putconn(pool.getconn(timeout=seconds))  # Django takes it in the next moment


def _limit_directory() -> None:
    with connection.cursor() as cursor:
        cursor.execute(hurry.statement().decode())


def leave_directory() -> None:
    """Give this thread's connection to the directory to others, before long work; the next question takes one again.

    Django keeps it until the request ends. Inside a transaction nothing happens.
    """
    if not connection.in_atomic_block:
        connection.close()


def directory(body: Callable[[DirectoryTx], T]) -> T:
    """Run `body` in one transaction of the directory; again after a deadlock. Not to be nested."""
    for attempt in range(1, _ATTEMPTS + 1):
        tx = DirectoryTx()
        try:
            _soon_at_hand()
            with transaction.atomic():
                if hurry.active():
                    _limit_directory()
                answer = body(tx)
        except (OperationalError, InterfaceError, InternalError) as error:
            state = getattr(error.__cause__, "sqlstate", None)
            if isinstance(error, InternalError) and state != _ASLEEP:
                raise
            if state in ("40001", "40P01") and attempt < _ATTEMPTS:
                continue
            if state not in _TIME_IS_UP:
                connection.close()
            raise DirectoryAway(cause=error) from error
        tx.committed()
        return answer
    raise AssertionError("unreachable")
