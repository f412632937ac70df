"""Where the shards are: two small tables of the directory."""

from __future__ import annotations

from django.db import models


class Node(models.Model):
    """A database that holds shards. The conninfo has no password: HELIOGRAPH_PGPASSFILE has it."""

    number = models.PositiveSmallIntegerField(primary_key=True)
    name = models.CharField(max_length=60, unique=True)
    conninfo = models.TextField(help_text="libpq conninfo of the application role")
    owner_conninfo = models.TextField(help_text="libpq conninfo of the role that owns the schemas")

    class Meta:
        db_table = "node"

    def __str__(self) -> str:
        return self.name


class Shard(models.Model):
    """One logical shard: which node it is on, and how many new people it takes (weight 0: none)."""

    number = models.PositiveSmallIntegerField(primary_key=True)
    node = models.ForeignKey(Node, on_delete=models.PROTECT)
    weight = models.PositiveSmallIntegerField(default=1)

    class Meta:
        db_table = "shard"

    def __str__(self) -> str:
        return f"shard {self.number}"
