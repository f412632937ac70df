"""`heliograph metrics`: the listener of /metrics."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import click


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
def command(host: str) -> None:
    """Serve /metrics on HELIOGRAPH_METRICS_PORT, for Prometheus."""
    from heliograph.core import environment
    from heliograph.ops.metrics_listener import listener

    env = environment.get()
    if not env.metrics_dir:
        raise click.UsageError(
            "HELIOGRAPH_METRICS_DIR is not set: processes keep their numbers to themselves."
        )
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    with listener(host, env.metrics_port, Path(env.metrics_dir)) as served:
        served.serve_forever()
