"""Which node a logical shard is on: the directory's table, kept in memory.

The copy may be stale. That costs one refused transaction and a retry (sessions), never a wrong write: a
shard that has moved away is no longer there under its name.
"""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass, replace

from django.db import DatabaseError

from heliograph.core import environment, metrics
from heliograph.core.errors import NotFound, Unavailable
from heliograph.sharding import models
from heliograph.sharding.ids import ShardNumber, shard_of


@dataclass(frozen=True)
class Node:
    """A database with shards. Its conninfo names the application role, `owner_conninfo` the owner."""

    number: int
    name: str
    conninfo: str
    owner_conninfo: str


@dataclass(frozen=True)
class _Map:
    nodes: dict[int, Node]
    node_of: dict[ShardNumber, Node]
    open_shards: list[ShardNumber]
    weights: list[int]
    read_at: float


_map: _Map | None = None
_lock = threading.Lock()


def node_of(shard: ShardNumber) -> Node:
    """The node that holds a shard; NotFound when there is no such shard."""
    node = _current().node_of.get(shard)
    if node is None:
        raise NotFound(cause=f"shard {shard}")
    return node


def node_of_id(id: int) -> Node:
    """The node on which the row with this id lives."""
    return node_of(shard_of(id))


def nodes() -> list[Node]:
    """Every node, by number."""
    return [node for _, node in sorted(_current().nodes.items())]


def shards() -> list[ShardNumber]:
    """Every logical shard, by number."""
    return sorted(_current().node_of)


def shards_of(node: Node) -> list[ShardNumber]:
    """The logical shards of one node, by number."""
    return sorted(number for number, where in _current().node_of.items() if where.number == node.number)


def pick_open_shard() -> ShardNumber:
    """A shard for somebody new, by weight."""
    current = _current()
    if not current.open_shards:
        raise Unavailable("There is no room for new people right now.", cause="no open shard")
    return random.choices(current.open_shards, current.weights)[0]  # noqa: S311 - balance, not secrecy


def refresh() -> None:
    """Read the map again, now."""
    global _map
    with _lock:
        _map = _read()


def _current() -> _Map:
    found = _map
    if found is None:
        with _lock:
            return _map or _read_again()
    if time.monotonic() - found.read_at < environment.get().map_refresh_seconds:
        return found
    # One reads it anew; the others go by what they have, and do not wait for a directory that takes its time.
    if not _lock.acquire(blocking=False):
        return found
    try:
        return _read_again() if _map is found else _map or found
    finally:
        _lock.release()


def _read_again() -> _Map:
    """Under the lock. When the directory is away: what we knew is good until it is refused."""
    global _map
    try:
        _map = _read()
    except (DatabaseError, Unavailable) as error:
        if _map is None:
            raise Unavailable(cause=error) from error
        metrics.count("map_stale_total")
        _map = replace(_map, read_at=time.monotonic())
    return _map


def _read() -> _Map:
    nodes = {
        row.number: Node(row.number, row.name, row.conninfo, row.owner_conninfo)
        for row in models.Node.objects.all()
    }
    rows = list(models.Shard.objects.order_by("number").values_list("number", "node_id", "weight"))
    open_rows = [(number, weight) for number, _, weight in rows if weight]
    return _Map(
        nodes=nodes,
        node_of={number: nodes[node_id] for number, node_id, _ in rows},
        open_shards=[number for number, _ in open_rows],
        weights=[weight for _, weight in open_rows],
        read_at=time.monotonic(),
    )


def forget() -> None:
    """Read the map again at its next use. For tests, and after the map was changed here."""
    global _map
    _map = None
