"""The servers of a test session: a directory and two nodes, three PostgreSQL servers with passwords of their
own, four shards on each node, and a Valkey. In a folder of this session, on private sockets: several sessions
may run side by side.

Nothing starts before the first test that asks for it; only the addresses are fixed at import, since Django
reads its settings once.
"""

from __future__ import annotations

import atexit
import os
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg

from heliograph.core import environment, valkey
from heliograph.embedded import places
from heliograph.embedded.pg_making import APP, OWNER, SUPERUSER
from heliograph.embedded.postgres import Postgres
from heliograph.embedded.valkey import Valkey

SHARDS_PER_NODE = 4
DATABASE = "heliograph"

#: A test that waits for a lock has a bug: it hears of it soon.
_QUICK = {
    "deadlock_timeout": "50ms",
    "log_min_duration_statement": "-1",
    "shared_buffers": "32MB",
    "max_locks_per_transaction": "256",
    "autovacuum": "off",
}
#: Tables that a clean slate keeps: what was migrated, and the map of shards.
_KEPT = ("migration", "django_migrations", "django_content_type", "auth_permission", "node", "shard")


class Network:
    """Three PostgreSQL servers and a Valkey. `start` is called once, at the first test that needs them."""

    def __init__(self) -> None:
        self.folder = places.temporary("hg-")
        self.directory = self._postgres("directory")
        self.nodes = {1: self._postgres("node1"), 2: self._postgres("node2")}
        self.valkey = Valkey(self.folder / "valkey", run_dir=self.folder, durable=False)
        self.started = False
        self.start_seconds = 0.0
        self._wipers: dict[str, psycopg.Connection[Any]] = {}
        self._wiping: dict[str, bytes] = {}
        self._pid = os.getpid()
        atexit.register(self.stop)

    def _postgres(self, name: str) -> Postgres:
        folder = self.folder / name
        return Postgres(folder / "data", run_dir=folder, settings=_QUICK, durable=False)

    @property
    def servers(self) -> dict[str, Postgres]:
        return {"directory": self.directory, "node1": self.nodes[1], "node2": self.nodes[2]}

    def variables(self) -> dict[str, str]:
        """HELIOGRAPH_* for this process, and for those that tests start."""
        return {
            "HELIOGRAPH_URL": "http://testserver",
            "HELIOGRAPH_SECRET_KEY": "only for tests, and long enough to be taken for a key",
            "HELIOGRAPH_DIRECTORY": self.directory.conninfo(DATABASE, APP),
            "HELIOGRAPH_DIRECTORY_OWNER": self.directory.conninfo(DATABASE, OWNER),
            "HELIOGRAPH_VALKEY": self.valkey.url,
            "HELIOGRAPH_VALKEY_PASSWORD": self.valkey.password,
            # A busy machine is not a Valkey that hangs; tests of one that does have a limit of their own.
            "HELIOGRAPH_VALKEY_TIMEOUT_MS": "5000",
            "HELIOGRAPH_MEDIA": str(self.folder / "media"),
            "HELIOGRAPH_INCOMING": str(self.folder / "incoming"),
        }

    def start(self) -> None:
        """Make and start everything, and bring it up to date. Made at once, started one by one: the kernel ties
        a server to the thread that started it."""
        if self.started:
            return
        begun = time.monotonic()
        self.started = True
        with ThreadPoolExecutor(3) as pool:
            list(pool.map(Postgres.init, self.servers.values()))
        self.valkey.start()
        for server in self.servers.values():
            server.start()
        with ThreadPoolExecutor(3) as pool:
            list(pool.map(lambda server: server.create_database(DATABASE), self.servers.values()))
        self._migrate()
        self.start_seconds = time.monotonic() - begun

    def _migrate(self) -> None:
        from django.core.management import call_command
        from django.db import connections

        from heliograph.ops import rights
        from heliograph.sharding import schema

        shards = [
            list(range(1 + i * SHARDS_PER_NODE, 1 + (i + 1) * SHARDS_PER_NODE))
            for i in range(len(self.nodes))
        ]
        infos = [
            (node.conninfo(DATABASE, OWNER), node.conninfo(DATABASE, APP)) for node in self.nodes.values()
        ]
        with ThreadPoolExecutor(2) as pool:
            making = [
                pool.submit(schema.migrate_database, owner, app, numbers)
                for (owner, app), numbers in zip(infos, shards, strict=True)
            ]
            call_command("migrate", database="owner", interactive=False, verbosity=0)
            connections["owner"].close()
            for each in making:
                each.result()
        rights.grant()
        for number, (owner, app) in enumerate(infos, 1):
            schema.add_node(f"node{number}", app, owner, shards=SHARDS_PER_NODE)
        schema.migrate_all()

    def wipe(self) -> None:
        """A clean slate: no rows, no jobs, no memory. A few milliseconds: tables of tests are small, and
        deleting rows of a small table is cheaper than truncating it."""
        for name, server in self.servers.items():
            try:
                self._wiper(name, server).execute(self._wiping[name])
            except psycopg.OperationalError:  # a test has restarted this server
                self._wipers.pop(name).close()
                self._wiper(name, server).execute(self._wiping[name])
        valkey.call("FLUSHALL")
        for folder in (self.folder / "media", self.folder / "incoming"):
            for inside in folder.iterdir():
                shutil.rmtree(inside) if inside.is_dir() else inside.unlink()

    def _wiper(self, name: str, server: Postgres) -> psycopg.Connection[Any]:
        found = self._wipers.get(name)
        if found is not None and not found.broken:
            return found
        fresh = psycopg.connect(server.conninfo(DATABASE, SUPERUSER), autocommit=True)
        # No triggers, so no foreign keys to mind; and whoever forgot a transaction is found out.
        fresh.execute("SET session_replication_role = replica")
        fresh.execute("SET lock_timeout = '5s'")
        self._wipers[name] = fresh
        tables = fresh.execute(
            "SELECT format('%%I.%%I', schemaname, tablename) FROM pg_tables"
            " WHERE schemaname !~ '^(pg_|information_schema)' AND tablename <> ALL(%s) ORDER BY 1",
            (list(_KEPT),),
        ).fetchall()
        self._wiping[name] = "".join(f"DELETE FROM {table};" for (table,) in tables).encode()
        return fresh

    def restart(self, server: Postgres) -> None:
        """Start a server again that a test stopped; nobody is to remember that it was away."""
        from heliograph.sharding import nodes
        from heliograph.sharding.directory import base as directory

        if server.process is None or server.process.poll() is not None:
            server.start()
        nodes.trust_all()
        directory.trust()

    def stop(self) -> None:
        """End everything and remove the folder. In the process that made it alone, not in a fork of it."""
        if self._pid != os.getpid():
            return
        atexit.unregister(self.stop)
        if self.started:
            close_ours()
            for connection in self._wipers.values():
                connection.close()
            for server in self.servers.values():
                server.stop("immediate")
            self.valkey.stop()
        if not os.environ.get("HELIOGRAPH_TEST_KEEP"):
            shutil.rmtree(self.folder, ignore_errors=True)


