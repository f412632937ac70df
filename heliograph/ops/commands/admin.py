"""`heliograph admin`: who runs the network."""

from __future__ import annotations

import click


@click.group()
def command() -> None:
    """Who runs the network."""


@command.command()
def link() -> None:
    """Print a one-time link that makes whoever opens it (signed in, within 24 hours) the first administrator.

    Older links end. Refused once there is an administrator.
    """
    from heliograph.ops.ready import ready

    ready()
    from heliograph.flows import administrators

    click.echo(administrators.make_link())
