"""Scripts run where the network is tried: on a phone at home, by an address without https."""

from __future__ import annotations

from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "heliograph" / "web" / "static" / "js"
#: Browsers offer these with https alone, without a word elsewhere: the script ends there.
HTTPS_ALONE = ("randomUUID", "crypto.subtle")


@pytest.mark.parametrize("path", sorted(SCRIPTS.rglob("*.js")), ids=lambda path: path.name)
def test_scripts_use_nothing_that_only_https_has(path: Path) -> None:
    code = "\n".join(line.partition("//")[0] for line in path.read_text().splitlines() if "/**" not in line)
    assert [name for name in HTTPS_ALONE if name in code] == []
