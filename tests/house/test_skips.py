"""A test that is left out is heard of: every skip is listed here with its reason, and the list is printed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]

#: file -> why it may skip. With CI=true the conditions below are failures instead (tests/conftest.py).
ALLOWED: dict[str, str] = {
    "browser/conftest.py": "Chromium is not installed (packages.txt)",
    "parts/embedded/test_data.py": "root may write everywhere; bin/test runs it as an ordinary user",
    "parts/embedded/test_postgres.py": "only root changes users; under bin/test the tests are not root",
    "parts/embedded/test_supervisor.py": "adopting orphans is a thing of Linux",
}

_SKIP = re.compile(r"pytest\.skip\(|mark\.skip|mark\.xfail|importorskip|skipif\(|xfail\(")


def test_every_skip_has_a_reason_here(capsys: pytest.CaptureFixture[str]) -> None:
    found = {
        str(path.relative_to(TESTS))
        for path in sorted(TESTS.rglob("*.py"))
        if path != Path(__file__).resolve() and _SKIP.search(path.read_text())
    }
    with capsys.disabled():
        for name in sorted(found):
            print(f"\nmay skip: {name}: {ALLOWED.get(name, 'NO REASON GIVEN')}", end="")
    assert found == set(ALLOWED)
