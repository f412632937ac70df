# ruff: noqa: E402 - the addresses of the servers must be known before anything of Heliograph is imported
"""A network to measure: the servers of the tests (three PostgreSQL, one Valkey), people and photos by the thousand.

The servers are told not to wait for the disk; what is measured here is processor time and round trips.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from dataclasses import replace

import psycopg

from tests.harness import servers

NETWORK = servers.arrange()

from heliograph.core import environment, valkey
from heliograph.feed import home as lists
from heliograph.flows import catalogue  # noqa: F401 - the tasks
from heliograph.sharding import map, nodes, outbox, sessions
from heliograph.sharding.ids import EPOCH_MS, SEQUENCE_BITS
from tests.harness import people

SHARDS = range(1, 9)
#: Followers get ids of this moment on, one a millisecond and shard.
_BASE_MS = 1_770_000_000_000 - EPOCH_MS

_PEOPLE = """
INSERT INTO {s}.person (id, username)
SELECT ((%(base)s + n) << 23) | (%(shard)s::bigint << 10), 'p' || %(shard)s || '_' || n
FROM generate_series(%(first)s::bigint, %(last)s::bigint) n ON CONFLICT DO NOTHING
"""
_FOLLOWING = """
INSERT INTO {s}.following (actor_id, owner_id, wish_on, wish_version, state, answers, permit_version)
SELECT ((%(base)s + n) << 23) | (%(shard)s::bigint << 10), %(owner)s, true, 1, 'granted', 1, 1
FROM generate_series(%(first)s::bigint, %(last)s::bigint) n
"""
_FOLLOWER = """
INSERT INTO {s}.follower (owner_id, actor_id, wish_on, wish_version, state, answers, permit_version)
SELECT %(owner)s, ((%(base)s + n) << 23) | (%(shard)s::bigint << 10), true, 1, 'granted', 1, 1
FROM generate_series(%(first)s::bigint, %(last)s::bigint) n
"""
_FOLLOWINGS = """
INSERT INTO {s}.following (actor_id, owner_id, wish_on, wish_version, state, answers, permit_version)
SELECT %(actor)s, owner, true, 1, 'granted', 1, 1 FROM unnest(%(owners)s::bigint[]) owner ON CONFLICT DO NOTHING
"""
_FOLLOWED = """
INSERT INTO {s}.follower (owner_id, actor_id, wish_on, wish_version, state, answers, permit_version)
VALUES (%(owner)s, %(actor)s, true, 1, 'granted', 1, 1) ON CONFLICT DO NOTHING
"""
_PHOTOS = """
INSERT INTO {s}.photo (id, owner_id, state, token, width, height, caption, placeholder, published_at)
SELECT ((%(now)s - n * 1000) << 23) | (%(shard)s::bigint << 10) | (%(owner)s & 1023), %(owner)s, 'published',
    md5(n::text || %(owner)s), 1080, 810, 'The harbour in the evening, number ' || n, repeat('A', 400), now()
FROM generate_series(1::bigint, %(count)s::bigint) n
"""
_LIKED = """
INSERT INTO {s}.photo_like (actor_id, photo_id, owner_id, "on", version, at)
SELECT a.id, p.id, p.owner_id, true, 1, p.published_at + a.place * interval '1 second'
FROM {s}.photo p, unnest(%(actors)s::bigint[]) WITH ORDINALITY a (id, place)
WHERE p.owner_id = %(owner)s AND (p.id >> 23) %% %(groups)s = a.place %% %(groups)s
"""
_COUNTED = """
INSERT INTO {s}.photo_counts (photo_id, likes)
SELECT photo_id, count(*) FROM {s}.photo_like JOIN {s}.photo p ON p.id = photo_id WHERE p.owner_id = %(owner)s
GROUP BY photo_id
"""
_FILL = valkey.Script(
    """
for reader in string.gmatch(ARGV[1], '%d+') do
    redis.call('RPUSH', 'feed:' .. reader, unpack(ARGV, 2))
