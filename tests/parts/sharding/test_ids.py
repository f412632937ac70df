"""An id says when and where; its short code says the id; nothing else is taken for one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from heliograph.core.errors import NotFound
from heliograph.sharding import ids, sessions
from heliograph.sharding.sessions import Tx
from tests.harness.people import Somebody
from tests.harness.servers import Network


@pytest.mark.parametrize(
    ("number", "code"), [(315, "E7"), (31000411, "B2Qdb"), (733194846952938437, "os1NQjxtvF"), (0, "A")]
)
def test_a_short_code_is_the_number_in_base_64(number: int, code: str) -> None:
    assert ids.short_code(number) == code
    assert ids.from_short_code(code) == number


@pytest.mark.parametrize(
    "code", ["", "E7=", "E 7", "É7", "AE7", "_" * 11, "A" * 12, "E7\0", "e" * 5000, "../E7"]
)
def test_what_is_no_short_code_is_not_found(code: str) -> None:
    with pytest.raises(NotFound):
        ids.from_short_code(code)


@pytest.mark.parametrize("number", [0, -1, -(2**63), 2**63, 2**64, 10**30])
def test_a_number_that_no_row_can_have_is_not_found(number: int) -> None:
    with pytest.raises(NotFound):
        ids.shard_of(number)


@pytest.mark.parametrize("shard", [0, 9, 8191])
def test_an_id_of_a_shard_that_does_not_exist_is_not_found(network: Network, shard: int) -> None:
    stray = ids.make(ids.EPOCH_MS + 1000, shard, 1)
    with pytest.raises(NotFound):
        sessions.reader().at(stray)
    with pytest.raises(NotFound):
        sessions.write(stray, lambda tx: None)
    assert (
        sessions.reader().gather("SELECT id FROM {s}.person WHERE id = ANY(%(ids)s)", [stray, -5, 2**70])
        == []
    )


def test_postgresql_makes_ids_of_the_shard_and_of_now(network: Network, alice: Somebody) -> None:
    def made(tx: Tx) -> int:
        id: int = tx.value("SELECT public.next_id(%s, '{s}.photo_id_seq')", (tx.shard,))
        return id

    id = sessions.write(alice.id, made)
    assert ids.shard_of(id) == 1
    assert abs(ids.time_of(id) - datetime.now(UTC)) < timedelta(seconds=5)
    assert ids.first_of(ids.time_of(id)) <= id


def test_the_last_id_is_of_2060_and_positive() -> None:
    assert ids.make(ids.EPOCH_MS + (1 << 40) - 1, 8191, 1023) == ids.LARGEST
    assert ids.time_of(ids.LARGEST).year == 2060


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO {s}.person (id, username) VALUES (%(stray)s, 'stray')",
        "INSERT INTO {s}.following (actor_id, owner_id) VALUES (%(stray)s, 1)",
        "INSERT INTO {s}.follower (owner_id, actor_id) VALUES (%(stray)s, 1)",
        'INSERT INTO {s}.liked (actor_id, photo_id, "on", version) VALUES (%(stray)s, 1, true, 1)',
        'INSERT INTO {s}.photo_like (photo_id, actor_id, "on", version) VALUES (%(stray)s, 1, true, 1)',
        'INSERT INTO {s}.block (actor_id, target_id, "on", version) VALUES (%(stray)s, 1, true, 1)',
        "INSERT INTO {s}.photo (id, owner_id, token, width, height) VALUES (%(stray)s, %(here)s, 't', 1, 1)",
        "INSERT INTO {s}.photo (owner_id, token, width, height) VALUES (%(stray)s, 't', 1, 1)",
    ],
)
def test_a_write_to_the_wrong_shard_fails_in_postgresql(alice: Somebody, sql: str) -> None:
    stray = ids.make(ids.EPOCH_MS + 5, 2, 7)
    with pytest.raises(psycopg.errors.CheckViolation):
        sessions.write(alice.id, lambda tx: tx.run(sql, {"stray": stray, "here": alice.id}))


def test_every_sharded_table_refuses_ids_of_other_shards(network: Network) -> None:
    """A table without such a constraint would take a misrouted row without a word. `version_mark` holds no ids."""
    found = (
        sessions.reader()
        .at(ids.make(ids.EPOCH_MS + 5, 1, 0))
        .rows(
            "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname = '{s}' AND c.relkind = 'r' AND c.relname <> 'version_mark'"
            " AND NOT EXISTS (SELECT FROM pg_constraint k"
            " WHERE k.conrelid = c.oid AND k.contype = 'c' AND pg_get_constraintdef(k.oid) LIKE '%%>> 10) & %% = 1%%')"
        )
    )
    assert found == []
