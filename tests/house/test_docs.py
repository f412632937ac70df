"""The papers keep step with the house."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from heliograph.core.environment import Environment

ROOT = Path(__file__).resolve().parents[2]
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("0*.md"))
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
