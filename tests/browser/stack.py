"""The real stack on the databases of the tests: web by Granian, a worker, each a process of its own.

They use the servers of the session (tests/harness/servers.py) and its cage. Before a test's end the worker is
stopped: what it left over is then drained and looked at like after every other test.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

from tests.browser.workers import Worker, Workers
from tests.harness.cage import wait_until

_ROOT = Path(__file__).resolve().parents[2]
_STOP_SECONDS = 15


class Stack:
    """The processes, and the address of the site."""

    def __init__(self, **more: str) -> None:
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        # Two browsers at once may need longer than a request has for what a page shows at once: that is no story here.
        patient = {"HELIOGRAPH_INLINE_PROJECTION_MS": "3000"}
        self._variables = {**os.environ, **patient, "HELIOGRAPH_URL": self.url, **more}
        self._processes: dict[str, subprocess.Popen[bytes] | Worker] = {}
        self._workers: Workers | None = None

    def start_web(self) -> None:
        """Start the web process; returns when pages are served."""
        web = ["--interface", "rsgi", "--host", "127.0.0.1", "--port", str(self.port), "--workers", "1"]
        web += ["--no-ws", "--no-access-log", "--log-level", "error"]
        self._run("web", "-m", "granian", *web, "heliograph.config.rsgi:application")
        wait_until(self._answers, "the site answers", seconds=30)

    def start_worker(self) -> None:
        """Start a worker."""
        self._run("worker", "-m", "heliograph.ops.command", "worker")

    def fork_worker(self) -> None:
        """Start a worker that need not import what the one before it has imported."""
        if self._workers is None:
            self._workers = Workers(self._variables)
        self._processes["worker"] = self._workers.start()

    def stop(self) -> None:
        """End whatever still runs."""
        for name in list(self._processes):
            self.stop_one(name)
        if self._workers is not None:
            self._workers.close()
            self._workers = None

    def stop_one(self, name: str) -> None:
        """End one process, softly if it can be."""
        process = self._processes.pop(name)
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _run(self, name: str, *command: str) -> None:
        self._processes[name] = subprocess.Popen(
            [sys.executable, *command], cwd=_ROOT, env=self._variables, start_new_session=True
        )

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/livez", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port
