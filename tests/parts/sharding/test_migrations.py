"""Schemas are made by numbered files; a run that stops goes on where it stopped."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from heliograph.embedded.pg_making import APP, OWNER
from heliograph.sharding import map, schema
from heliograph.sharding.schema import NewerSchema, Step
from tests.harness.servers import Network

SCRATCH = "scratch"


@pytest.fixture
def scratch(network: Network) -> Any:
    """An empty database on node 1: owner's and application's conninfo."""
    server = network.nodes[1]
    server.create_database(SCRATCH)
    yield server.conninfo(SCRATCH, OWNER), server.conninfo(SCRATCH, APP)
    server.sql(f"DROP DATABASE {SCRATCH} WITH (FORCE)")


def tables(conninfo: str) -> set[str]:
    with psycopg.connect(conninfo) as connection:
        rows = connection.execute(
            "SELECT schemaname FROM pg_tables WHERE schemaname LIKE 'shard%'"
        ).fetchall()
    return {row[0] for row in rows}


def test_everything_is_up_to_date_and_a_second_run_does_nothing(network: Network) -> None:
    assert schema.migrate_all() == 0
    report = schema.status()
    assert len(report) == len(map.shards())
    assert {missing for _, _, missing in report} == {0}


def test_a_run_that_stops_goes_on_where_it_stopped(
    scratch: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, app = scratch
    told: list[str] = []

    def stops(what: str, done: int, total: int) -> None:
        told.append(what)
        if what == "shard_0002":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        schema.migrate_database(owner, app, [1, 2, 3], stops)
    assert tables(owner) == {"shard_0001", "shard_0002"}
    again: list[str] = []
    schema.migrate_database(owner, app, [1, 2, 3], lambda what, done, total: again.append(what))
    assert again == ["shard_0003"]
    assert tables(owner) == {"shard_0001", "shard_0002", "shard_0003"}


def test_a_step_that_fails_leaves_its_shard_as_it_was(
    scratch: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, app = scratch
    schema.migrate_database(owner, app, [1])
    bad = Step(
        "accounts", "0099_pre_bad.sql", "CREATE TABLE {s}.half (x int); CREATE TABLE {s}.half (x int);"
    )
    real = schema.steps
    monkeypatch.setattr(
        schema, "steps", lambda part: [*real(part), bad] if part == "accounts" else real(part)
    )
    with pytest.raises(psycopg.errors.DuplicateTable):
        schema.migrate_database(owner, app, [1])
    with psycopg.connect(owner) as connection:
        assert connection.execute("SELECT to_regclass('shard_0001.half')").fetchone() == (None,)


def test_pre_and_post_are_two_times(scratch: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    owner, app = scratch
    late = Step("accounts", "0099_post_late.sql", "CREATE TABLE {s}.late (x int);")
    real = schema.steps
    monkeypatch.setattr(
        schema, "steps", lambda part: [*real(part), late] if part == "accounts" else real(part)
    )
    schema.migrate_database(owner, app, [1], stage="pre")
    with psycopg.connect(owner) as connection:
        assert connection.execute("SELECT to_regclass('shard_0001.late')").fetchone() == (None,)
    after = [step for part in schema.PARTS for step in schema.steps(part) if step.stage == "post"]
    assert schema.migrate_database(owner, app, [1], stage="post") == len(after) > 0


def test_likes_of_older_code_learn_whose_photo_they_are_on(scratch: tuple[str, str]) -> None:
    owner, app = scratch
    schema.migrate_database(owner, app, [1], stage="pre")
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO shard_0001.photo (id, owner_id, token, width, height) VALUES (1025, 1026, 'x', 1, 1)"
        )
        connection.execute(
            'INSERT INTO shard_0001.photo_like (photo_id, actor_id, "on", version) VALUES (1025, 7, true, 1)'
        )
        connection.execute(
            "INSERT INTO shard_0001.comment (photo_id, author_id, text, version) VALUES (1025, 7, 'x', 1)"
        )
        schema.migrate_database(owner, app, [1], stage="post")
        for table in ("photo_like", "comment"):
            found = connection.execute(f"SELECT owner_id FROM shard_0001.{table}").fetchall()
            assert found == [(1026,)], table


def test_a_database_of_newer_code_is_refused(scratch: tuple[str, str]) -> None:
    owner, app = scratch
    schema.migrate_database(owner, app, [1])
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO public.migration VALUES ('shard_0001', 'accounts', '0999_pre_future.sql')"
        )
    with pytest.raises(NewerSchema):
        schema.migrate_database(owner, app, [1])


def test_the_application_may_use_tables_and_not_change_them(scratch: tuple[str, str]) -> None:
    owner, app = scratch
    schema.migrate_database(owner, app, [1])
    with psycopg.connect(app, autocommit=True) as connection:
        connection.execute("SELECT * FROM shard_0001.person")
        for sql in ("DROP TABLE shard_0001.person", "CREATE TABLE shard_0001.x ()", "CREATE SCHEMA x"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(sql.encode())
