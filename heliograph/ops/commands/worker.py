"""`heliograph worker`: do the jobs of all databases."""

from __future__ import annotations

import click


@click.command()
@click.option("--threads", type=click.IntRange(4), help="Jobs at once; else HELIOGRAPH_WORKER_THREADS.")
def command(threads: int | None) -> None:
    """Do jobs and mirror rows, of the directory and of every node, until told to stop.

    Ends softly at SIGTERM or Ctrl-C; what is still running after 6 seconds is given back, for the next worker.
    """
    from dataclasses import replace

    from heliograph.core import environment
    from heliograph.ops.ready import ready

    ready()
    import heliograph.flows.catalogue  # noqa: F401 - makes every task and mirror known
    from heliograph.sharding import worker

    if threads is not None:
        environment.use(replace(environment.get(), worker_threads=threads))
    worker.run()
