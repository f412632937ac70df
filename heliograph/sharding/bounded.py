"""Connections that do not wait for ever: an answer that does not come is an error, and the connection is closed.

A server's own time limits (statement_timeout) need a server that runs. One that was stopped, or is behind a network
that swallows everything, would otherwise hold a thread until somebody ends the process.
"""

from __future__ import annotations

from typing import Any, TypeVar

import psycopg
from psycopg import errors
from psycopg.abc import PQGen

from heliograph.core import environment
from heliograph.sharding import hurry

#: Beyond the server's own limit: who is only slow says so itself, and keeps the connection.
SLACK_SECONDS = 1.0
_HURRIED_SLACK_SECONDS = 0.1

RV = TypeVar("RV")


#: Settings of a session; %d: milliseconds. Who holds locks and says nothing (a process that was stopped, a machine that
#: is gone) is put out after two statements' time: others wait for those locks.
_LIMITS = b"SET statement_timeout = %d; SET idle_in_transaction_session_timeout = %d"
#: For a transaction that waits for others in between: a batch of rows to be mirrored.
PATIENT = b"SET LOCAL idle_in_transaction_session_timeout = '2min'"


class Silent(psycopg.OperationalError):
    """The server took what it was asked and said nothing, not even that time is up."""


class Bounded(psycopg.Connection[Any]):
    """A connection whose every wait has an end. `quick`: names of what quick.py has prepared on it, by statement."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.quick: dict[str, bytes] = {}

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        """Wait for an answer; Silent, and the connection closed, when there is none in time."""
        limit = _limit_seconds() if timeout is None else timeout
        try:
            return super().wait(gen, interval, limit)
        except errors._WaitTimeout as error:
            if timeout is not None:  # psycopg's own, of something shorter
                raise
            # Whatever is on its way belongs to a question that nobody asks any more.
            self.close()
            raise Silent(f"no answer in {limit:.1f} s") from error


class BoundedAsync(psycopg.AsyncConnection[Any]):
    """The same for the worker's event loop, where nobody is in a hurry."""

    patience = 1.0  # times as long as usual, while work is asked for that takes long

    async def wait(  # psycopg's own names
        self,
        gen: PQGen[RV],
        interval: float = 0.1,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> RV:
        """Wait for an answer; Silent, and the connection closed, when there is none in time."""
        limit = self.patience * _usual_seconds() if timeout is None else timeout
        try:
            return await super().wait(gen, interval, limit)
        except errors._WaitTimeout as error:
            if timeout is not None:
                raise
            await self.close()
            raise Silent(f"no answer in {limit:.1f} s") from error


def limit(connection: psycopg.Connection[Any]) -> None:
    """Have the server end, too, what takes too long on this connection."""
    timeout = environment.get().node_timeout_ms
    connection.execute(_LIMITS % (timeout, 2 * timeout))


def _limit_seconds() -> float:
    left = hurry.seconds()
    if left is not None:
        return left + _HURRIED_SLACK_SECONDS
    return _usual_seconds()


def _usual_seconds() -> float:
    return environment.get().node_timeout_ms / 1000 + SLACK_SECONDS