def close_ours() -> None:
    """Close every connection of this process."""
    from django.db import connections

    from heliograph.sharding import nodes

    nodes.close_all()
    valkey.forget()
    for connection in connections.all(initialized_only=True):
        connection.close()
        pool = getattr(connection, "close_pool", None)
        if pool is not None and connection.alias == "default":
            pool()


def arrange() -> Network:
    """Fix the addresses, and set Django up with them. Called once, before any test is imported."""
    for name in [name for name in os.environ if name.startswith("HELIOGRAPH_")]:
        if name not in (
            "HELIOGRAPH_TEST_CUTS",
            "HELIOGRAPH_TEST_KEEP",
            "HELIOGRAPH_TEST_KILLS",
            "HELIOGRAPH_TEST_SEED",
            "HELIOGRAPH_TEST_STOPPED_SECONDS",
            "HELIOGRAPH_LOG",
        ):
            del os.environ[name]
    network = Network()
    os.environ.update(network.variables())
    os.environ["DJANGO_SETTINGS_MODULE"] = "heliograph.config.settings"
    environment.use(None)
    for name in ("media", "incoming"):
        Path(network.folder / name).mkdir(mode=0o755)

    import django
    from django.conf import settings
    from django.test.utils import setup_test_environment

    django.setup()
    setup_test_environment(debug=False)
    # A password costs 40 ms by design; those of the cast need not.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *settings.PASSWORD_HASHERS]
    return network
