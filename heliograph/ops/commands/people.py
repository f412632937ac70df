"""`heliograph people`: what an operator does about somebody."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import click

T = TypeVar("T")


@click.group()
def command() -> None:
    """What an operator does about somebody."""


@command.command()
@click.argument("username")
def suspend(username: str) -> None:
    """Hide somebody and all their photos, and keep them out, until they are restored."""
    _ready()
    from heliograph.flows import suspend as flow

    was = not _each(username, flow.suspend)
    click.echo(f"@{_name(username)} {'was suspended already' if was else 'is suspended'}.")


@command.command()
@click.argument("username")
def restore(username: str) -> None:
    """Let somebody in again; everything of theirs is as before."""
    _ready()
    from heliograph.flows import suspend as flow

    was = not _each(username, flow.restore)
    click.echo(f"@{_name(username)} {'was not suspended' if was else 'is restored'}.")


@command.command()
@click.argument("username")
@click.confirmation_option(
    prompt="Delete this account with all its photos, comments and likes? There is no way back."
)
def delete(username: str) -> None:
    """Delete somebody's account, at once: their photos, likes, comments and follows go within minutes."""
    _ready()
    from heliograph.flows import delete_account as flow

    _each(username, flow.begin)
    click.echo(f"@{_name(username)} is being deleted.")


def _ready() -> None:
    from heliograph.ops.ready import ready

    ready()


def _name(typed: str) -> str:
    return typed.removeprefix("@").lower()


def _each(username: str, deed: Callable[[int], T]) -> T:
    from heliograph.accounts.models import Person
    from heliograph.core.errors import NotFound

    person = Person.objects.filter(username=_name(username)).first()
    if person is None:
        raise NotFound(f"There is nobody called @{_name(username)}.")
    return deed(person.pk)
