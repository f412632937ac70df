"""`--matrix`: the fault matrix, which takes ten minutes and is a step of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("heliograph")
    group.addoption("--matrix", action="store_true", help="run the fault matrix, and nothing else")
    group.addoption(
        "--matrix-report", type=Path, default=None, metavar="FILE", help="where to write its table"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    wanted = config.getoption("--matrix")
    left_out = [item for item in items if (item.get_closest_marker("matrix") is not None) != wanted]
    if left_out:
        items[:] = [item for item in items if item not in set(left_out)]
        config.hook.pytest_deselected(items=left_out)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    if not config.getoption("--matrix"):
        terminalreporter.write_line("the fault matrix is a step of its own: bin/test tests/faults --matrix")
