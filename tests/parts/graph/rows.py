"""What the rows of a follow say, read by the test's own SQL."""

from __future__ import annotations

from typing import Any

from heliograph.sharding import sessions

_HALVES = "wish_on, wish_version, state, answers, permit_version"


def following(actor_id: int, owner_id: int) -> tuple[Any, ...] | None:
    sql = f"SELECT {_HALVES} FROM {{s}}.following WHERE actor_id = %s AND owner_id = %s"
    return sessions.reader().at(actor_id).row(sql, (actor_id, owner_id))


def follower(owner_id: int, actor_id: int) -> tuple[Any, ...] | None:
    sql = f"SELECT {_HALVES} FROM {{s}}.follower WHERE owner_id = %s AND actor_id = %s"
    return sessions.reader().at(owner_id).row(sql, (owner_id, actor_id))


def holds(row: tuple[Any, ...] | None) -> bool:
    return row is not None and row[0] and row[2] == "granted" and row[3] == row[1]


def waits(row: tuple[Any, ...] | None) -> bool:
    return row is not None and row[0] and row[2] == "pending" and row[3] == row[1]


def counts(person_id: int) -> tuple[int, int]:
    """(followers, following)"""
    sql = "SELECT followers, following FROM {s}.counters WHERE person_id = %s"
    row = sessions.reader().at(person_id).row(sql, (person_id,))
    assert row is not None
    return row[0], row[1]


def in_force(actor_id: int, owner_id: int) -> bool:
    """By both sides, which must agree."""
    here, there = following(actor_id, owner_id), follower(owner_id, actor_id)
    assert holds(here) == holds(there), (here, there)
    return holds(here)


def view(row: tuple[Any, ...] | None) -> str:
    """What a row comes to: granted, pending or denied (which is also: nothing)."""
    return "granted" if holds(row) else "pending" if waits(row) else "denied"


def blocked_by(target_id: int, actor_id: int) -> bool:
    sql = 'SELECT "on" FROM {s}.blocked_by WHERE target_id = %s AND actor_id = %s'
    return bool(sessions.reader().at(target_id).value(sql, (target_id, actor_id)))
