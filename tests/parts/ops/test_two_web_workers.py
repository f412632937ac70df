"""Two worker processes of one web server: what a fork may have left them in common is nothing but the door."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.faults.stack import CLONE, children, socket_inodes, until
from tests.harness.servers import Network


@dataclass(frozen=True)
class Server:
    main: int
    numbers: Path  # the folder of metric files
    workers: dict[int, dict[str, Any]]  # what each has told, by pid


@pytest.fixture
def server(network: Network, tmp_path: Path) -> Iterator[Server]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(port), "--workers", "2"]
    command += ["--blocking-threads", "2", "--no-ws", "--no-access-log", "--log-level", "error"]
    variables = {**os.environ, **network.variables(), "HELIOGRAPH_METRICS_DIR": str(tmp_path)}
    process = subprocess.Popen([*command, "tests.parts.ops.telling:application"], cwd=CLONE, env=variables)
    workers: dict[int, dict[str, Any]] = {}

    def both_have_told() -> bool:
        assert process.poll() is None, "the web server has ended"
        answer = told(port)
        workers.setdefault(answer.get("pid", 0), answer)
        workers.pop(0, None)
        return len(workers) == 2

    try:
        until(both_have_told, "each worker has answered once", seconds=60)
        yield Server(process.pid, tmp_path, workers)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def told(port: int) -> dict[str, Any]:
    """What the worker says that takes this connection; nothing while it is not there yet."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("GET", "/told", headers={"Connection": "close"})
        answer: dict[str, Any] = json.loads(connection.getresponse().read())
        return answer
    except OSError:
        return {}
    finally:
        connection.close()


def metric_files(server: Server, pid: int) -> set[str]:
    return {path.name for path in server.numbers.glob("*.db") if re.search(rf"_{pid}\.db$", path.name)}


def test_they_share_no_connection_no_number_and_no_luck(server: Server) -> None:
    one, two = server.workers
    first, second = (server.workers[pid] for pid in (one, two))
    assert set(children(server.main)) >= {one, two}
    assert first["shards"] == second["shards"] == 8, "each has asked both nodes"

    # Granian's main process opens the address, and each worker listens at it by itself. Nothing else comes from it.
    ones, twos, door = (socket_inodes(pid) for pid in (one, two, server.main))
    assert len(door) == 1
    assert ones & twos == door
    assert len(ones - door) > 4, "two nodes, the directory, Valkey, and where it listens"
    assert len(twos - door) > 4

    assert metric_files(server, one)
    assert metric_files(server, two)
    assert not metric_files(server, server.main)

    # Every generator that anybody holds in these processes, the standard library's own among them.
    assert first["generators"]
    assert not set(first["generators"]) & set(second["generators"])
    assert not set(first["random"]) & set(second["random"])
    assert first["secret"] != second["secret"]
