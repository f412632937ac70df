"""`heliograph reports`: what people have told the operator."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:  # models can be imported when Django is ready
    from heliograph.accounts.models import Report


@click.group(invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """What people have reported and nobody has closed. Alone: the list."""
    if context.invoked_subcommand is None:
        context.invoke(show)


@command.command()
@click.option("--most", default=50, show_default=True, help="At most so many, the oldest first.")
def show(most: int) -> None:
    """Open reports, the oldest first."""
    _ready()
    from heliograph.accounts import reports

    found = reports.unread(most)
    for report in found:
        click.echo(_told(report))
    click.echo(f"{len(found)} open reports." if found else "Nobody has reported anything.")


@command.command()
@click.argument("numbers", type=int, nargs=-1, required=True)
def close(numbers: tuple[int, ...]) -> None:
    """Close reports by their numbers: somebody has looked. To act, see `heliograph people`."""
    _ready()
    from heliograph.accounts import reports

    for number in numbers:
        reports.close(number)
        click.echo(f"Report {number} is closed.")


def _ready() -> None:
    from heliograph.ops.ready import ready

    ready()


def _told(report: Report) -> str:
    from heliograph.accounts.models import Person
    from heliograph.core import environment
    from heliograph.sharding.ids import short_code

    owner = Person.objects.filter(id=report.owner_id).values_list("username", flat=True).first() or "nobody"
    place = f"/p/{short_code(report.photo_id)}" if report.photo_id else f"/@{owner}"
    if report.kind == "comment":
        place += f"#comment-{report.thing_id}"
    lines = [
        f"{report.pk}  {report.created_at:%Y-%m-%d %H:%M}  {report.kind} of @{owner}: {report.reason}",
        f"    {environment.get().url}{place}",
        f"    told by @{report.reporter.username}: {_line(report.words) or '(no words)'}",
    ]
    return "\n".join([*lines, f"    there stood: {_line(report.seen)}"] if report.seen else lines)


def _line(text: str) -> str:
    """Words of people on one line, with nothing in them that a terminal would obey."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
