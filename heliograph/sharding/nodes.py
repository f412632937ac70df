"""Connections to nodes: one pool a node and process, opened at its first use (so after any fork).

A node that does not answer holds nobody up for long: a wait has an end (bounded.py), and after a few waits in vain
nobody waits at all (breaker.py).
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson
import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.types.json import set_json_loads
from psycopg_pool import ConnectionPool, PoolTimeout

from heliograph.core import environment, metrics, watchdog
from heliograph.core.errors import Unavailable
from heliograph.sharding import bounded, hurry
from heliograph.sharding.bounded import Bounded, Silent
from heliograph.sharding.breaker import Breaker, Pass
from heliograph.sharding.map import Node

set_json_loads(orjson.loads)  # a page of comments has fifty lists of marks: a fifth of the time

Connection = psycopg.Connection[tuple[Any, ...]]


class NodeAway(Unavailable):
    """Some of the network's storage does not answer right now. Nothing was lost; try again in a moment."""

    code = "node_unavailable"


_pools: dict[str, ConnectionPool[Bounded]] = {}
_breakers: dict[str, Breaker] = {}
_told: set[str] = set()  # names of pools whose numbers were told
_lock = threading.Lock()
_pid = os.getpid()


@contextmanager
def connection(node: Node) -> Iterator[Bounded]:
    """A connection of the node's pool, in autocommit mode; NodeAway when none is to be had in time.

    At once when the node has not answered lately. In a hurry (hurry.py) the time is short, and proves nothing.
    """
    breaker = _breaker(node)
    match breaker.ask():
        case Pass.AWAY:
            raise NodeAway(cause=f"{node.name} has not answered lately")
        case Pass.KNOCK:
            _knock(node, breaker)
    pool = _pool(node)
    hurried = hurry.seconds()
    try:
        taken = pool.getconn(timeout=environment.get().node_connect_seconds if hurried is None else hurried)
    except (PoolTimeout, psycopg.OperationalError) as error:
        if hurried is None:
            breaker.failed()
        raise NodeAway(cause=f"{node.name}: {error}") from error
    try:
        yield taken
    except Silent:
        if not hurry.active():
            breaker.failed(certainly=True)
        raise
    finally:
        if not taken.closed:
            breaker.answered()
        pool.putconn(taken)


def _knock(node: Node, breaker: Breaker) -> None:
    """See whether a node that was given up is there again, past the pool: a refusal is heard at once."""
    if hurry.active():
        breaker.gave_up()
        raise NodeAway(cause=f"{node.name} has not answered lately")
    try:
        with Bounded.connect(with_passfile(node.conninfo), **_connecting()) as visit:
            visit.execute("SELECT 1")
    except psycopg.Error as error:
        breaker.failed()
        raise NodeAway(cause=f"{node.name}: {error}") from error
    except BaseException:
        breaker.gave_up()
        raise
    breaker.answered()


def _forget_parent() -> None:
    """After a fork: the parent's sockets are not ours, and what it thinks of nodes may be old."""
    global _pid
    if _pid != os.getpid():
        _pools.clear()
        _breakers.clear()
        _pid = os.getpid()


def _breaker(node: Node) -> Breaker:
    _forget_parent()
    found = _breakers.get(node.conninfo)
    if found is None:
        found = _breakers.setdefault(node.conninfo, Breaker(node.name, lambda: _give_up(node)))
    return found


def _give_up(node: Node) -> None:
    """Let go of everything that leads to a node, and of everybody who waits for it; the next pool is a fresh one."""
    with _lock:
        pool = _pools.pop(node.conninfo, None)
    if pool is not None:
        pool.close(timeout=0)


def with_passfile(conninfo: str) -> str:
    """The conninfo, naming the password file if there is one."""
    path = environment.get().pgpassfile
    return make_conninfo(conninfo, passfile=path) if path else conninfo


def _pool(node: Node) -> ConnectionPool[Bounded]:
    _forget_parent()
    pool = _pools.get(node.conninfo)
    if pool is None:
        with _lock:
            pool = _pools.get(node.conninfo)
            if pool is None:
                pool = _pools[node.conninfo] = _open(node)
    return pool


def _tell() -> None:
    """How much of the pools is in use, for the numbers; each process tells its own part."""
    if _pid != os.getpid():
        return
    pools = {pool.name: pool for pool in list(_pools.values())}
    for name in _told - pools.keys():  # given up meanwhile
        for what in ("busy", "most"):
            metrics.share(f"pool_connections_{what}", 0, node=name)
        metrics.share("pool_requests_waiting", 0, node=name)
    _told.clear()
    for pool in pools.values():
        _told.add(pool.name)
        stats = pool.get_stats()
        busy = stats.get("pool_size", 0) - stats.get("pool_available", 0)
        metrics.share("pool_connections_busy", busy, node=pool.name)
        metrics.share("pool_connections_most", pool.max_size, node=pool.name)
        metrics.share("pool_requests_waiting", stats.get("requests_waiting", 0), node=pool.name)


def _open(node: Node) -> ConnectionPool[Bounded]:
    env = environment.get()
    watchdog.every_beat(_tell)
    # A connection's memory grows by 100 KB with every shard it has seen (docs/decisions): recycled hourly.
    return ConnectionPool(
        with_passfile(node.conninfo),
        connection_class=Bounded,
        kwargs=_connecting(),
        configure=bounded.limit,
        min_size=0,
        max_size=env.node_pool_max,
        max_lifetime=3600,
        max_idle=120,
        num_workers=1,
        reconnect_timeout=1,
        open=True,
        name=node.name,
    )


def _connecting() -> dict[str, Any]:
    env = environment.get()
    return {
        "autocommit": True,
        "prepare_threshold": env.prepare_threshold or None,
        "connect_timeout": env.node_connect_seconds,
        "application_name": "heliograph",
    }


def recheck(node: Node) -> None:
    """A connection to this node was found dead: let go of all idle ones that are dead too."""
    try:
        _pool(node).check()
    except psycopg.Error:
        pass  # it is away: whoever asks next is told


def trust_all() -> None:
    """Forget who did not answer."""
    _breakers.clear()


def close_all() -> None:
    """Close every pool of this process, and forget who did not answer."""
    trust_all()
    with _lock:
        for pool in _pools.values():
            pool.close(timeout=2)
        _pools.clear()
