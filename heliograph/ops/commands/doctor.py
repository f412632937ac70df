"""`heliograph doctor`: what is wrong, and what to do about it."""

from __future__ import annotations

import sys

import click


@click.command()
def command() -> None:
    """Look at everything the network stands on; say what to do about what is wrong.

    Exit code 0: all well (things to look at may be named). 1: something is bad. 2: the configuration cannot be
    used.
    """
    from heliograph.ops.ready import ready

    ready()
    from heliograph.ops.doctor import Level, look

    bad = 0
    colours = {Level.GOOD: "green", Level.ODD: "yellow", Level.BAD: "red"}
    for finding in look():
        mark = click.style(f"{finding.level.value:>5}", fg=colours[finding.level])
        click.echo(f"{mark}  {finding.what}: {finding.told}")
        if finding.advice:
            click.echo(f"       -> {finding.advice}")
        bad += finding.level is Level.BAD
    sys.exit(1 if bad else 0)