end
"""
)


def start() -> None:
    """Start the servers; settings for measuring."""
    NETWORK.start()
    NETWORK.wipe()
    quiet = {
        "api_per_hour": 10**9,
        "posts_per_hour": 10**9,
        "sign_ups_per_hour": 10**9,
        "writes_per_hour": 10**9,
        "valkey_timeout_ms": 10_000,
    }
    environment.use(replace(environment.get(), node_timeout_ms=60_000, **quiet))
    map.forget()


def person(name: str, shard: int) -> int:
    return people.make_person(name, shard=shard).id


def follow(actor_id: int, owner_ids: list[int]) -> None:
    """Follows in force, both halves, through the flow and the projector."""
    from heliograph.flows import follow as flow

    sessions.on_projected = None
    for owner_id in owner_ids:
        flow.follow(actor_id, owner_id)
    settle()


def settle() -> None:
    """Carry all mirrored rows; drop the jobs."""
    for _ in range(6):
        for node in map.nodes():
            while outbox.drain_node(node):
                pass
    for node in map.nodes():
        with nodes.connection(node) as connection:
            connection.execute("DELETE FROM public.procrastinate_jobs")


def followers(owner_id: int, count: int, *, skip: int = 0) -> list[int]:
    """That many new followers, real rows on both sides, spread over all shards of both nodes; their ids."""
    each = count // len(SHARDS)
    ids: list[int] = []
    for shard in SHARDS:
        values = {"base": _BASE_MS, "shard": shard, "owner": owner_id, "first": skip, "last": skip + each - 1}
        sessions.write(
            shard << SEQUENCE_BITS, lambda tx, v=values: (tx.run(_PEOPLE, v), tx.run(_FOLLOWING, v))
        )  # type: ignore[misc]
        sessions.write(owner_id, lambda tx, v=values: tx.run(_FOLLOWER, v))  # type: ignore[misc]
        ids += [((_BASE_MS + n) << 23) | (shard << SEQUENCE_BITS) for n in range(skip, skip + each)]
    for node in map.nodes():
        with nodes.connection(node) as connection:
            connection.execute("ANALYZE")
    return sorted(ids)


def followings(actor_id: int, owner_ids: list[int]) -> None:
    """Follows in force of one person, real rows on both sides, without flows."""
    values = {"actor": actor_id, "owners": owner_ids}
    sessions.write(actor_id, lambda tx: tx.run(_FOLLOWINGS, values))
    for owner_id in owner_ids:
        sessions.write(owner_id, lambda tx, o=owner_id: tx.run(_FOLLOWED, {"actor": actor_id, "owner": o}))  # type: ignore[misc]


def photos(owner_id: int, count: int) -> None:
    """Published photos, one a second backwards from now."""
    now = int(time.time() * 1000) - EPOCH_MS
    values = {"now": now, "owner": owner_id, "count": count, "shard": (owner_id >> 10) & 8191}
    sessions.write(owner_id, lambda tx: tx.run(_PHOTOS, values))


def likes(owner_id: int, actor_ids: list[int], each: int) -> None:
    """Likes of all photos of somebody, about `each` of them, by others of these people from photo to photo."""
    values = {"owner": owner_id, "actors": actor_ids, "groups": max(1, len(actor_ids) // each)}
    sessions.write(owner_id, lambda tx: (tx.run(_LIKED, values), tx.run(_COUNTED, values)))


def lists_for(reader_ids: list[int], length: int = 500) -> None:
    """Full lists for active readers, written straight into Valkey."""
    newest = (int(time.time() * 1000) - EPOCH_MS) << 23
    ids = [newest - n * (1 << 33) for n in range(1, length + 1)]
    elements = [*ids, f"-{ids[-1]}"]
    for start_at in range(0, len(reader_ids), 200):
        _FILL((), (" ".join(map_str(reader_ids[start_at : start_at + 200])), *elements))


def reader_of_forty() -> int:
    """Somebody who follows forty people with ten photos each, all of them liked twelve times."""
    reader = person("reader", 1)
    owners = [person(f"owner{n}", 1 + n % 8) for n in range(40)]
    follow(reader, owners)
    for owner in owners:
        photos(owner, 10)
        likes(owner, owners, 12)
    settle()
    return reader


def renew() -> None:
    """An empty network again, also after millions of rows."""
    for node in map.nodes():
        with nodes.connection(node) as connection:
            found = connection.execute(
                "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname LIKE 'shard\\_%'"
            ).fetchall()
        with psycopg.connect(nodes.with_passfile(node.owner_conninfo), autocommit=True) as owner:
            for (table,) in found:
                if not table.endswith(".migration"):
                    owner.execute(f"TRUNCATE {table}".encode())
    NETWORK.wipe()


def forget_lists(reader_ids: list[int]) -> None:
    lists.forget(reader_ids)


def map_str(ids: list[int]) -> list[str]:
    return [str(id) for id in ids]


def seconds_of(pid: int) -> float:
    """Processor seconds that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def processors() -> float:
    """Processor seconds that the server processes of the nodes have used, to the nanosecond; those alive."""
    used = 0
    for node in NETWORK.nodes.values():
        assert node.process is not None
        for pid in tree(node.process.pid):  # each is one thread, so the thread's account is the process's
            try:
                used += int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])
            except OSError:
                continue  # ended meanwhile
    return used / 1e9


