"""`heliograph up`: the whole network on this machine; the same as bin/up, with the packages already there."""

from __future__ import annotations

import os
import sys

import click


@click.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def command(arguments: tuple[str, ...]) -> None:
    """Run the whole network on this machine (options: `heliograph up --help`)."""
    # By name: the local stack is the floor above, and this door only hands over to it.
    os.execv(sys.executable, [sys.executable, "-m", "heliograph.embedded.up", *arguments])  # noqa: S606
