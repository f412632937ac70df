"""docs/security/asvs.md answers every requirement of levels 1 and 2, and names tests that exist."""

from __future__ import annotations

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
PAGE = TESTS.parent / "docs" / "security" / "asvs.md"

#: How many requirements of levels 1 and 2 each section has; they are the first ones.
SECTIONS = {
    "1.1": 2, "1.2": 9, "1.3": 11, "1.4": 3, "1.5": 2,
    "2.1": 3, "2.2": 3, "2.3": 4, "2.4": 1,
    "3.2": 2, "3.3": 4, "3.4": 6, "3.5": 5, "3.7": 2,
    "4.1": 3, "4.2": 1, "4.3": 2, "4.4": 4,
    "5.1": 1, "5.2": 3, "5.3": 2, "5.4": 3,
    "6.1": 3, "6.2": 11, "6.3": 4, "6.4": 4, "6.5": 5, "6.6": 3, "6.8": 4,
    "7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5, "7.5": 2, "7.6": 2,
    "8.1": 2, "8.2": 3, "8.3": 1, "8.4": 1,
    "9.1": 3, "9.2": 4,
    "11.1": 2, "11.2": 3, "11.3": 3, "11.4": 4, "11.5": 1, "11.6": 1,
    "12.1": 3, "12.2": 2, "12.3": 4,
    "13.1": 1, "13.2": 5, "13.3": 2, "13.4": 5,
    "14.1": 2, "14.2": 4, "14.3": 3,
    "15.1": 3, "15.2": 3, "15.3": 7,
    "16.1": 1, "16.2": 5, "16.3": 4, "16.4": 3, "16.5": 3,
}  # fmt: skip
CHAPTERS = ("V10", "V17")  # nothing of them is here: one line for each
REASONS = ("does not apply: ", "not met: ")

_ROW = re.compile(r"^\| ((?:V?\d[\d.]*)(?:, \d[\d.]*)*) \| (.+?) \| (.+) \|$", re.MULTILINE)
_PROOF = re.compile(r"`([a-z_/]+\.py)::(\w+)`")


def _rows() -> list[tuple[list[str], str]]:
    return [(ids.split(", "), answer) for ids, _, answer in _ROW.findall(PAGE.read_text())]


@cache
def _tests_in(path: str) -> frozenset[str]:
    file = TESTS / path
    tree = ast.parse(file.read_text()) if file.exists() else ast.Module([], [])
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def test_every_requirement_is_answered_once() -> None:
    wanted = [f"{section}.{n}" for section, count in SECTIONS.items() for n in range(1, count + 1)]
    answered = Counter(id for ids, _ in _rows() for id in ids)
    assert answered == Counter([*wanted, *CHAPTERS])


def test_every_answer_is_a_proof_or_a_reason() -> None:
    empty = [ids for ids, answer in _rows() if not (_PROOF.search(answer) or answer.startswith(REASONS))]
    assert empty == []


def test_every_test_that_is_named_exists() -> None:
    gone = [
        f"{path}::{name}"
        for _, answer in _rows()
        for path, name in _PROOF.findall(answer)
        if name not in _tests_in(path) or not name.startswith("test_")
    ]
    assert gone == []


ROOT = TESTS.parent
DATA = ROOT / "docs" / "security" / "data.md"
_SIGNING = re.compile(r"secret_key\b|\bSigner\(|hmac\.")
_TABLE = re.compile(r"CREATE TABLE (?:public\.|\{s\}\.)?(\w+)|db_table = \"(\w+)\"")
_EVENT = re.compile(r"logs\.event\(\s*\"(\w+)\"")
#: They read the key, write it down or hand it on, and sign nothing.
_ONLY_KEEP_IT = {"config/settings.py", "core/environment.py", "embedded/data.py", "embedded/variables.py"}


def _code(*kinds: str) -> dict[str, str]:
    house = ROOT / "heliograph"
    return {str(path.relative_to(house)): path.read_text() for kind in kinds for path in house.rglob(kind)}


def test_every_use_of_the_key_is_in_the_inventory() -> None:
    page = DATA.read_text()
    using = {name for name, code in _code("*.py").items() if _SIGNING.search(code)} - _ONLY_KEEP_IT
    assert {name for name in using if f"`{name}`" not in page} == set()
    assert len(using) >= 5


def test_every_table_has_its_class() -> None:
    page = DATA.read_text()
    tables = {a or b for code in _code("*.sql", "models.py").values() for a, b in _TABLE.findall(code)}
    assert {name for name in tables if f"`{name}`" not in page} == set()
    assert len(tables) > 20


def test_every_event_is_in_the_howto() -> None:
    page = (ROOT / "docs" / "howto" / "watch-it.md").read_text()
    events = {name for code in _code("*.py").values() for name in _EVENT.findall(code)}
    assert {name for name in events if f"`{name}`" not in page} == set()
    assert len(events) > 5
