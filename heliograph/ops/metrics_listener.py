"""/metrics in Prometheus' text format, on a listener of its own, so that it is never public by accident.

It adds up the files in which each process keeps its numbers (core/metrics.py). What a process that is gone
counted still counts; what it measured (gauges) does not.
"""

from __future__ import annotations

import os
import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry
    from prometheus_client.metrics_core import Metric

_LIVE = re.compile(r"gauge_live\w*_(\d+)\.db$")


def collect(folder: Path) -> bytes:
    """All numbers of all processes, as text."""
    from prometheus_client import generate_latest

    return generate_latest(_registry(folder))


def families(folder: Path) -> list[Metric]:
    """The same, as objects."""
    return list(_registry(folder).collect())


def _registry(folder: Path) -> CollectorRegistry:
    from prometheus_client import CollectorRegistry
    from prometheus_client.multiprocess import MultiProcessCollector

    _forget_gauges_of_the_dead(folder)
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=str(folder))  # type: ignore[no-untyped-call]
    return registry


def _forget_gauges_of_the_dead(folder: Path) -> None:
    for file in folder.glob("gauge_live*.db"):
        found = _LIVE.search(file.name)
        if found and not _alive(int(found[1])):
            file.unlink(missing_ok=True)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


class _Handler(BaseHTTPRequestHandler):
    folder: Path

    def do_GET(self) -> None:
        if self.path.partition("?")[0] != "/metrics":
            self.send_error(404)
            return
        body = collect(self.folder)
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """A scrape every few seconds is not news."""


def listener(host: str, port: int, folder: Path) -> TCPServer:
    """The listener, bound; the caller runs `serve_forever`."""
    handler = type("Handler", (_Handler,), {"folder": folder})
    ThreadingHTTPServer.daemon_threads = True
    return ThreadingHTTPServer((host, port), handler)
