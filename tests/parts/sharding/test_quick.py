"""The quick way to PostgreSQL: the same answers and the same errors as the ordinary way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest

from heliograph.core import environment
from heliograph.sharding import map, nodes, quick, sessions
from heliograph.sharding.nodes import NodeAway
from tests.harness.people import Somebody


@pytest.fixture(autouse=True)
def knobs_as_before() -> Iterator[None]:
    before = environment.get()
    yield
    environment.use(before)


_ASK = "SELECT $1::bigint + 1, ARRAY(SELECT unnest($2::bigint[]) ORDER BY 1), NULL::text"


def test_values_come_as_postgresql_writes_them(alice: Somebody) -> None:
    assert sessions.reader().at(alice.id).quick(_ASK, (b"41", b"{3,1}")) == (b"42", b"{1,3}", None)


def test_a_statement_is_prepared_once_on_a_connection(alice: Somebody) -> None:
    with nodes.connection(map.node_of_id(alice.id)) as connection:
        for _ in range(3):
            quick.row(connection, _ASK, (b"1", b"{}"))
        made = connection.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement = %s", (_ASK,))
        assert made.fetchone() == (1,)


def test_with_a_pooler_in_between_nothing_is_prepared(alice: Somebody) -> None:
    text = _ASK + " -- through a pooler"
    environment.use(replace(environment.get(), prepare_threshold=0))
    with nodes.connection(map.node_of_id(alice.id)) as connection:
        assert quick.row(connection, text, (b"1", b"{}"))[0] == b"2"
        made = connection.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement = %s", (text,))
        assert made.fetchone() == (0,)


def test_too_many_statements_make_room_for_each_other(
    alice: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quick, "_MOST", 5)
    with nodes.connection(map.node_of_id(alice.id)) as connection:
        for number in range(20):
            assert quick.row(connection, f"SELECT {number}", ()) == (b"%d" % number,)
        assert quick.row(connection, "SELECT 3", ()) == (b"3",)
        assert connection.execute("SELECT count(*) FROM pg_prepared_statements").fetchone() <= (5,)


def test_after_a_transaction_was_rolled_back_it_is_prepared_again(alice: Somebody) -> None:
    with nodes.connection(map.node_of_id(alice.id)) as connection:
        for _ in range(10):  # often enough for psycopg to prepare it, too
            connection.execute("SELECT 1")
        assert quick.row(connection, _ASK, (b"1", b"{}"))[0] == b"2"
        with pytest.raises(ZeroDivisionError), connection.transaction():
            1 / 0  # noqa: B018
        assert quick.row(connection, "SELECT 'another'", ()) == (b"another",)
        assert quick.row(connection, _ASK, (b"2", b"{}"))[0] == b"3"
        assert quick.row(connection, "SELECT 'one more'", ()) == (b"one more",)


def test_an_error_is_psycopgs_and_leaves_the_connection_as_good_as_before(alice: Somebody) -> None:
    reader = sessions.reader().at(alice.id)
    with pytest.raises(psycopg.errors.DivisionByZero):
        reader.quick("SELECT 1 / $1::int", (b"0",))
    with pytest.raises(psycopg.errors.UndefinedTable):
        reader.quick("SELECT 1 FROM {s}.not_there", ())
    with pytest.raises(psycopg.ProgrammingError):
        reader.quick("SELECT generate_series(1, 2)", ())
    assert reader.quick("SELECT 7", ()) == (b"7",)


def test_a_connection_that_died_while_idle_costs_no_error(alice: Somebody) -> None:
    node = map.node_of_id(alice.id)
    reader = sessions.reader().at(alice.id)
    assert reader.quick("SELECT 1", ()) == (b"1",)
    with psycopg.connect(nodes.with_passfile(node.conninfo), autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'heliograph' AND pid <> pg_backend_pid()"
        )
    assert reader.quick("SELECT 1", ()) == (b"1",)


def test_a_server_that_says_nothing_is_away_and_the_wait_has_an_end(alice: Somebody) -> None:
    environment.use(replace(environment.get(), node_timeout_ms=100))
    with pytest.raises(NodeAway):
        sessions.reader().at(alice.id).quick("SELECT pg_sleep($1)::text", (b"5",))
    nodes.trust_all()
    assert sessions.reader().at(alice.id).quick("SELECT 1", ()) == (b"1",)
