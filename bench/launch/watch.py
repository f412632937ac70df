"""What every process of the network costs, from outside: processor time, memory, the log of PostgreSQL, what waits.

    python -m bench.launch.watch --root PID --data DIR --out FILE      one line of JSON every few seconds, until SIGTERM

A process of its own, so that the generator's clock does not stop while it looks; it counts itself as well.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import psycopg

from bench.launch.seed import Databases
from heliograph.sharding import queue_care
from heliograph.sharding.queue import LANES

EVERY = 2.0  # seconds
_MEMORY_EVERY = 10  # looks: proportional memory is dearer to read
_TICK = os.sysconf("SC_CLK_TCK")
_WAITING = (
    "SELECT "
    + ", ".join(
        f"(SELECT count(*) FROM public.procrastinate_jobs WHERE status = 'todo' AND queue_name = '{lane}')"
        for lane in LANES
    )
    + ", (SELECT count(*) FROM public.outbox)"
)
_WORK = """
SELECT pg_current_wal_lsn() - '0/0'::pg_lsn, (SELECT sum(xact_commit) FROM pg_stat_database),
    (SELECT sum(pg_database_size(oid)) FROM pg_database WHERE datname LIKE 'heliograph%')
"""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--root", type=int, required=True, help="pid of the supervisor")
    parser.add_argument("--generator", type=int, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is the generator's affair
    processes = Processes(asked.root, {asked.generator: "generator", os.getpid(): "watch"})
    databases = Waiting(Databases(asked.data))
    with asked.out.open("w") as out:
        looks = 0
        while True:
            seen = look(processes, databases, memory=looks % _MEMORY_EVERY == 0)
            out.write(json.dumps(seen) + "\n")
            out.flush()
            looks += 1
            time.sleep(EVERY)


def look(processes: Processes, databases: Waiting, *, memory: bool) -> dict[str, Any]:
    seen: dict[str, Any] = {"at": time.monotonic(), "cpu": processes.seconds(), "machine": machine()}
    seen |= databases.look()
    if memory:
        seen["pss"] = processes.memory()
    return seen


class Processes:
    """The processes of a tree, by what they are. What one that ended has used still counts."""

    def __init__(self, root: int, others: dict[int, str]) -> None:
        self._root = root
        self._others = others
        self._kinds: dict[int, str] = {}
        self._used: dict[int, float] = {}

    def seconds(self) -> dict[str, float]:
        """Processor seconds by kind, since each process began."""
        for pid, parent in _tree(self._root):
            kind = _kind(pid, self._kinds.get(parent, ""))
            if kind:
                self._kinds[pid] = kind  # again at each look: a new backend still has its parent's name
        self._kinds[self._root] = "supervisor"
        self._kinds |= self._others
        for pid in self._kinds:
            used = _seconds(pid)
            if used is not None:
                self._used[pid] = used
        found: dict[str, float] = defaultdict(float)
        for pid, used in self._used.items():
            found[self._kinds[pid]] += used
        return dict(found)

    def memory(self) -> dict[str, int]:
        """Proportional memory by kind, in bytes."""
        found: dict[str, int] = defaultdict(int)
        for pid, kind in self._kinds.items():
            found[kind] += _pss(pid)
        return {kind: size for kind, size in found.items() if size}


class Waiting:
    """What the databases say: jobs and rows that wait, and for how long; the log; commits; their size."""

    def __init__(self, where: Databases) -> None:
        self._where = where
        self._lines: list[psycopg.Connection[tuple[Any, ...]]] = []

    def look(self) -> dict[str, Any]:
        try:
            return self._look()
        except psycopg.Error as error:
            self._lines = []
            return {"error": str(error).split("\n", 1)[0]}

    def _look(self) -> dict[str, Any]:
        if not self._lines:
            self._lines = [self._where.connect(name) for name in (self._where.directory, self._where.node)]
        lag = dict.fromkeys((*LANES, "outbox"), 0.0)
        waiting = dict.fromkeys((*LANES, "outbox"), 0)
        for line in self._lines:
            for lane, seconds, count in zip(
                lag, _row(line, queue_care.LAG), _row(line, _WAITING), strict=True
            ):
                lag[lane] = max(lag[lane], round(seconds, 2))
                waiting[lane] += count
        wal, commits, size = (int(value) for value in _row(self._lines[0], _WORK))
        return {"lag": lag, "waiting": waiting, "wal": wal, "commits": commits, "size": size}


def _row(line: psycopg.Connection[tuple[Any, ...]], sql: str) -> tuple[Any, ...]:
    row = line.execute(sql.encode()).fetchone()
    assert row is not None
    return row


def machine() -> dict[str, float]:
    """Processor seconds of the whole machine, and bytes written to its disks."""
    names = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
    ticks = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
    found = {name: int(value) / _TICK for name, value in zip(names, ticks, strict=True)}
    written = 0
    for line in Path("/proc/diskstats").read_text().splitlines():
        fields = line.split()
        if not fields[2][-1].isdigit() or fields[2].startswith("nvme"):
            written += int(fields[9]) * 512
    return {**found, "written": float(written)}


def _tree(pid: int) -> list[tuple[int, int]]:
    """(pid, parent) of everything below."""
    found: list[tuple[int, int]] = []
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                found += [(int(child), pid), *_tree(int(child))]
    except OSError:
        pass  # gone meanwhile
    return found


_WORDS = (
    ("media.cage", "cage"),
    ("granian", "web"),
    ("valkey", "valkey"),
    ("redis", "valkey"),
    ("ops.command worker", "worker"),
    ("ops.command metrics", "metrics"),
    ("heliograph.web", "web"),
    ("heliograph.config", "web"),
)


def _kind(pid: int, parents: str) -> str:
    try:
        said = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""
    if said.startswith("postgres: "):
        return _role(said)
    if "bin/postgres" in said:
        return "postgres: postmaster"
    for word, kind in _WORDS:
        if word in said:
            return kind
    return parents if parents and parents != "supervisor" else f"other: {said[:60]}"


def _role(title: str) -> str:
    words = title.split()
    if "heliograph_app" in title or "heliograph_owner" in title:
        return "postgres: directory" if " heliograph " in title else "postgres: node"
    if words[1] in ("checkpointer", "walwriter", "autovacuum", "background", "io"):
        return "postgres: " + {"background": "writer"}.get(words[1], words[1])
    return "postgres: others"


def _seconds(pid: int) -> float | None:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / _TICK


def _pss(pid: int) -> int:
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


if __name__ == "__main__":
    main()
