"""Making and changing the tables of nodes and shards.

Sharded tables are numbered SQL beside the part that owns them: `heliograph/<part>/sql/0007_pre_add_filter.sql`
is applied before the new code runs, `0008_post_drop_old_filter.sql` after the old code is gone. `{s}` is the
schema, `{shard}` the number. `sharding/sql/node/` is applied once to every database that has jobs and ids.

What was applied is noted in `public.migration`, in the same transaction, one transaction a shard: a run that
is interrupted goes on where it stopped. All of it under one advisory lock, shared with moves of shards.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from typing import Any

import procrastinate
import psycopg
from django.db import transaction
from django.db.models import Max
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from heliograph.core import environment
from heliograph.core.errors import Conflict, HeliographError, Invalid
from heliograph.sharding import map, models, nodes
from heliograph.sharding.ids import MAX_SHARDS, ShardNumber, schema_of
from heliograph.sharding.map import Node

#: Parts with sharded tables, lower floors first: a table may only name tables of parts before it.
PARTS = ("sharding", "accounts", "graph", "media", "engagement", "activity")
LOCK = 4_242_001  # advisory: migrations and moves of shards exclude each other

_FILE = re.compile(r"(\d{4})_(pre|post)_[a-z0-9_]+\.sql$")
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,59}")
_CONNECT_SECONDS = 5
_NODE = "node"
Progress = Callable[[str, int, int], None]


class NewerSchema(HeliographError):
    """This database was made by a newer version of Heliograph. Install that version, or restore a backup."""

    code = "newer_schema"


@dataclass(frozen=True)
class Step:
    """One numbered file. `part` is `node` for what is applied once to a database."""

    part: str
    name: str
    text: str

    @property
    def stage(self) -> str:
        return self.name.split("_")[1]


def steps(part: str) -> list[Step]:
    """The numbered files of one part (or `node`), in order."""
    folder = resources.files("heliograph") / ("sharding" if part == _NODE else part) / "sql"
    if part == _NODE:
        folder = folder / "node"
    names = sorted(file.name for file in folder.iterdir() if _FILE.match(file.name))
    return [Step(part, name, (folder / name).read_text()) for name in names]


def add_node(name: str, conninfo: str, owner_conninfo: str, *, shards: int) -> Node:
    """Enter a node with new, empty shards into the directory's map. Its tables come with `migrate_all`."""
    with transaction.atomic():
        row = models.Node.objects.select_for_update().filter(name=name).first()
        if row is None:
            number = 1 + int(models.Node.objects.aggregate(most=Max("number"))["most"] or 0)
            row = models.Node.objects.create(
                number=number, name=name, conninfo=conninfo, owner_conninfo=owner_conninfo
            )
            first = 1 + int(models.Shard.objects.aggregate(most=Max("number"))["most"] or 0)
            if first + shards > MAX_SHARDS:
                raise Conflict(f"There can be at most {MAX_SHARDS - 1} shards.")
            models.Shard.objects.bulk_create(models.Shard(number=first + i, node=row) for i in range(shards))
    map.refresh()
    return Node(row.number, row.name, row.conninfo, row.owner_conninfo)


def check_node(name: str, conninfo: str, owner_conninfo: str) -> None:
    """Raise Invalid, saying why, unless a node of this name and these addresses can be entered: what stands in the map
    is asked by everything from then on. A node that is there already may be named again with its own addresses."""
    if not _NAME.fullmatch(name):
        raise Invalid("A node has a name of 1 to 60 small letters, digits, dots, dashes and underscores.")
    there = models.Node.objects.filter(name=name).first()
    if there is not None and (there.conninfo, there.owner_conninfo) != (conninfo, owner_conninfo):
        raise Invalid(f"There is a node called {name} already, at another address ({there.conninfo}).")
    for option, address in (("--conninfo", conninfo), ("--owner-conninfo", owner_conninfo)):
        try:
            if not conninfo_to_dict(address).get("user"):
                raise Invalid(f"{option} has to name the role: user=…")
            psycopg.connect(nodes.with_passfile(address), connect_timeout=_CONNECT_SECONDS).close()
        except psycopg.ProgrammingError as error:
            raise Invalid(f"{option} is no connection string of libpq.", cause=_first_line(error)) from error
        except psycopg.Error as error:
            raise Invalid(f"{option} leads to no database that answers.", cause=_first_line(error)) from error


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0]


def migrate_all(progress: Progress = lambda what, done, total: None, *, stage: str = "all") -> int:
    """Bring the directory's queue, every node and every shard up to date; how many steps were applied."""
    env = environment.get()
    applied = migrate_database(env.owner_conninfo, env.directory, [], progress, stage=stage)
    grant_directory()
    map.refresh()
    for node in map.nodes():
        applied += migrate_database(
            node.owner_conninfo, node.conninfo, map.shards_of(node), progress, stage=stage
        )
    return applied


