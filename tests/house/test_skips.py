"""A test that is left out is heard of: every skip is in a list with its reason, printed at the end of a run."""

from __future__ import annotations

import re
from pathlib import Path

from tests.harness.skips import MAY_SKIP

TESTS = Path(__file__).resolve().parents[1]

_SKIP = re.compile(r"pytest\.skip\(|mark\.skip|mark\.xfail|importorskip|skipif\(|xfail\(")


def test_every_skip_has_a_reason() -> None:
    found = {
        str(path.relative_to(TESTS))
        for path in sorted(TESTS.rglob("*.py"))
        if path != Path(__file__).resolve() and _SKIP.search(path.read_text())
    }
    assert found == set(MAY_SKIP)
