"""The `heliograph` command. Each subcommand is a file in ops/commands/, imported when it is used."""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
from pathlib import Path

import click
from django.db.utils import InterfaceError, OperationalError

from heliograph import __version__
from heliograph.core.environment import BadEnvironment
from heliograph.core.errors import HeliographError, Unavailable
from heliograph.ops import commands, local

_RUNS = "Does the network run? bin/up starts it; heliograph doctor says more."


class Commands(click.Group):
    """Finds subcommands by file: `heliograph admin` is `command` in ops/commands/admin.py."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(module.name.replace("_", "-") for module in pkgutil.iter_modules(commands.__path__))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        module = importlib.import_module(f"{commands.__name__}.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        return command


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="heliograph")
@click.option("--data", type=click.Path(path_type=Path), help="Data directory of a network that bin/up runs.")
def heliograph(data: Path | None) -> None:
    """Run and look after a Heliograph network.

    Configured by HELIOGRAPH_* variables. Without them, it speaks to the network that bin/up runs here.
    """
    local.configure(data)


def _data_first(told: list[str]) -> list[str]:
    """`--data` may stand anywhere, as with bin/up."""
    for place, word in enumerate(told):
        if word == "--":
            break
        if word == "--data" or word.startswith("--data="):
            width = 1 if "=" in word else 2
            return [*told[place : place + width], *told[:place], *told[place + width :]]
    return told


def main() -> None:
    """The entry point: mistakes people can mend are one sentence and exit code 2, never a traceback."""
    told = _data_first(sys.argv[1:])
    named = 2 if told[:1] == ["--data"] else 1 if told and told[0].startswith("--data=") else 0
    for word in told[named:]:  # a folder may have any name
        if not word.isascii() and word.encode(errors="ignore").decode() != word:
            click.echo(f"{word!a} is not written in this system's encoding.", err=True)
            sys.exit(2)
    try:
        heliograph(told, prog_name="heliograph")
    except BadEnvironment as error:
        if "HELIOGRAPH_DIRECTORY" not in os.environ:
            click.echo(
                "No network was found that bin/up has started here. If its data is elsewhere, say where:"
                " heliograph --data FOLDER …",
                err=True,
            )
        click.echo(f"The configuration cannot be used:\n{error}", err=True)
        sys.exit(2)
    except HeliographError as error:
        click.echo(f"{error.sentence}" + (f" ({error.cause})" if error.cause else ""), err=True)
        if isinstance(error, Unavailable):
            click.echo(_RUNS, err=True)
        sys.exit(2)
    except (OperationalError, InterfaceError) as error:
        click.echo("The directory does not answer: " + str(error).strip().split("\n")[0], err=True)
        click.echo(_RUNS, err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
