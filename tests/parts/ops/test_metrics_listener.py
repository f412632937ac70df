"""/metrics adds up what all processes counted, on a listener of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from heliograph.ops.metrics_listener import listener

_COUNTS = (
    "from heliograph.core import environment, metrics\n"
    "environment.use(environment.load({'HELIOGRAPH_SECRET_KEY': 'x' * 40, 'HELIOGRAPH_DIRECTORY': 'dbname=x',"
    " 'HELIOGRAPH_METRICS_DIR': %r}))\n"
    "metrics.count('likes_total', 2)\n"
    "metrics.gauge('jobs_running', 3)\n"
    "metrics.observe('fan_out_seconds', 0.2, lane='feed')\n"
)


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    for _ in range(2):
        variables = {name: value for name, value in os.environ.items() if not name.startswith("HELIOGRAPH_")}
        subprocess.run([sys.executable, "-c", _COUNTS % str(tmp_path)], check=True, env=variables)
    with listener("127.0.0.1", 0, tmp_path) as served:
        thread = threading.Thread(target=served.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{served.server_address[1]}"
        served.shutdown()
        thread.join()


def test_counters_of_all_processes_are_added_up(url: str) -> None:
    with urllib.request.urlopen(f"{url}/metrics") as answer:
        lines = answer.read().decode().splitlines()
    assert "heliograph_likes_total 4.0" in lines
    assert 'heliograph_fan_out_seconds_count{lane="feed"} 2.0' in lines


def test_the_worst_that_living_processes_measure_is_told(url: str, tmp_path: Path) -> None:
    """Whoever spoke last does not hide the one in trouble."""
    told = []
    try:
        for level in (2, 0):
            says = f"metrics.worst('load_level', {level})\nprint('told', flush=True)\ninput()"
            variables = {
                name: value for name, value in os.environ.items() if not name.startswith("HELIOGRAPH_")
            }
            process = subprocess.Popen(
                [sys.executable, "-c", _COUNTS % str(tmp_path) + says],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=variables,
            )
            told.append(process)
            assert process.stdout is not None and process.stdout.readline() == b"told\n"
        with urllib.request.urlopen(f"{url}/metrics") as answer:
            assert "heliograph_load_level 2.0" in answer.read().decode().splitlines()
    finally:
        for process in told:
            process.communicate(b"\n")


def test_what_a_process_that_is_gone_measured_is_forgotten(url: str) -> None:
    with urllib.request.urlopen(f"{url}/metrics") as answer:
        assert not any(
            line.startswith("heliograph_jobs_running ") for line in answer.read().decode().splitlines()
        )


def test_nothing_else_is_served_there(url: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{url}/")
    assert refused.value.code == 404
    refused.value.close()


def test_a_disk_that_fills_up_later_ends_no_process(url: str, tmp_path: Path) -> None:
    """What is written by memory into a hole of a file, on a full disk, ends the process."""
    files = list(tmp_path.glob("*.db"))
    assert len(files) == 10
    for file in files:
        assert file.stat().st_blocks * 512 >= file.stat().st_size >= 1024 * 1024, file.name


def test_where_there_is_no_room_for_numbers_work_goes_on(tmp_path: Path) -> None:
    variables = {name: value for name, value in os.environ.items() if not name.startswith("HELIOGRAPH_")}
    full = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
    done = subprocess.run(
        [sys.executable, "-c", full + _COUNTS % str(tmp_path)],
        check=False,
        env=variables,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "numbers of this process are not collected" in done.stderr
