"""A PostgreSQL server of our own: made whole or not at all, private, never of another major."""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from heliograph.embedded import children, pg_binaries, places
from heliograph.embedded.pg_making import APP, OWNER, SUPERUSER
from heliograph.embedded.postgres import Postgres
from heliograph.embedded.refusal import CannotStart


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    path = places.temporary("hg-pg-")
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Postgres]:
    kept = {"synchronous_commit": "on"}  # written to the kernel at least: a killed process loses nothing
    server = Postgres(folder / "data", run_dir=folder / "run", port=0, settings=kept, durable=False)
    server.init()
    server.start()
    server.create_database("town")
    yield server
    server.stop()


def test_owner_and_app_get_in_with_the_password_file(server: Postgres) -> None:
    for role in (OWNER, APP):
        with psycopg.connect(server.conninfo("town", role)) as connection:
            assert connection.execute("SELECT current_user").fetchone() == (role,)


def test_nobody_gets_in_without_the_password(server: Postgres, folder: Path) -> None:
    (folder / "wrong").write_text(f"*:*:*:{APP}:guess\n")
    (folder / "wrong").chmod(0o600)
    info = server.conninfo("town", APP, passfile=False)
    for guess in (info, f"{info} passfile={folder}/wrong", f"{info} host=127.0.0.1 passfile={folder}/wrong"):
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(guess)


def test_the_app_may_not_change_tables_and_the_owner_is_not_a_superuser(server: Postgres) -> None:
    with psycopg.connect(server.conninfo("town", APP)) as connection, pytest.raises(psycopg.Error):
        connection.execute("CREATE TABLE public.mine (id int)")
    assert server.sql(f"SELECT rolsuper FROM pg_roles WHERE rolname = '{OWNER}'") == [(False,)]
    with pytest.raises(psycopg.OperationalError, match="CONNECT"):
        server.sql("CREATE DATABASE elsewhere")
        server.sql("REVOKE CONNECT ON DATABASE elsewhere FROM PUBLIC")
        psycopg.connect(server.conninfo("elsewhere", APP))


def test_passwords_lie_in_files_for_one_user_and_on_no_command_line(server: Postgres) -> None:
    for name in ("heliograph.pgpass", "superuser.pgpass"):
        assert stat.S_IMODE((server.data_dir / name).stat().st_mode) == 0o600
    words = [line.rsplit(":", 1)[1] for line in server.passfile.read_text().splitlines()]
    assert server.process is not None
    command = Path(f"/proc/{server.process.pid}/cmdline").read_text()
    assert not any(word in command or word in server.conninfo("town") for word in words)


def test_it_has_from_its_first_day_what_cannot_be_changed_later(server: Postgres) -> None:
    wanted = {"wal_level": "logical", "max_locks_per_transaction": "1024", "data_checksums": "on"}
    for name, value in wanted.items():
        assert server.sql(f"SHOW {name}") == [(value,)]
    assert server.sql("SELECT datlocprovider, datlocale FROM pg_database WHERE datname = 'town'") == [
        ("b", "C.UTF-8")
    ]


def test_it_never_runs_as_root(server: Postgres) -> None:
    assert server.process is not None
    assert Path(f"/proc/{server.process.pid}").stat().st_uid != 0


def test_what_was_committed_is_there_after_kill_9(server: Postgres) -> None:
    server.sql("CREATE TABLE kept (id int)", "town")
    server.sql("INSERT INTO kept VALUES (1)", "town")
    server.kill()
    assert not server.ready()
    server.start()
    assert server.sql("SELECT id FROM kept", "town") == [(1,)]


def test_it_waits_for_what_is_left_of_a_server_that_was_killed(server: Postgres) -> None:
    """While a process of it holds its memory, PostgreSQL refuses to start."""
    with psycopg.connect(server.conninfo()) as connection:
        left = connection.info.backend_pid
        os.kill(left, signal.SIGSTOP)
        end = threading.Timer(0.5, os.kill, (left, signal.SIGKILL))
        try:
            server.kill()
            end.start()
            server.start()
        finally:
            end.join()
    assert server.ready()


def test_a_second_server_finds_the_data_where_the_first_left_it(server: Postgres, folder: Path) -> None:
    server.sql("CREATE TABLE again (id int)", "town")
    server.stop()
    second = Postgres(server.data_dir, run_dir=folder / "run", durable=False)
    second.init()
    second.start()
    assert second.sql("SELECT count(*) FROM again", "town") == [(0,)]
    second.stop()
    server.start()