def migrate_database(
    owner_conninfo: str,
    conninfo: str,
    shards: list[ShardNumber],
    progress: Progress = lambda what, done, total: None,
    *,
    stage: str = "all",
) -> int:
    """Bring one database up to date, as its owner; the application role gets its rights."""
    app_role = conninfo_to_dict(conninfo).get("user", "")
    with _owner(owner_conninfo) as connection:
        applied = _prepare(connection)
        wanted: list[tuple[str, Step, ShardNumber | None]] = [("public", s, None) for s in steps(_NODE)]
        for number in shards:
            wanted += [(schema_of(number), step, number) for part in PARTS for step in steps(part)]
        missing = [
            w for w in wanted if (w[0], w[1].part, w[1].name) not in applied and stage in ("all", w[1].stage)
        ]
        _refuse_newer(applied, wanted)
        by_schema: dict[str, list[tuple[Step, ShardNumber | None]]] = {}
        for schema, step, shard in missing:
            by_schema.setdefault(schema, []).append((step, shard))
        for done, (schema, todo) in enumerate(by_schema.items(), 1):
            _apply(connection, schema, todo, str(app_role))
            progress(schema, done, len(by_schema))
    return len(missing)


@contextmanager
def _owner(conninfo: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(
        nodes.with_passfile(conninfo), autocommit=True, prepare_threshold=None
    ) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
        try:
            yield connection
        finally:
            connection.execute("SELECT pg_advisory_unlock(%s)", (LOCK,))


def _prepare(connection: psycopg.Connection[Any]) -> set[tuple[str, str, str]]:
    connection.execute(
        "CREATE TABLE IF NOT EXISTS public.migration (schema text, part text, name text,"
        " at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (schema, part, name))"
    )
    _install_queue(connection)
    rows = connection.execute("SELECT schema, part, name FROM public.migration").fetchall()
    return {(str(s), str(p), str(n)) for s, p, n in rows}


def _install_queue(connection: psycopg.Connection[Any]) -> None:
    """Procrastinate's own schema, in `public` (its functions need the default search_path), without NOTIFY."""
    if connection.execute("SELECT to_regclass('public.procrastinate_jobs')").fetchone() != (None,):
        return
    text = (resources.files(procrastinate) / "sql" / "schema.sql").read_text()
    with connection.transaction():
        connection.execute(text.encode())
        triggers = connection.execute(
            "SELECT tgname FROM pg_trigger WHERE tgrelid = 'public.procrastinate_jobs'::regclass"
            " AND tgname LIKE '%notify%'"
        ).fetchall()
        # NOTIFY takes a lock that all notifying commits share; workers poll and are woken through Valkey.
        for (name,) in triggers:
            drop = sql.SQL("DROP TRIGGER {} ON public.procrastinate_jobs").format(sql.Identifier(name))
            connection.execute(drop)


def _refuse_newer(
    applied: set[tuple[str, str, str]], wanted: list[tuple[str, Step, ShardNumber | None]]
) -> None:
    known = {(step.part, step.name) for _, step, _ in wanted} | {
        (step.part, step.name) for part in (*PARTS, _NODE) for step in steps(part)
    }
    unknown = sorted({(part, name) for _, part, name in applied} - known)
    if unknown:
        raise NewerSchema(cause=unknown)


def _apply(
    connection: psycopg.Connection[Any],
    schema: str,
    todo: list[tuple[Step, ShardNumber | None]],
    app_role: str,
) -> None:
    # One string and one transaction a shard: 512 shards in about 4 s; one transaction for all of them
    # runs out of locks at 1,024 (measured).
    texts = [f"CREATE SCHEMA IF NOT EXISTS {schema};"]
    for step, shard in todo:
        texts.append(step.text.replace("{s}", schema).replace("{shard}", str(shard)))
        texts.append(
            f"INSERT INTO public.migration (schema, part, name) VALUES ('{schema}', '{step.part}', '{step.name}');"
        )
    texts.append(_grants(schema, app_role))
    with connection.transaction():
        connection.execute("\n".join(texts).encode())


def _grants(schema: str, role: str) -> str:
    if not role:
        return ""
    name = '"' + role.replace('"', '""') + '"'
    return (
        f"GRANT USAGE ON SCHEMA {schema} TO {name};"
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {name};"
        f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {name};"
        f"GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA {schema} TO {name};"
    )


def grant_directory() -> None:
    """Give the application role its rights on the directory's tables, which Django's migrations made."""
    env = environment.get()
    with _owner(env.owner_conninfo) as connection:
        connection.execute(_grants("public", str(conninfo_to_dict(env.directory).get("user", ""))).encode())


def status() -> list[tuple[str, str, int]]:
    """For each schema of each node: (node, schema, steps missing). Read as the owner."""
    report: list[tuple[str, str, int]] = []
    total = sum(len(steps(part)) for part in PARTS)
    for node in map.nodes():
        with _owner(node.owner_conninfo) as connection:
            counted = connection.execute(
                "SELECT schema, count(*) FROM public.migration GROUP BY schema"
            ).fetchall()
        found = {str(schema): int(number) for schema, number in counted}
        for shard in map.shards_of(node):
            report.append((node.name, schema_of(shard), total - found.get(schema_of(shard), 0)))
    return report
