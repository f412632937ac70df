"""A request's own attempt at the directory's copy keeps its time limit: a slow directory costs nobody their answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.db import connection

from heliograph.accounts import home
from heliograph.accounts.models import Person
from heliograph.embedded.pg_making import APP
from heliograph.flows import edit_profile
from heliograph.sharding import hurry, sessions
from tests.harness.jobs import Runner
from tests.harness.people import Somebody
from tests.harness.servers import DATABASE, Network

RunJobs = Callable[..., Any]


@contextmanager
def the_directory_is_slow(network: Network, person: Somebody) -> Iterator[None]:
    """Somebody else works on this person's row there, and does not come to an end."""
    with psycopg.connect(network.directory.conninfo(DATABASE, APP)) as other:
        # Who waits for it all the same is let go, and then found out.
        other.execute("SET idle_in_transaction_session_timeout = '3s'")
        other.execute("SELECT 1 FROM person WHERE id = %s FOR UPDATE", (person.id,))
        yield
        other.execute("SELECT 1")


def test_a_name_is_changed_at_home_and_the_rest_waits(
    network: Network, alice: Somebody, runner: Runner, run_jobs: RunJobs, mirrors_at_once: None
) -> None:
    with the_directory_is_slow(network, alice):
        edit_profile.edit(alice.id, full_name="Alice B.")
        assert home.load(sessions.reader(), [alice.id])[alice.id].full_name == "Alice B."
        assert Person.objects.get(id=alice.id).full_name == "Alice"
        assert "outbox:face" in runner.waiting()
    run_jobs()
    assert Person.objects.get(id=alice.id).full_name == "Alice B."


def test_without_a_hurry_it_takes_its_time(network: Network) -> None:
    def limits(tx: sessions.DirectoryTx) -> Any:
        return tx.row("SELECT current_setting('lock_timeout'), current_setting('statement_timeout')")

    with hurry.on(100):
        within = sessions.directory(limits)
    assert within != ("0", "5s")
    assert sessions.directory(limits) == ("0", "5s")


def test_a_pool_without_a_connection_is_not_waited_for(network: Network) -> None:
    """All are in use: three seconds of patience are for requests that cannot do without."""
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined] # threads of other tests may have ended with connections
    pool = connection.pool  # type: ignore[attr-defined]
    pool.open()
    pool.wait(30)
    taken: list[Any] = []
    patience: list[float] = []
    getconn = pool.getconn

    def noted(timeout: float | None = None) -> Any:
        patience.append(pool.timeout if timeout is None else timeout)
        return getconn(timeout=timeout)

    try:
        taken += [getconn(timeout=30) for _ in range(pool.max_size)]
        pool.getconn = noted
        with hurry.on(100), pytest.raises(sessions.DirectoryAway):
            sessions.directory(lambda tx: tx.row("SELECT 1"))
        assert max(patience) <= 0.1
    finally:
        pool.__dict__.pop("getconn", None)
        for each in taken:
            pool.putconn(each)
    assert sessions.directory(lambda tx: tx.row("SELECT 1")) == (1,)
