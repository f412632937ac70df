"""`heliograph metrics`: the listener of /metrics, and the history of the numbers for /ops."""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path

import click


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
def command(host: str) -> None:
    """Serve /metrics on HELIOGRAPH_METRICS_PORT, for Prometheus; keep two days of numbers for the page /ops."""
    from heliograph.core import environment
    from heliograph.ops import sampler
    from heliograph.ops.metrics_listener import listener

    env = environment.get()
    if not env.metrics_dir:
        raise click.UsageError(
            "HELIOGRAPH_METRICS_DIR is not set: processes keep their numbers to themselves."
        )
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    folder = Path(env.metrics_dir)
    watching = threading.Thread(target=sampler.watch, args=(folder, threading.Event()), daemon=True)
    try:
        listening = listener(host, env.metrics_port, folder)
    except (OSError, UnicodeError) as error:
        raise click.UsageError(f"Nothing can listen on {host}, port {env.metrics_port}: {error}") from error
    with listening as served:
        watching.start()
        served.serve_forever()
