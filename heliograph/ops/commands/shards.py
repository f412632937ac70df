"""`heliograph shards`: where the logical shards are, and whether their tables are up to date."""

from __future__ import annotations

import sys

import click


@click.group()
def command() -> None:
    """Where the logical shards are, and whether their tables are up to date."""


@command.command()
def status() -> None:
    """Each node with its shards, and the steps that are missing. Ends with 1 when there are any."""
    from heliograph.ops.ready import ready

    ready()
    from heliograph.sharding import map, schema

    missing = {name: number for _, name, number in schema.status() if number}
    for node in map.nodes():
        numbers = map.shards_of(node)
        span = f"{numbers[0]} to {numbers[-1]}" if numbers else "none"
        click.echo(f"{node.name}: {len(numbers)} shards ({span})")
    for name, number in sorted(missing.items()):
        click.echo(f"{name}: {number} steps missing")
    if not missing:
        click.echo("Every shard is up to date.")
    sys.exit(1 if missing else 0)


@command.command()
@click.option("--stage", type=click.Choice(["pre", "post", "all"]), default="all", show_default=True)
def migrate(stage: str) -> None:
    """Bring every node and every shard up to date. Safe to interrupt: it goes on where it stopped."""
    from heliograph.ops.ready import ready

    ready()
    from heliograph.sharding import schema

    with click.progressbar(length=1, label="migrating", file=sys.stderr) as bar:

        def progress(what: str, done: int, total: int) -> None:
            bar.length, bar.pos = total, done
            bar.label = what
            bar.update(0)

        steps = schema.migrate_all(progress, stage=stage)
    click.echo(f"{steps} steps applied." if steps else "Everything is up to date.")


@command.command()
@click.argument("name")
@click.option("--conninfo", required=True, help="libpq conninfo of the application role, without a password.")
@click.option("--owner-conninfo", required=True, help="The same of the role that owns the schemas.")
@click.option("--shards", type=click.IntRange(0, 8191), required=True, help="New, empty shards on it.")
def add_node(name: str, conninfo: str, owner_conninfo: str, shards: int) -> None:
    """Enter a new node into the map and make its shards; people are sent there from then on."""
    from heliograph.ops.ready import ready

    ready()
    from heliograph.sharding import map, schema

    schema.check_node(name, conninfo, owner_conninfo)
    node = schema.add_node(name, conninfo, owner_conninfo, shards=shards)
    schema.migrate_all()
    click.echo(f"{name} has {len(map.shards_of(node))} shards.")
