"""Whether everything that was acknowledged is there, and how much room it takes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from bench.launch.deeds import Deeds
from bench.launch.seed import Databases

#: What is counted in every shard, and how.
_IN_FORCE = "wish_on AND state = 'granted' AND answers = wish_version"
_COUNTED = {
    "homes": "SELECT count(*) FROM {s}.person",
    "photos": "SELECT count(*) FROM {s}.photo WHERE state = 'published'",
    "processing": "SELECT count(*) FROM {s}.photo WHERE state = 'processing'",
    "failed": "SELECT count(*) FROM {s}.photo WHERE state = 'failed'",
    "likes": 'SELECT count(*) FROM {s}.liked WHERE "on"',
    "likes mirrored": 'SELECT count(*) FROM {s}.photo_like WHERE "on"',
    "likes counted": "SELECT COALESCE(sum(likes), 0) FROM {s}.photo_counts",
    "comments": 'SELECT count(*) FROM {s}.comment WHERE "on"',
    "comments mirrored": 'SELECT count(*) FROM {s}.commented WHERE "on"',
    "follows": f"SELECT count(*) FROM {{s}}.following WHERE {_IN_FORCE}",
    "follows mirrored": f"SELECT count(*) FROM {{s}}.follower WHERE {_IN_FORCE}",
    "follows counted": "SELECT COALESCE(sum(followers), 0) FROM {s}.counters",
}
_WAITING = """
SELECT (SELECT count(*) FROM public.outbox) + (SELECT count(*) FROM public.procrastinate_jobs
    WHERE status IN ('todo', 'doing') AND (scheduled_at IS NULL OR scheduled_at < now() + interval '1 hour'))
"""
_TABLES = """
SELECT c.relname, sum(pg_total_relation_size(c.oid)), sum(c.reltuples)::bigint FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND (n.nspname LIKE 'shard%' OR n.nspname = 'public') GROUP BY 1 ORDER BY 2 DESC
"""


def rows(where: Databases) -> dict[str, int]:
    """How many rows of each kind there are, in all shards."""
    with where.connect(where.directory) as directory, where.connect(where.node) as node:
        shards = [row[0] for row in directory.execute("SELECT number FROM shard").fetchall()]
        found = {"people": int(directory.execute("SELECT count(*) FROM person").fetchone()[0])}  # type: ignore[index]
        for name, sql in _COUNTED.items():
            every = " UNION ALL ".join(sql.format(s=f"shard_{n:04d}") for n in shards)
            found[name] = int(
                node.execute(f"SELECT sum(count) FROM ({every}) c (count)".encode()).fetchone()[0]
            )  # type: ignore[index]
    return found


def waiting(where: Databases) -> int:
    """Jobs and rows that are not done."""
    total = 0
    for conninfo in (where.directory, where.node):
        with where.connect(conninfo) as connection:
            total += int(connection.execute(_WAITING).fetchone()[0])  # type: ignore[index]
    return total


def compared(deeds: Deeds, before: dict[str, int], after: dict[str, int]) -> dict[str, Any]:
    """By kind: (acknowledged, found). More may be found: an answer that came too late was a deed all the same."""
    grown = {name: after[name] - before[name] for name in after}
    told = {
        "people": deeds.kept["people"],
        "homes": deeds.kept["people"],
        "photos": deeds.kept["photos"],
        "comments": deeds.kept["comments"],
        "comments mirrored": deeds.kept["comments"],
        "likes": len(deeds.liked),
        "likes mirrored": len(deeds.liked),
        "likes counted": len(deeds.liked),
    }
    found: dict[str, Any] = {name: (count, grown[name]) for name, count in told.items()}
    for name in ("follows", "follows mirrored", "follows counted"):
        found[name] = (None, grown[name])  # some were there before: no number of new ones is known
    found["left"] = {"processing": after["processing"], "failed": after["failed"]}
    return found


def said(found: dict[str, Any]) -> str:
    """One sentence."""
    pairs = [(name, *pair) for name, pair in found.items() if isinstance(pair, tuple)]
    lost = [f"{name} {told - there}" for name, told, there in pairs if told is not None and there < told]
    follows = {there for name, told, there in pairs if name.startswith("follows")}
    uneven = "" if len(follows) == 1 else f"; FOLLOWS DIFFER: {sorted(follows)}"
    total = sum(told for name, told, _ in pairs if told is not None and " " not in name)
    return (f"LOST: {', '.join(lost)}" if lost else f"all of {total} acknowledged deeds are there") + uneven


def sizes(data: Path, where: Databases) -> dict[str, Any]:
    """Bytes on the disk: files by folder, tables with their indexes, and how many rows they have."""
    folders = {}
    for name in (
        "media/renditions",
        "media/masters",
        "incoming",
        "postgres/pg_wal",
        "postgres/base",
        "valkey",
    ):
        folders[name] = _folder(data / name)
    tables = {}
    for conninfo, prefix in ((where.directory, "directory."), (where.node, "node.")):
        with where.connect(conninfo) as connection:
            connection.execute("ANALYZE")
            for name, size, count in connection.execute(_TABLES).fetchall():
                tables[prefix + name] = (int(size), int(count))
    return {"folders": folders, "tables": tables}


def _folder(folder: Path) -> tuple[int, int]:
    """(bytes of its files, how many files)"""
    size = count = 0
    for place, _, files in os.walk(folder):
        for name in files:
            try:
                size += os.stat(os.path.join(place, name)).st_size
                count += 1
            except OSError:
                continue
    return size, count
