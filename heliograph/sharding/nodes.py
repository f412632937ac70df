"""Connections to nodes: one pool a node and process, opened at its first use (so after any fork)."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo
from psycopg_pool import ConnectionPool, PoolTimeout

from heliograph.core import environment
from heliograph.core.errors import Unavailable
from heliograph.sharding.map import Node

Connection = psycopg.Connection[tuple[Any, ...]]


class NodeAway(Unavailable):
    """Some of the network's storage does not answer right now. Nothing was lost; try again in a moment."""

    code = "node_unavailable"


_pools: dict[str, ConnectionPool[Connection]] = {}
_lock = threading.Lock()
_pid = os.getpid()


@contextmanager
def connection(node: Node, *, timeout_seconds: float | None = None) -> Iterator[Connection]:
    """A connection of the node's pool, in autocommit mode; NodeAway when none is to be had in time."""
    wait = environment.get().node_connect_seconds if timeout_seconds is None else timeout_seconds
    pool = _pool(node)
    try:
        taken = pool.getconn(timeout=wait)
    except (PoolTimeout, psycopg.OperationalError) as error:
        raise NodeAway(cause=f"{node.name}: {error}") from error
    try:
        yield taken
    finally:
        pool.putconn(taken)


def with_passfile(conninfo: str) -> str:
    """The conninfo, naming the password file if there is one."""
    path = environment.get().pgpassfile
    return make_conninfo(conninfo, passfile=path) if path else conninfo


def _pool(node: Node) -> ConnectionPool[Connection]:
    global _pid
    if _pid != os.getpid():  # a fork: the parent's sockets are not ours
        _pools.clear()
        _pid = os.getpid()
    pool = _pools.get(node.conninfo)
    if pool is None:
        with _lock:
            pool = _pools.get(node.conninfo)
            if pool is None:
                pool = _pools[node.conninfo] = _open(node)
    return pool


def _open(node: Node) -> ConnectionPool[Connection]:
    env = environment.get()
    kwargs = {
        "autocommit": True,
        "prepare_threshold": env.prepare_threshold or None,
        "connect_timeout": env.node_connect_seconds,
        "application_name": "heliograph",
    }
    # A connection's memory grows by 100 KB with every shard it has seen (docs/decisions): recycled hourly.
    return ConnectionPool(
        with_passfile(node.conninfo),
        kwargs=kwargs,
        configure=_configure,
        min_size=0,
        max_size=env.node_pool_max,
        max_lifetime=3600,
        max_idle=120,
        num_workers=1,
        reconnect_timeout=1,
        open=True,
        name=node.name,
    )


def _configure(connection: psycopg.Connection[Any]) -> None:
    timeout = environment.get().node_timeout_ms
    connection.execute(sql.SQL("SET statement_timeout = {}").format(sql.Literal(timeout)))


def recheck(node: Node) -> None:
    """A connection to this node was found dead: let go of all idle ones that are dead too."""
    try:
        _pool(node).check()
    except psycopg.Error:
        pass  # it is away: whoever asks next is told


def close_all() -> None:
    """Close every pool of this process."""
    with _lock:
        for pool in _pools.values():
            pool.close(timeout=2)
        _pools.clear()
