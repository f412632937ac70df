"""Bringing tables up to date: the directory's (Django) and those of nodes and shards (numbered SQL)."""

from __future__ import annotations

from heliograph.ops import rights
from heliograph.sharding import schema
from heliograph.sharding.schema import Progress


def directory() -> None:
    """The directory's tables, as its owner; the application role gets its rights. Safe to repeat."""
    from django.core.management import call_command
    from django.db import connections
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connections["owner"])
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", database="owner", interactive=False, verbosity=0)
    rights.grant()
    connections["owner"].close()


def shards(progress: Progress, *, stage: str = "all") -> int:
    """Nodes and shards, and the directory's queue; how many steps were applied."""
    return schema.migrate_all(progress, stage=stage)
