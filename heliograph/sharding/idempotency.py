"""Requests that a client may repeat: the answer is kept in the transaction that earned it.

Kept 24 hours, per person and route. The same key with another body is a mistake of the client's (422); two at
once are serialised by the row, and the second gets the first one's answer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import orjson

from heliograph.core.errors import Conflict, Invalid

KEEP_HOURS = 24
LONGEST_KEY = 200  # characters

_CLAIM = """
INSERT INTO {s}.idempotency (person_id, route, key, body_hash, answer) VALUES (%s, %s, %s, %s, 'null')
ON CONFLICT (person_id, route, key) DO NOTHING
"""
_KEPT = "SELECT body_hash, answer FROM {s}.idempotency WHERE person_id = %s AND route = %s AND key = %s"
_KEEP = "UPDATE {s}.idempotency SET answer = %s::jsonb WHERE person_id = %s AND route = %s AND key = %s"
_SWEEP = "DELETE FROM {s}.idempotency WHERE at < now() - make_interval(hours => %s)"


class KeyReused(Invalid):
    """This Idempotency-Key was used for another request."""

    code = "idempotency_key_reused"


class InFlight(Conflict):
    """The same request is being answered right now."""

    code = "idempotency_in_flight"


class _Shard(Protocol):
    def row(self, sql: str, params: Any = ()) -> tuple[Any, ...] | None: ...
    def run(self, sql: str, params: Any = ()) -> int: ...


def run(
    tx: _Shard,
    person_id: int,
    route: str,
    key: str | None,
    body_hash: bytes,
    make: Callable[[], dict[str, Any]],
) -> tuple[dict[str, Any], bool]:
    """The answer of `make()`, and whether it is a repeated one. Without a key, `make` simply runs.

    The insert waits for a transaction that holds the same key; when that one commits, its answer is the answer.
    """
    if not key:
        return make(), False
    if len(key) > LONGEST_KEY:
        raise Invalid(
            "An Idempotency-Key has at most 200 characters.", fields={"Idempotency-Key": "too long"}
        )
    if not key.isprintable():  # PostgreSQL refuses NUL
        raise Invalid(
            "An Idempotency-Key is made of letters, digits and signs.",
            fields={"Idempotency-Key": "unreadable"},
        )
    if not tx.run(_CLAIM, (person_id, route, key, body_hash)):
        return _kept(tx, person_id, route, key, body_hash), True
    answer = make()
    tx.run(_KEEP, (orjson.dumps(answer).decode(), person_id, route, key))
    return answer, False


def _kept(tx: _Shard, person_id: int, route: str, key: str, body_hash: bytes) -> dict[str, Any]:
    row = tx.row(_KEPT, (person_id, route, key))
    if row is None or row[1] is None:
        raise InFlight()
    if bytes(row[0]) != body_hash:
        raise KeyReused()
    answer: dict[str, Any] = row[1]
    return answer


def sweep(tx: _Shard) -> int:
    """Forget answers older than a day; how many."""
    return tx.run(_SWEEP, (KEEP_HOURS,))
