"""Reading shards: one of them, or many at once, grouped by node, one round trip a node. And the directory.

Part of sessions.py, and only reached through it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar

import psycopg
from django.db import connection

from heliograph.core import trips
from heliograph.core.errors import Conflict, NotFound, Unavailable
from heliograph.sharding import map, nodes, quick
from heliograph.sharding.bounded import Bounded, Silent
from heliograph.sharding.ids import ShardNumber, schema_of, shard_of
from heliograph.sharding.map import Node

Params: TypeAlias = "Mapping[str, Any] | Sequence[Any]"
Row: TypeAlias = "tuple[Any, ...]"
T = TypeVar("T")

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


class DirectoryReader:
    """The directory, asked in SQL. The same question through Django's models costs five times as much."""

    def rows(self, sql: str, params: Params = ()) -> list[Row]:
        with self._cursor(sql, params) as cursor:
            return list(cursor.fetchall())

    def row(self, sql: str, params: Params = ()) -> Row | None:
        with self._cursor(sql, params) as cursor:
            row: Row | None = cursor.fetchone()
            return row

    def value(self, sql: str, params: Params = ()) -> Any:
        row = self.row(sql, params)
        return None if row is None else row[0]

    def quick(self, sql: str, values: Sequence[quick.Value]) -> tuple[quick.Value, ...]:
        """The one row of a statement, as bytes (quick.py). `$1`, not `%(name)s`."""
        trips.add("directory")
        connection.ensure_connection()
        with connection.wrap_database_errors:
            return quick.row(connection.connection, text_for(sql, "public"), values)

    def _cursor(self, sql: str, params: Params) -> Any:
        trips.add("directory")
        cursor = connection.cursor()
        cursor.execute(text_for(sql, "public"), params)
        return cursor


class Reader:
    """Reads of primaries on many shards. Cheap to make; holds a connection only while a statement runs."""

    directory = DirectoryReader()

    def __init__(self) -> None:
        self.missing_nodes: set[str] = set()

    def missed(self, id: int) -> None:
        """Remember that the node of this id could not be asked, although the page goes on without it."""
        self.missing_nodes.add(map.node_of(shard_of(id)).name)

    def at(self, id: int) -> Lending:
        """The shard of one id. NotFound when there is none."""
        shard = shard_of(id)
        return Lending(shard, map.node_of(shard))

    def gather(
        self, sql: str, ids: Iterable[int], params: Mapping[str, Any] | None = None, *, partial: bool = False
    ) -> list[Row]:
        """Run `sql` on every shard that the ids live in, `%(ids)s` being the ids of that shard.

        One round trip a node: the statements for its shards travel together. Ids that no shard can hold are
        dropped. Rows come in no order. With `partial` a node that is away is skipped and remembered in
        `missing_nodes`; otherwise NodeAway.
        """
        return self._each([(sql, _by_shard(ids))], params, partial)[0]

    def gather_all(
        self, questions: Sequence[tuple[str, Iterable[int]]], *, partial: bool = False
    ) -> list[list[Row]]:
        """Like gather, several at once, still in one round trip a node. The rows of each, in the order of asking."""
        return self._each([(sql, _by_shard(ids)) for sql, ids in questions], None, partial)

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
        return self._each([(sql, arrays)], params, partial)[0]

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
        return self._each([(sql, {shard: {"shard": shard} for shard in shards})], params, partial)[0]

    def _each(
        self,
        questions: Sequence[tuple[str, _Arrays]],
        params: Mapping[str, Any] | None,
        partial: bool,
    ) -> list[list[Row]]:
        by_node: dict[Node, list[tuple[ShardNumber, int]]] = defaultdict(list)
        for number, (_, arrays) in enumerate(questions):
            for shard in arrays:
                try:
                    by_node[map.node_of(shard)].append((shard, number))
                except NotFound:
                    continue
        rows: list[list[Row]] = [[] for _ in questions]
        for node, places in by_node.items():
            places.sort()
            asked = []
            for shard, number in places:
                sql, arrays = questions[number]
                asked.append((text_for(sql, schema_of(shard)), {**(params or {}), **arrays[shard]}))
            try:
                for (_, number), found in zip(places, _read(node, asked), strict=True):
                    rows[number] += found
            except Unavailable:
                if not partial:
                    raise
                self.missing_nodes.add(node.name)
        return rows


_Arrays: TypeAlias = "dict[ShardNumber, dict[str, Any]]"  # what to ask of each shard
_NOWHERE = -1  # a shard that no map has


def _shard_or_none(id: int) -> ShardNumber:
    try:
        return shard_of(id)
    except NotFound:
        return _NOWHERE


def _by_shard(ids: Iterable[int]) -> _Arrays:
    groups: dict[ShardNumber, list[int]] = defaultdict(list)
    for id in ids:
        groups[_shard_or_none(id)].append(id)
    return {shard: {"ids": group} for shard, group in groups.items()}


def _read(node: Node, asked: Sequence[tuple[str, Params]]) -> list[list[Row]]:
    """The rows of each of these statements, in one round trip.

    Each by itself, and so prepared: as one UNION ALL, which differs with every set of shards, a page of twenty photos
    kept PostgreSQL busy for 4.5 ms, nearly all of it planning; so it is 0.7.
    """

    def ask(connection: nodes.Connection) -> list[list[Row]]:
        if len(asked) == 1:
            return [connection.execute(*asked[0]).fetchall()]
        with connection.pipeline():
            cursors = [connection.execute(text, values) for text, values in asked]
        return [cursor.fetchall() for cursor in cursors]

    return _asked(node, ask)


def _asked(node: Node, ask: Callable[[Bounded], T]) -> T:
    for attempt in (1, 2):
        try:
            with nodes.connection(node) as connection:
                trips.add("node")
                return ask(connection)
        except psycopg.Error as error:
            if attempt == 1 and lost(error) and not isinstance(error, Silent):
                nodes.recheck(node)
                continue  # a kept connection that died while idle; a read may be asked twice
            raise translated(error) from error
    raise AssertionError("unreachable")


class Lending(ShardReader):
    """A shard whose connection is borrowed for each statement."""

    def __init__(self, shard: ShardNumber, node: Node) -> None:
        self.shard = shard
        self.schema = schema_of(shard)
        self._node = node

    def rows(self, sql: str, params: Params = ()) -> list[Row]:
        return _read(self._node, [(text_for(sql, self.schema), params)])[0]

    def row(self, sql: str, params: Params = ()) -> Row | None:
        rows = self.rows(sql, params)
        return rows[0] if rows else None

    def value(self, sql: str, params: Params = ()) -> Any:
        row = self.row(sql, params)
        return None if row is None else row[0]

    def run(self, sql: str, params: Params = ()) -> int:
        raise TypeError("a reader does not write")

    def quick(self, sql: str, values: Sequence[quick.Value]) -> tuple[quick.Value, ...]:
        """The one row of a statement, as bytes, in a third of the time (quick.py). `$1`, not `%(name)s`."""
        text = text_for(sql, self.schema)
        return _asked(self._node, lambda connection: quick.row(connection, text, values))


def reader() -> Reader:
    return Reader()


def lost(error: psycopg.Error) -> bool:
    """Whether the connection is gone, or was ended because nothing was asked on it for too long (bounded.py)."""
    if isinstance(error, psycopg.errors.IdleInTransactionSessionTimeout):
        return True
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
