"""Rows that say nothing any more (a like taken back, a follow that ended), and since when.

A row has no honest date: it is dated where it was made, or not at all. Its versions are honest. They come from
a sequence of one shard, so a daily mark of how far that sequence had come tells of every row, mirrors too,
whether it has changed since: its version is not above a mark of 30 days ago.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol, TypeAlias

from heliograph.core.errors import NotFound
from heliograph.sharding.ids import ShardNumber, shard_of

Key: TypeAlias = "tuple[int, int]"  # (the id whose shard it is, the other one)
Marks: TypeAlias = "Mapping[ShardNumber, int]"

#: A shard is marked and swept once a day, however often the worker starts.
MARK_HOURS = 20

_MARK = """
INSERT INTO {s}.version_mark (at, version) SELECT %(now)s, nextval('{s}.version_seq')
WHERE NOT EXISTS (SELECT FROM {s}.version_mark WHERE at > %(since)s)
ON CONFLICT (at) DO NOTHING
"""
_FORGET = """
DELETE FROM {s}.version_mark WHERE at < (SELECT max(at) FROM {s}.version_mark WHERE at <= %(cutoff)s)
"""
_MARKS = "SELECT %(shard)s::int, max(version) FROM {s}.version_mark WHERE at <= %(cutoff)s"


class Shard(Protocol):
    """A transaction on one shard, or a reader of it."""

    def rows(self, sql: str, params: Any = ()) -> list[tuple[Any, ...]]: ...
    def run(self, sql: str, params: Any = ()) -> int: ...


class Shards(Protocol):
    """Reads of many shards."""

    def at(self, id: int) -> Any: ...
    def gather_pairs(self, sql: str, pairs: Any) -> list[tuple[Any, ...]]: ...
    def everywhere(self, sql: str, params: Any = None, *, partial: bool = False) -> list[tuple[Any, ...]]: ...


@dataclass(frozen=True)
class OffRow:
    """One row as it was seen, off. `versions` in the order of its side."""

    key: Key
    versions: tuple[int, ...]


@dataclass(frozen=True)
class Side:
    """One of two mirrored tables. `off`: SQL about a row `t`. `versions`: column, and whose shard numbers it."""

    table: str
    home: str
    other: str
    off: str
    versions: tuple[tuple[str, Literal["home", "other"]], ...]

    def page(self, shard: Shard, after: Key, count: int) -> list[OffRow]:
        """Rows of one shard that are off, by key, beginning after one."""
        rows = shard.rows(_page(self), {"home": after[0], "other": after[1], "count": count})
        return [OffRow((row[0], row[1]), row[2:]) for row in rows]

    def look(self, reader: Shards, keys: Sequence[Key]) -> dict[Key, OffRow | None]:
        """The rows of these keys that are there; None for one that is not off."""
        found = reader.gather_pairs(_look(self), keys) if keys else []
        return {(r[0], r[1]): OffRow((r[0], r[1]), r[3:]) if r[2] else None for r in found}

    def remove(self, tx: Shard, rows: Sequence[OffRow]) -> list[Key]:
        """Delete rows that are still what was seen; the keys of those. Waits for nobody: what is locked stays."""
        values: dict[str, list[int]] = {
            "ids": [row.key[0] for row in rows],
            "others": [row.key[1] for row in rows],
        }
        for place, (column, _) in enumerate(self.versions):
            values[column] = [row.versions[place] for row in rows]
        return [(row[0], row[1]) for row in tx.rows(_remove(self), values)]

    def settled(self, row: OffRow, marks: Marks) -> bool:
        """Whether no half of the row has changed since the marks."""
        for version, (_, whose) in zip(row.versions, self.versions, strict=True):
            try:
                shard = shard_of(row.key[0 if whose == "home" else 1])
            except NotFound:
                return False
            if version > marks.get(shard, -1):
                return False
        return True


def _columns(side: Side) -> str:
    return ", ".join(f"t.{column}" for column, _ in side.versions)


# f-strings over names only: each side has three texts, always the same.
def _page(side: Side) -> str:
    return f"""
SELECT t.{side.home}, t.{side.other}, {_columns(side)} FROM {{s}}.{side.table} t
WHERE ({side.off}) AND (t.{side.home}, t.{side.other}) > (%(home)s, %(other)s)
ORDER BY t.{side.home}, t.{side.other} LIMIT %(count)s
"""


def _look(side: Side) -> str:
    return f"""
SELECT t.{side.home}, t.{side.other}, ({side.off}), {_columns(side)} FROM {{s}}.{side.table} t
JOIN unnest(%(ids)s::bigint[], %(others)s::bigint[]) AS k (home, other)
    ON t.{side.home} = k.home AND t.{side.other} = k.other
"""


def _remove(side: Side) -> str:
    names = [column for column, _ in side.versions]
    arrays = ", ".join(f"%({name})s::bigint[]" for name in names)
    unchanged = " AND ".join(f"t.{name} = k.{name}" for name in names)
    return f"""
WITH gone AS (
    SELECT t.{side.home} AS home, t.{side.other} AS other FROM {{s}}.{side.table} t
    JOIN unnest(%(ids)s::bigint[], %(others)s::bigint[], {arrays}) AS k (home, other, {", ".join(names)})
        ON t.{side.home} = k.home AND t.{side.other} = k.other AND {unchanged}
    WHERE {side.off}
    FOR UPDATE OF t SKIP LOCKED
)
DELETE FROM {{s}}.{side.table} t USING gone WHERE t.{side.home} = gone.home AND t.{side.other} = gone.other
RETURNING t.{side.home}, t.{side.other}
"""


def mark(tx: Shard, now: datetime, keep_since: datetime) -> bool:
    """Note how far this shard's versions have come; False when that was done today."""
    if not tx.run(_MARK, {"now": now, "since": now - timedelta(hours=MARK_HOURS)}):
        return False
    tx.run(_FORGET, {"cutoff": keep_since})
    return True


def marks(reader: Shards, cutoff: datetime) -> dict[ShardNumber, int]:
    """How far the versions of each shard had come by then; shards that do not know, or do not answer, are left out."""
    rows = reader.everywhere(_MARKS, {"cutoff": cutoff}, partial=True)
    return {row[0]: row[1] for row in rows if row[1] is not None}
