"""The fault matrix (tests/faults/matrix.py), one test for each of its cells. Runs with --matrix alone, as an ordinary
user: `bin/test tests/faults --matrix`, ten minutes on two cores.

HELIOGRAPH_TEST_SEED for its chance, HELIOGRAPH_TEST_CUTS power cuts (50), HELIOGRAPH_TEST_STOPPED_SECONDS (30).
"""

from __future__ import annotations

import os
import random
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from tests.faults import clocks, cuts, disks, wounds
from tests.faults.load import DEEDS
from tests.faults.matrix import Lane, Outcome, report

pytestmark = [pytest.mark.faults, pytest.mark.matrix]

SEED = int(os.environ.get("HELIOGRAPH_TEST_SEED") or random.SystemRandom().randrange(10**9))
LANES = {
    "one": [*wounds.stops(), *wounds.first_lane(), *clocks.cells(), *disks.cells()],
    "two": [*cuts.cuts()],  # as long as all others together
}
CELLS = [cell.name for cells in LANES.values() for cell in cells]
BOUND_SECONDS = 600  # for all of it
_outcomes: list[Outcome] = []


@pytest.fixture(scope="module")
def lanes(request: pytest.FixtureRequest) -> Iterator[dict[str, Future[Outcome]]]:
    """Both lanes, running; only the cells that this run asked for."""
    asked = {item.callspec.params["cell"] for item in request.session.items if hasattr(item, "callspec")}
    terminal: Any = request.config.pluginmanager.getplugin("terminalreporter")
    began = time.monotonic()

    def say(line: str) -> None:
        terminal.write_line(f"{time.monotonic() - began:4.0f} s  lane {line}")

    running = [
        Lane(name, [cell for cell in cells if cell.name in asked], SEED, say) for name, cells in LANES.items()
    ]
    for lane in running:
        lane.start()
    yield {name: future for lane in running for name, future in lane.futures.items()}
    for lane in running:
        lane.end()
    for lane in running:
        lane.join()
    _write(request.config.getoption("--matrix-report"), terminal, time.monotonic() - began)


def _write(file: Path | None, terminal: Any, seconds: float) -> None:
    table = report(_outcomes, seed=SEED, seconds=seconds)
    file = file or Path(tempfile.mkdtemp(prefix="heliograph-faults-")) / "fault-matrix.md"
    file.write_text(table)
    terminal.write_line(f"\n{table}\nwritten to {file}")


def test_no_cell_is_left_out() -> None:
    """Without libfaketime nobody can put a clock back; under CI that is a failure."""
    if clocks.library() is None:
        assert os.environ.get("CI") != "true", "libfaketime (packages.txt) is not installed"
        pytest.skip("libfaketime is not installed (packages.txt): NO CLOCK WAS PUT FORWARD OR BACK")


def test_a_disk_can_be_filled() -> None:
    """Not everywhere may an ordinary user mount a file system of their own."""
    if not disks.possible():
        pytest.skip("no file system of one's own may be mounted here: NO DISK WAS FILLED")


@pytest.mark.parametrize("cell", CELLS)
def test_no_promise_is_broken(lanes: dict[str, Future[Outcome]], cell: str) -> None:
    outcome = lanes[cell].result(timeout=BOUND_SECONDS)
    _outcomes.append(outcome)
    assert all(outcome.promised[deed] for deed in DEEDS), f"nobody did some deed: {outcome.promised}"
    assert outcome.back_seconds <= outcome.cell.back_within
