"""Django's PostgreSQL, for the directory: who needs it while it does not answer is told so at once (breaker.py).

Without that, each request that asks it holds a thread for as long as a connection may take. What the pool has in use is
told like that of a node.

Django finds this module by the name of its package (settings.DATABASES) and the class by its name.
"""

from __future__ import annotations

import os
from typing import Any

import psycopg
from django.db.backends.postgresql import base
from psycopg.abc import PQGen
from psycopg.conninfo import make_conninfo
from psycopg_pool import PoolTimeout

from heliograph.core import environment, metrics, watchdog
from heliograph.sharding import bounded, hurry
from heliograph.sharding.bounded import RV, Bounded, Silent
from heliograph.sharding.breaker import Breaker, Pass

NAME = "directory"


class Away(psycopg.OperationalError):
    """It has not answered lately, and is not asked."""


def _pools() -> dict[str, Any]:
    pools: dict[str, Any] = base.DatabaseWrapper._connection_pools  # type: ignore[attr-defined]
    return pools


def _give_up() -> None:
    """Let go of everything that leads there, and of everybody who waits for it; the next pool is a fresh one."""
    pool = _pools().pop("default", None)
    if pool is not None:
        pool.close(timeout=0)


_breaker = Breaker(NAME, _give_up)


def trust() -> None:
    """Forget that it did not answer."""
    global _breaker
    _breaker = Breaker(NAME, _give_up)


os.register_at_fork(after_in_child=trust)


class Connection(Bounded):
    """A connection of the pool; one that falls silent tells on the whole directory."""

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        try:
            return super().wait(gen, interval, timeout)
        except Silent:
            if not hurry.active():
                _breaker.failed(certainly=True)
            raise


class DatabaseWrapper(base.DatabaseWrapper):
    """What Django calls a database: one for each thread, of which the pool is shared."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """A connection of the pool. Raises Away at once when the directory has not answered lately."""
        if not self.pool:
            return super().get_new_connection(conn_params)
        match _breaker.ask():
            case Pass.AWAY:
                raise Away("the directory has not answered lately")
            case Pass.KNOCK:
                _knock()
        watchdog.every_beat(_tell)
        try:
            return super().get_new_connection(conn_params)
        except (PoolTimeout, psycopg.OperationalError):
            if not hurry.active():
                _breaker.failed()
            raise

    def _configure_connection(self, connection: Any) -> bool:
        """A new connection of the pool: what Django sets, and limits of the server's own."""
        commit: bool = super()._configure_connection(connection)  # type: ignore[misc]
        if self.pool:
            bounded.limit(connection)
        return commit

    def _close(self) -> None:
        taken = self.connection
        if taken is not None and not taken.closed:
            _breaker.answered()
        super()._close()  # type: ignore[misc]


def _knock() -> None:
    """See whether it is there again, past the pool: a refusal is heard at once."""
    if hurry.active():
        _breaker.gave_up()
        raise Away("the directory has not answered lately")
    env = environment.get()
    conninfo = make_conninfo(env.directory, **({"passfile": env.pgpassfile} if env.pgpassfile else {}))
    try:
        with Bounded.connect(conninfo, connect_timeout=env.node_connect_seconds) as visit:
            visit.execute("SELECT 1")
    except psycopg.Error:
        _breaker.failed()
        raise
    except BaseException:
        _breaker.gave_up()
        raise
    _breaker.answered()


def _tell() -> None:
    """How much of the pool is in use, for the numbers."""
    pool = _pools().get("default")
    stats = pool.get_stats() if pool is not None and not pool.closed else {}
    busy = stats.get("pool_size", 0) - stats.get("pool_available", 0)
    metrics.share("pool_connections_busy", busy, node=NAME)
    metrics.share("pool_connections_most", environment.get().node_pool_max, node=NAME)
    metrics.share("pool_requests_waiting", stats.get("requests_waiting", 0), node=NAME)
