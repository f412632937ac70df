"""Fan-out, and posting with very many followers. Followers are real rows on two nodes; the active ones have feeds.

    python -m bench.fan_out [--active 20000] [--followers 100000]

Deliveries per second and core: from the job's start (it reads the rows) to the last list in Valkey, by the processor
time of this process, Valkey's, and PostgreSQL's, all added up.
"""

from __future__ import annotations

import secrets
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench import network, rows
from bench.rows import Row, Rows

BUDGET = 300_000  # deliveries a second and core


def main() -> None:
    parser, told = rows.parser(__doc__), Rows()
    parser.add_argument("--active", type=int, default=20_000)
    parser.add_argument("--followers", type=int, default=100_000)
    asked = parser.parse_args()
    with network.running():
        active_owner, star, nobody = (
            network.person(name, shard) for name, shard in (("active", 1), ("star", 2), ("nobody", 2))
        )
        network.settle()
        readers = network.followers(active_owner, asked.active)
        network.lists_for(readers)
        _deliveries(active_owner, len(readers), told)
        network.followers(star, asked.followers, skip=100_000)
        _posting(star, nobody, asked.followers, told)
    told.save(asked.json)


def _deliveries(owner_id: int, number: int, told: Rows) -> None:
    from heliograph.feed import home
    from heliograph.flows import fan_out
    from tests.oracle import album

    rates, alone = [], []
    for _ in range(30):
        photo_id = album.post(owner_id)
        before, started = _processors(), time.perf_counter()
        fan_out.fan_out(photo_id=photo_id, owner_id=owner_id)
        wall = time.perf_counter() - started
        after = _processors()
        rates.append((number / wall, [b - a for a, b in zip(before, after, strict=True)]))
    spent = [sum(parts) for parts in zip(*(cpu for _, cpu in rates), strict=True)]
    total = sum(spent)
    per_core = number * len(rates) / total
    wall_rate = statistics.median(rate for rate, _ in rates)
    shares = ", ".join(
        f"{name} {part / total:.0%}"
        for name, part in zip(("job", "Valkey", "PostgreSQL"), spent, strict=True)
    )
    print(f"fan-out to {number} active readers with full lists, {len(rates)} photos")
    said = f"{per_core:,.0f} deliveries/s and core ({shares} of the processor time)"
    told.say(Row("fan-out, job to Valkey", said, per_core, BUDGET, f">= {BUDGET:,}/s and core", more=True))
    print(f"  {wall_rate:9,.0f} deliveries/s by the clock, median")
    ids = list(range(1, number + 1))
    for _ in range(10):
        started = time.process_time()
        home.add(photo_id, ids)
        alone.append(time.process_time() - started)
    print(
        f"  {statistics.median(alone) / number * 1e6:9.2f} us of this process for each reader that has no list"
    )


def _processors() -> list[float]:
    """Processor seconds of this process, of Valkey, and of the node's server processes."""
    postgres = 0.0
    pid = network.NETWORK.nodes[1].process.pid  # type: ignore[union-attr]
    for child in _tree(pid):
        postgres += network.seconds_of(child)
    return [time.process_time(), network.seconds_of(network.valkey_pid()), postgres]


def _tree(pid: int) -> list[int]:
    children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return [pid, *(each for child in children for each in _tree(child))]


def _posting(star: int, nobody: int, followers: int, told: Rows) -> None:
    """The request that posts, and the transaction that publishes: for one with followers and one without."""
    from heliograph.flows import post_photo
    from tests.oracle import album

    def post(owner_id: int) -> None:
        post_photo.post(owner_id, upload_id=uploads[owner_id].pop(), caption="The harbour in the evening")

    def publish(owner_id: int) -> None:
        album.publish(owner_id, drafts[owner_id].pop())

    times = 300
    uploads = {owner: [_upload(owner) for _ in range(times + 1)] for owner in (star, nobody)}
    drafts = {owner: [album.draft(owner) for _ in range(times + 1)] for owner in (star, nobody)}
    for name, act in (("post, the request", post), ("publish, the transaction", publish)):
        many, none = _compared(act, star, nobody, times)
        said = f"{many / none:.2f}x ({many * 1000:.2f} ms to {none * 1000:.2f} ms by the clock)"
        told.say(Row(f"{name}, {followers:,} followers", said, many / none, 1.2, "<= 1.2x of none"))


def _compared(act: Callable[[int], Any], star: int, nobody: int, rounds: int) -> tuple[float, float]:
    taken: dict[int, list[float]] = {star: [], nobody: []}
    act(star)
    act(nobody)
    for turn in range(rounds):
        for owner_id in (star, nobody) if turn % 2 else (nobody, star):
            started = time.perf_counter()
            act(owner_id)
            taken[owner_id].append(time.perf_counter() - started)
    return statistics.median(taken[star]), statistics.median(taken[nobody])


def _upload(owner_id: int) -> int:
    from heliograph.sharding import sessions

    sql = """
    INSERT INTO {s}.upload (owner_id, file, kind, width, height, size_bytes, sha256, expires_at)
    VALUES (%s, %s, 'jpeg', 4032, 3024, 1000, '\\x00', now() + interval '1 hour') RETURNING id
    """
    upload_id: int = sessions.write(owner_id, lambda tx: tx.value(sql, (owner_id, secrets.token_hex(8))))
    return upload_id


if __name__ == "__main__":
    main()
