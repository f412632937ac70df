"""`heliograph audit`: compare mirrors with truths, counters with rows, photos with files."""

from __future__ import annotations

import sys

import click


@click.command()
@click.option("--repair", is_flag=True, help="Mend what can be mended, then look again.")
@click.option("--files/--no-files", default=True, help="Whether to look for the pictures of every photo.")
@click.option(
    "--shard", "shards", type=int, multiple=True, help="Only this shard; may be given several times."
)
def command(repair: bool, files: bool, shards: tuple[int, ...]) -> None:
    """Compare every projection with its truth, every counter with its rows, every photo with its files.

    What is still on its way is not counted. Ends with 1 when something differs.

    \b
    heliograph audit                 look at everything
    heliograph audit --shard 3       at one shard
    heliograph audit --repair        and put right what can be
    """
    from heliograph.ops.ready import ready

    ready()
    from heliograph.flows import catalogue
    from heliograph.ops import audit

    assert catalogue  # noqa: S101 - imported for the mirrors it registers
    with click.progressbar(length=1, label="comparing", file=sys.stderr) as bar:

        def progress(what: str, done: int, total: int) -> None:
            bar.length = total
            bar.update(done - bar.pos)

        found = audit.compare(shards or None, files=files, progress=progress)
    for difference in found:
        click.echo(str(difference))
    if repair and found:
        with click.progressbar(length=len(found), label="mending", file=sys.stderr) as bar:
            mended = audit.repair(found, lambda what, done, total: bar.update(1))
        click.echo(f"{mended} of {len(found)} differences are being mended; look again in a moment.")
    elif not found:
        click.echo("Everything agrees.")
    sys.exit(1 if found else 0)
