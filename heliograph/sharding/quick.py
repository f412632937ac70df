"""One prepared statement that gives one row, past psycopg's cursors: for what every page asks.

A cursor, its types, its rows and its account of what is prepared take longer than everything else on the way to
PostgreSQL and back (docs/benchmarks.md). Here values go and come as PostgreSQL writes them: `$1` in the statement,
UTF-8, so that what is asked for as one array, or as one JSON text of many rows, comes back as one piece of bytes.

Part of sessions.py, and only reached through it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import TypeAlias

import psycopg
from psycopg import generators, pq
from psycopg.errors import error_from_result
from psycopg.pq.abc import PGresult

from heliograph.core import environment
from heliograph.sharding.bounded import Bounded

Value: TypeAlias = "bytes | None"

_MOST = 200  # statements prepared on a connection; each shard's are others
_ROWS = pq.ExecStatus.TUPLES_OK
_GONE = b"26000"  # no statement of this name is prepared
_numbers = count()


def row(connection: Bounded, text: str, values: Sequence[Value]) -> tuple[Value, ...]:
    """The only row of this statement. Raises psycopg's errors; whatever is not one row is a ProgrammingError."""
    result = _result(connection, text, values)
    if result.status != _ROWS:
        raise error_from_result(result)
    if result.ntuples != 1:
        raise psycopg.ProgrammingError(f"{result.ntuples} rows where one was expected")
    return tuple([result.get_value(0, column) for column in range(result.nfields)])


def _result(connection: Bounded, text: str, values: Sequence[Value]) -> PGresult:
    pg = connection.pgconn
    if not environment.get().prepare_threshold:
        # A pooler in between would hand the next statement to another server process.
        pg.send_query_params(text.encode(), values)
        return _answer(connection)
    pg.send_query_prepared(connection.quick.get(text) or _prepared(connection, text), values)
    result = _answer(connection)
    if result.status != _ROWS and result.error_field(pq.DiagnosticField.SQLSTATE) == _GONE:
        # psycopg lets go of all that is prepared, ours too, after a transaction of this connection was rolled back.
        connection.quick.clear()
        pg.send_query_prepared(_prepared(connection, text), values)
        result = _answer(connection)
    return result


def _prepared(connection: Bounded, text: str) -> bytes:
    """Prepare it on this connection; its name there."""
    if len(connection.quick) >= _MOST:
        connection.execute("DEALLOCATE ALL")  # psycopg notices, and forgets its own
        connection.quick.clear()
    name = f"quick_{next(_numbers)}".encode()
    connection.pgconn.send_prepare(name, text.encode())
    result = _answer(connection)
    if result.status != pq.ExecStatus.COMMAND_OK:
        raise error_from_result(result)
    connection.quick[text] = name
    return name


def _answer(connection: Bounded) -> PGresult:
    results: list[PGresult] = connection.wait(generators.execute(connection.pgconn))
    return results[-1]
