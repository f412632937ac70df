"""Reading shards: one of them, or many at once, grouped by node, one round trip a node.

Part of sessions.py, and only reached through it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import psycopg

from heliograph.core import trips
from heliograph.core.errors import Conflict, NotFound, Unavailable
from heliograph.sharding import map, nodes
from heliograph.sharding.bounded import Silent
from heliograph.sharding.ids import ShardNumber, schema_of, shard_of
from heliograph.sharding.map import Node

Params: TypeAlias = "Mapping[str, Any] | Sequence[Any]"
Row: TypeAlias = "tuple[Any, ...]"

_texts: dict[tuple[str, str], str] = {}


def text_for(sql: str, schema: str) -> str:
    """The statement for one schema; the same string object each time, so that psycopg prepares it."""
    key = (schema, sql)
    text = _texts.get(key)
    if text is None:
        text = _texts[key] = sql.replace("{s}", schema)
    return text


class ShardReader:
    """One shard on one connection: the four ways to ask."""

    def __init__(self, shard: ShardNumber, connection: nodes.Connection) -> None:
        self.shard = shard
        self.schema = schema_of(shard)
        self._connection = connection

    def rows(self, sql: str, params: Params = ()) -> list[Row]:
        return self._execute(sql, params).fetchall()

    def row(self, sql: str, params: Params = ()) -> Row | None:
        return self._execute(sql, params).fetchone()

    def value(self, sql: str, params: Params = ()) -> Any:
        row = self._execute(sql, params).fetchone()
        return None if row is None else row[0]

    def run(self, sql: str, params: Params = ()) -> int:
        """Execute; the number of rows it touched."""
        return self._execute(sql, params).rowcount

    def _execute(self, sql: str, params: Params) -> psycopg.Cursor[Row]:
        trips.add("node")
        return self._connection.execute(text_for(sql, self.schema), params)


class Reader:
    """Reads of primaries on many shards. Cheap to make; holds a connection only while a statement runs."""

    def __init__(self) -> None:
        self.missing_nodes: set[str] = set()

    def at(self, id: int) -> ShardReader:
        """The shard of one id. NotFound when there is none."""
        shard = shard_of(id)
        return _Lending(shard, map.node_of(shard))

    def gather(
        self, sql: str, ids: Iterable[int], params: Mapping[str, Any] | None = None, *, partial: bool = False
    ) -> list[Row]:
        """Run `sql` on every shard that the ids live in, `%(ids)s` being the ids of that shard.

        One round trip a node: the shards of a node travel as one UNION ALL. Ids that no shard can hold are
        dropped. Rows come in no order. With `partial` a node that is away is skipped and remembered in
        `missing_nodes`; otherwise NodeAway.
        """
        groups: dict[ShardNumber, list[Any]] = defaultdict(list)
        for id in ids:
            groups[_shard_or_none(id)].append(id)
        return self._union(sql, {s: {"ids": group} for s, group in groups.items()}, params, partial)

    def gather_pairs(
        self,
        sql: str,
        pairs: Iterable[tuple[int, int]],
        params: Mapping[str, Any] | None = None,
        *,
        partial: bool = False,
    ) -> list[Row]:
        """Like gather, by the shard of the first id: `unnest(%(ids)s::bigint[], %(others)s::bigint[])`."""
        groups: dict[ShardNumber, list[tuple[int, int]]] = defaultdict(list)
        for pair in pairs:
            groups[_shard_or_none(pair[0])].append(pair)
        arrays = {
            s: {"ids": [a for a, _ in group], "others": [b for _, b in group]} for s, group in groups.items()
        }
        return self._union(sql, arrays, params, partial)

    def everywhere(
        self, sql: str, params: Mapping[str, Any] | None = None, *, partial: bool = False
    ) -> list[Row]:
        """Run `sql` on every shard there is; `%(shard)s` is its number. For ops; not for pages."""
        return self.on(map.shards(), sql, params, partial=partial)

    def on(
        self,
        shards: Iterable[ShardNumber],
        sql: str,
        params: Mapping[str, Any] | None = None,
        *,
        partial: bool = False,
    ) -> list[Row]:
        """Run `sql` on these shards; `%(shard)s` is the number of each. One round trip a node."""
        return self._union(sql, {shard: {"shard": shard} for shard in shards}, params, partial)

    def _union(
        self,
        sql: str,
        arrays: dict[ShardNumber, dict[str, Any]],
        params: Mapping[str, Any] | None,
        partial: bool,
    ) -> list[Row]:
        by_node: dict[Node, list[ShardNumber]] = defaultdict(list)
        for shard in arrays:
            try:
                by_node[map.node_of(shard)].append(shard)
            except NotFound:
                continue
        rows: list[Row] = []
        for node, shards in by_node.items():
            text, values = _one_statement(sql, sorted(shards), arrays, params or {})
            try:
                rows += _read(node, text, values, sorted(shards))
            except Unavailable:
                if not partial:
                    raise
                self.missing_nodes.add(node.name)
        return rows


_NOWHERE = -1  # a shard that no map has


def _shard_or_none(id: int) -> ShardNumber:
    try:
        return shard_of(id)
    except NotFound:
        return _NOWHERE


def _one_statement(
    sql: str,
    shards: list[ShardNumber],
    arrays: dict[ShardNumber, dict[str, Any]],
    params: Mapping[str, Any],
) -> tuple[str, dict[str, Any]]:
    if len(shards) == 1:
        return text_for(sql, schema_of(shards[0])), {**params, **arrays[shards[0]]}
    parts: list[str] = []
    values: dict[str, Any] = dict(params)
    for place, shard in enumerate(shards):
        text = sql.replace("{s}", schema_of(shard))
        for name, array in arrays[shard].items():
            text = text.replace(f"%({name})s", f"%({name}_{place})s")
            values[f"{name}_{place}"] = array
        parts.append(f"({text})")
    return " UNION ALL ".join(parts), values


def _read(node: Node, text: str, values: dict[str, Any], shards: list[ShardNumber]) -> list[Row]:
    for attempt in (1, 2):
        try:
            with nodes.connection(node) as connection:
                trips.add("node")
                # Unions differ with every set of shards: preparing them would only fill the server's memory.
                prepare = None if len(shards) == 1 else False
                return connection.execute(text, values, prepare=prepare).fetchall()
        except psycopg.Error as error:
            if attempt == 1 and lost(error) and not isinstance(error, Silent):
                nodes.recheck(node)
                continue  # a kept connection that died while idle; a read may be asked twice
            raise translated(error) from error
    raise AssertionError("unreachable")


class _Lending(ShardReader):
    """A shard whose connection is borrowed for each statement."""

    def __init__(self, shard: ShardNumber, node: Node) -> None:
        self.shard = shard
        self.schema = schema_of(shard)
        self._node = node

    def rows(self, sql: str, params: Params = ()) -> list[Row]:
        return _read(self._node, text_for(sql, self.schema), params, [self.shard])  # type: ignore[arg-type]

    def row(self, sql: str, params: Params = ()) -> Row | None:
        rows = self.rows(sql, params)
        return rows[0] if rows else None

    def value(self, sql: str, params: Params = ()) -> Any:
        row = self.row(sql, params)
        return None if row is None else row[0]

    def run(self, sql: str, params: Params = ()) -> int:
        raise TypeError("a reader does not write")


def reader() -> Reader:
    return Reader()


def lost(error: psycopg.Error) -> bool:
    return isinstance(error, psycopg.OperationalError) and (
        error.sqlstate is None or error.sqlstate.startswith(("08", "57P"))
    )


def translated(error: psycopg.Error) -> Exception:
    if isinstance(error, psycopg.errors.QueryCanceled | psycopg.errors.LockNotAvailable) or lost(error):
        return nodes.NodeAway(cause=error)
    if (error.sqlstate or "").startswith("53"):  # its disk is full, or it has no memory or connection left
        return nodes.NodeAway(retry_after_seconds=60, cause=error)
    if error.sqlstate in ("40001", "40P01"):
        return Conflict(cause=error)
    return error
