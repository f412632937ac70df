"""Rows of the table of budgets: what was measured, what it may be, and whether it is. As text, and as JSON.

Each bench says its rows with `say`; `bin/bench` (bench/table.py) collects them from the files that `--json` makes.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Row:
    """`value` may be at most `limit`; with `more`, at least. No limit: it is told, and nothing is asked of it."""

    work: str
    measured: str
    value: float
    limit: float | None = None
    budget: str = ""
    more: bool = False

    @property
    def kept(self) -> bool | None:
        if self.limit is None:
            return None
        return self.value >= self.limit if self.more else self.value <= self.limit

    @property
    def verdict(self) -> str:
        return {None: "", True: "kept", False: "MISSED"}[self.kept]


class Rows:
    """What one bench has to say; each row is printed as it comes."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.curves: list[dict[str, Any]] = []

    def say(self, row: Row) -> None:
        self.rows.append(row)
        budget = f", budget {row.budget}: {row.verdict}" if row.limit is not None else ""
        print(f"-> {row.work}: {row.measured}{budget}", flush=True)

    def save(self, path: Path | None) -> None:
        if path is not None:
            path.write_text(json.dumps({"rows": [asdict(row) for row in self.rows], "curves": self.curves}))


def parser(doc: str | None) -> argparse.ArgumentParser:
    """The options that every bench of the table has."""
    made = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--json", type=Path, help="write the rows of the table there as well")
    return made
