"""`heliograph jobs`: what waits, what failed, and trying it again."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

import click


@click.group(invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """What waits, what failed, and trying it again. Alone: a table of every queue."""
    if context.invoked_subcommand is None:
        context.invoke(show)


@command.command()
def show() -> None:
    """How many jobs there are, by database, lane and state; and how long the oldest has been due."""
    from heliograph.sharding import queue_care

    for name, connection in _databases():
        counts = queue_care.counts(connection)
        told = ", ".join(f"{number} {lane} {state}" for (lane, state), number in sorted(counts.items()))
        rows = queue_care.waiting_rows(connection)
        late = queue_care.oldest_seconds(connection)
        lateness = f"; the oldest has been due for {late:.0f} s" if late > 1 else ""
        click.echo(f"{name}: {told or 'no jobs'}; {rows} rows to mirror{lateness}")


@command.command()
@click.option(
    "--most",
    type=click.IntRange(1, 10_000),
    default=50,
    show_default=True,
    help="At most so many from each database.",
)
def failed(most: int) -> None:
    """Jobs that were given up: the log of the worker says why. Ends with 1 when there are any."""
    from heliograph.sharding import queue_care

    any_at_all = False
    for name, connection in _databases():
        for job in queue_care.listed(connection, ["failed", "aborted", "cancelled"], most):
            any_at_all = True
            at = f"{job.last_event_at:%Y-%m-%d %H:%M:%S}" if job.last_event_at else "-"
            click.echo(
                f"{name}:{job.id}  {job.task}  {job.args}  {job.status}, {job.attempts} attempts, {at}"
            )
    if not any_at_all:
        click.echo("No job has failed.")
    raise SystemExit(1 if any_at_all else 0)


@command.command()
@click.argument("names", nargs=-1, metavar="[DATABASE:ID]...")
@click.option("--all", "everything", is_flag=True, help="Every job that failed.")
def retry(names: tuple[str, ...], everything: bool) -> None:
    """Put failed jobs back into their lanes."""
    from heliograph.sharding import queue_care

    wanted = _wanted(names, everything)
    done = 0
    for name, connection in _databases(wanted):
        done += len(queue_care.retry(connection, wanted.get(name)))
    click.echo(f"{done} jobs wait again.")


@command.command()
@click.argument("names", nargs=-1, required=True, metavar="DATABASE:ID...")
def forget(names: tuple[str, ...]) -> None:
    """Delete failed jobs for good: their work is never done."""
    from heliograph.sharding import queue_care

    wanted = _wanted(names, False)
    done = 0
    for name, connection in _databases(wanted):
        done += len(queue_care.forget(connection, wanted[name]))
    click.echo(f"{done} jobs are forgotten.")


def _wanted(names: tuple[str, ...], everything: bool) -> dict[str, list[int]]:
    if bool(names) == everything:
        raise click.UsageError("Name jobs as `heliograph jobs failed` shows them, or say --all.")
    wanted: dict[str, list[int]] = {}
    for name in names:
        database, _, number = name.rpartition(":")
        if not database or not (number.isascii() and number.isdigit() and len(number) < 19):
            raise click.BadParameter(f"{name!r} is not DATABASE:ID")
        wanted.setdefault(database, []).append(int(number))
    return wanted


def _databases(wanted: Collection[str] = ()) -> Iterator[tuple[str, Any]]:
    """The name of each database (or each of `wanted`), and a connection to it; those that are away are told."""
    from heliograph.ops.ready import ready

    ready()
    from heliograph.core import environment
    from heliograph.sharding import map

    there = {"directory": environment.get().directory} | {node.name: node.conninfo for node in map.nodes()}
    for name in wanted:
        if name not in there:
            raise click.BadParameter(f"there is no database {name!r}; there are {', '.join(there)}")
    for name, conninfo in there.items():
        if wanted and name not in wanted:
            continue
        with _connected(name, conninfo) as connection:
            if connection is not None:
                yield name, connection


@contextmanager
def _connected(name: str, conninfo: str) -> Iterator[Any]:
    import psycopg

    from heliograph.core import environment
    from heliograph.sharding import nodes

    seconds = environment.get().node_connect_seconds
    try:
        connection = psycopg.connect(nodes.with_passfile(conninfo), autocommit=True, connect_timeout=seconds)
    except psycopg.OperationalError as error:
        click.echo(f"{name} is away: {str(error).splitlines()[0]}", err=True)
        yield None
        return
    with connection:
        yield connection
