"""`heliograph migrate`: bring the directory, every node and every shard up to date."""

from __future__ import annotations

import click


@click.command()
@click.option("--stage", type=click.Choice(["pre", "post", "all"]), default="all", show_default=True)
def command(stage: str) -> None:
    """Bring the directory, every node and every shard up to date.

    Safe to repeat, and to interrupt: it goes on where it stopped. With servers running, apply `--stage pre` before
    the new release starts and `--stage post` when the old one is gone.
    """
    from heliograph.ops.ready import ready

    ready()
    from heliograph.ops import migration

    if stage != "post":
        migration.directory()
    steps = migration.shards(_progress, stage=stage)
    click.echo(f"{steps} steps applied." if steps else "Everything is up to date.")


def _progress(what: str, done: int, total: int) -> None:
    click.echo(f"{what} ({done} of {total})")
