"""Valkey came back with less than it had: what was pushed in its last moments is pushed again.

`watch()`, called by the worker every other second, leaves a sign of life beside the feeds: which life of the
server it is, and when. After a restart the sign is older than what the nodes know, and says by how much:

    a few minutes     each node's photos and follows of the last `feed_replay_minutes` are delivered again
    more, or no sign  all lists are dropped; each is made anew at the next visit

Cards are dropped in both cases: what was changed in those moments would otherwise be shown as it was before.
The jobs are enqueued before the sign is renewed, so that a worker that dies in between leaves them to the next.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from heliograph.core import clock, environment, metrics, valkey
from heliograph.core.errors import Unavailable
from heliograph.feed import home
from heliograph.pages import memory
from heliograph.sharding import map, sessions
from heliograph.sharding.ids import SEQUENCE_BITS, ShardNumber
from heliograph.sharding.map import Node
from heliograph.sharding.periodic import periodic
from heliograph.sharding.queue import task
from heliograph.sharding.sessions import Tx

SIGN = "life"
WATCH_SECONDS = 2

_PHOTOS = """
SELECT id, owner_id FROM {s}.photo WHERE state = 'published' AND published_at > %(since)s AND NOT imported
"""
_FOLLOWS = """
SELECT actor_id, owner_id FROM {s}.following
WHERE wish_on AND state = 'granted' AND answers = wish_version AND since > %(since)s
"""


@dataclass
class _Told:
    """Which nodes this process has told of a life of Valkey, while others are still to be told."""

    life: str = ""
    nodes: set[int] = field(default_factory=set)


_told_of = _Told()


@periodic(WATCH_SECONDS)
def watch() -> None:
    """Look whether Valkey is the one we knew; if not, mend. Nothing happens while it is away."""
    try:
        life, sign = valkey.run_id(), valkey.call("GET", SIGN)
        known, at_ms = sign.decode().split() if sign else ("", "0")
        if known != life:
            _mend(life, clock.now_ms() - int(at_ms))
        valkey.call("SET", SIGN, f"{life} {clock.now_ms()}")
    except Unavailable:
        metrics.count("valkey_watch_failures_total")


def _mend(life: str, age_ms: int) -> None:
    if life != _told_of.life:
        metrics.count("valkey_lives_total")
        memory.forget_all()
        _told_of.life, _told_of.nodes = life, set()
    minutes = environment.get().feed_replay_minutes
    # Half of the time is for deliveries that were late themselves: a sign of 5 minutes ago, a queue of 5 minutes.
    if age_ms > minutes * 60_000 / 2:
        home.forget_all()
        _told_of.life = ""
        return
    since = clock.now() - timedelta(minutes=minutes)
    away: list[Unavailable] = []
    for node in map.nodes():
        if node.number in _told_of.nodes:
            continue
        try:
            _enqueue(node, life, since)
            _told_of.nodes.add(node.number)
        except Unavailable as error:
            away.append(error)  # its turn comes; the others need not wait, nor be told again
    if away:
        raise away[0]
    _told_of.life = ""


def _enqueue(node: Node, life: str, since: datetime) -> None:
    """One job in the node's own queue; two workers that notice at once leave one."""
    job = {"node": node.number, "since": since.isoformat(), "queueing_lock": f"replay:{life}:{node.number}"}
    shards = map.shards_of(node)
    if shards:
        sessions.write(_somebody_of(shards[0]), lambda tx: tx.enqueue("replay.v1", **job), repeatable=True)


@task("replay.v1", lane="feed")
def replay(node: int, since: str) -> None:
    """Deliver again what a node's shards have published, and merge what was followed, since then."""
    moment = datetime.fromisoformat(since)
    for shard in map.shards_of(next(each for each in map.nodes() if each.number == node)):
        sessions.write(_somebody_of(shard), _again(moment), repeatable=True)


def _again(since: datetime) -> Callable[[Tx], None]:
    def body(tx: Tx) -> None:
        for photo_id, owner_id in tx.rows(_PHOTOS, {"since": since}):
            tx.enqueue("fan_out.v1", photo_id=photo_id, owner_id=owner_id)
        for reader_id, owner_id in tx.rows(_FOLLOWS, {"since": since}):
            tx.enqueue("merge_feed.v1", reader_id=reader_id, owner_id=owner_id)

    return body


def _somebody_of(shard: ShardNumber) -> int:
    """An id of this shard, for the way there; nobody has it."""
    return shard << SEQUENCE_BITS