def test_a_number_that_another_process_has_got_does_not_keep_it_from_starting(server: Postgres) -> None:
    server.kill()
    note = server.data_dir / "postmaster.pid"
    lines = note.read_text().splitlines()
    note.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    assert not server.ready()
    assert not server.running()
    server.start()


def test_a_number_that_another_process_has_got_does_not_keep_it_from_its_socket(server: Postgres) -> None:
    server.kill()
    somebody = children.start(
        ["sleep", "60"], account=server.account
    )  # of the same user: others do not count
    lock = server.run_dir / f".s.PGSQL.{server.port}.lock"
    lines = lock.read_text().splitlines()
    lock.write_text("\n".join([str(somebody.pid), *lines[1:]]) + "\n")
    try:
        server.start()
    finally:
        somebody.kill()
        somebody.wait()


def test_the_socket_of_another_server_is_not_taken(server: Postgres, folder: Path) -> None:
    other = Postgres(folder / "other-server", run_dir=server.run_dir, durable=False)
    other.port = server.port
    other.init()
    with pytest.raises(CannotStart, match="lock file"):
        other.start()
    assert server.ready()


def test_a_data_directory_of_another_major_is_refused(server: Postgres, folder: Path) -> None:
    copy = folder / "other"
    copy.mkdir(mode=0o700)
    (copy / "PG_VERSION").write_text("16\n")
    (copy / "heliograph.json").write_text(json.dumps({"major": 16, "binaries": "/nowhere/bin"}))
    with pytest.raises(CannotStart, match="made by PostgreSQL 16"):
        Postgres(copy, run_dir=folder / "run2").init()
    assert sorted(path.name for path in copy.iterdir()) == ["PG_VERSION", "heliograph.json"]


def test_a_data_directory_that_somebody_else_made_is_refused(folder: Path) -> None:
    theirs = folder / "theirs"
    theirs.mkdir(mode=0o700)
    (theirs / "PG_VERSION").write_text("18\n")
    with pytest.raises(CannotStart, match="did not make"):
        Postgres(theirs, run_dir=folder / "run2").init()


def test_a_folder_with_other_things_in_it_is_refused(folder: Path) -> None:
    full = folder / "full"
    full.mkdir(mode=0o700)
    (full / "letter.txt").write_text("dear")
    with pytest.raises(CannotStart, match="not empty"):
        Postgres(full, run_dir=folder / "run2").init()


def test_the_same_major_from_another_place_is_used_and_remembered(server: Postgres, folder: Path) -> None:
    memory = server.data_dir / "heliograph.json"
    told = json.loads(memory.read_text())
    memory.write_text(json.dumps({**told, "binaries": "/gone/bin"}))
    later = Postgres(server.data_dir, run_dir=folder / "run", durable=False)
    assert later.binaries.major == told["major"]
    later.init()
    assert json.loads(memory.read_text())["binaries"] == str(later.binaries.folder)


def test_a_server_older_than_17_is_never_chosen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for major in (15, 16):
        bin_folder = tmp_path / str(major) / "bin"
        bin_folder.mkdir(parents=True)
        for name in ("initdb", "postgres"):
            (bin_folder / name).write_text(f"#!/bin/sh\necho 'postgres (PostgreSQL) {major}.2'\n")
            (bin_folder / name).chmod(0o755)
    monkeypatch.setattr(pg_binaries, "_SYSTEM_FOLDERS", ((str(tmp_path), "*/bin"),))
    assert pg_binaries.find_pg().major >= 17
    monkeypatch.setattr(pg_binaries, "_wheel", lambda: None)
    with pytest.raises(CannotStart, match="No PostgreSQL 17"):
        pg_binaries.find_pg()


@pytest.mark.skipif(
    os.geteuid() != 0, reason="only root changes users; under bin/test the tests are not root"
)
def test_a_user_without_a_name_can_have_a_database_too(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from heliograph.embedded import account

    monkeypatch.setattr(account, "service", lambda: account.Account(29_471, 29_471))
    place = folder / "nameless"
    os.chown(folder, 29_471, 29_471)
    folder.chmod(0o711)  # as /var/lib/heliograph: others pass through
    try:
        server = Postgres(place / "data", run_dir=place / "run", durable=False)
        server.init()
        server.start()
        assert server.sql("SELECT current_user") == [(SUPERUSER,)]
        assert (place / "data").stat().st_uid == 29_471
        server.stop()
    finally:
        monkeypatch.undo()
        os.chown(folder, account.service().uid, account.service().gid)
        folder.chmod(0o700)
