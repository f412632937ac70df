"""The papers keep step with the house."""

from __future__ import annotations

import os
import re
from dataclasses import fields
from pathlib import Path

import pytest

from heliograph.core.environment import Environment

ROOT = Path(__file__).resolve().parents[2]
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("0*.md"))
LARGE = {"heliograph/media/places/places.bin"}  # every town of the world
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)
def test_a_decision_says_context_choice_price_and_what_would_change_our_mind(page: Path) -> None:
    text = page.read_text()
    for word in ("**Context.**", "**Choice.**", "**Price.**", "**What would change our mind.**"):
        assert word in text
    assert page.name in (page.parent / "README.md").read_text()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_inside_the_project_leads_somewhere(page: Path) -> None:
    broken = [
        target
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text())
        if not re.match(r"[a-z]+:", target) and not (page.parent / target).exists()
    ]
    assert broken == []


def test_every_knob_is_in_the_howto() -> None:
    page = (ROOT / "docs" / "howto" / "configure.md").read_text()
    missing = [name for f in fields(Environment) if (name := f"HELIOGRAPH_{f.name.upper()}") not in page]
    assert missing == []


def test_nothing_large_lies_about_by_mistake() -> None:
    """A download that was committed stays in the history for good."""
    ours = {".git", *(line.rstrip("/") for line in (ROOT / ".gitignore").read_text().splitlines())}
    found = []
    for folder, below, names in os.walk(ROOT):
        below[:] = [name for name in below if name not in ours]
        found += [Path(folder) / name for name in names if (Path(folder) / name).lstat().st_size > 1_000_000]
    assert {str(path.relative_to(ROOT)) for path in found} == LARGE