def tree(pid: int) -> list[int]:
    """A process and all that it has started."""
    try:
        children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
    return [pid, *(each for child in children for each in tree(child))]


def valkey_pid() -> int:
    assert NETWORK.valkey.process is not None
    for line in valkey.call("INFO", "server").decode().splitlines():
        if line.startswith("process_id:"):
            return int(line.partition(":")[2])
    return NETWORK.valkey.process.pid


class After:
    """Work of which only the second half counts: what it takes to begin anew each time is not measured."""

    def __init__(self, before: Callable[[], Any], act: Callable[[], Any]) -> None:
        self.before = before
        self.act = act

    def __call__(self) -> None:
        self.before()
        self.act()


class Taken(tuple[float, float]):
    """Microseconds (processor, wall) of one call: medians. `quiet`: processor, of the quietest tenth of all rounds."""

    quiet: float


def interleaved(rounds: int, work: dict[str, Callable[[], Any]], times: int) -> dict[str, Taken]:
    """What each of these takes, the rounds interleaved so that noise hits all."""
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in work}
    for act in work.values():
        for _ in range(3):
            act()
    for _ in range(rounds):
        for name, act in work.items():
            taken[name].append(timed(act, times))
    return {name: _taken(rows) for name, rows in taken.items()}


def _taken(rows: list[tuple[float, float]]) -> Taken:
    cpu, wall = ([row[n] * 1e6 for row in rows] for n in (0, 1))
    made = Taken((statistics.median(cpu), statistics.median(wall)))
    made.quiet = sorted(cpu)[len(cpu) // 10]
    return made


def timed(act: Callable[[], Any], times: int) -> tuple[float, float]:
    """Seconds of one call."""
    if not isinstance(act, After):
        cpu, wall = time.process_time(), time.perf_counter()
        for _ in range(times):
            act()
        return (time.process_time() - cpu) / times, (time.perf_counter() - wall) / times
    cpu_all = wall_all = 0.0
    for _ in range(times):
        act.before()
        cpu, wall = time.process_time(), time.perf_counter()
        act.act()
        cpu_all += time.process_time() - cpu
        wall_all += time.perf_counter() - wall
    return cpu_all / times, wall_all / times


@contextmanager
def running() -> Iterator[None]:
    """The network, and its end."""
    start()
    try:
        yield
    finally:
        NETWORK.stop()


def lose_cards() -> None:
    """Memory without cards."""
    from heliograph.pages import memory

    memory.forget_all()


def forget_cards() -> None:
    """As if nobody had looked at anything: memory without cards, and this process without guesses."""
    from heliograph.pages import cards

    lose_cards()
    cards._guesses.clear()


__all__ = ["NETWORK", "lists"]
