"""A part's SQL lives in its store; the store is private to the part, is handed the transaction, and opens nothing."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import heliograph

ROOT = Path(heliograph.__file__).parent
STORES = sorted(path for path in ROOT.rglob("*.py") if path.stem == "store" or path.parent.name == "store")
PARTS = ("accounts", "graph", "media", "engagement", "feed", "flows", "pages", "api", "web")
#: Sights that ask several nouns in one statement, since a second statement is a second round trip on the path of
#: every home feed (docs/decisions/0002-explicit-sql.md). Everything else goes through the stores.
SEVERAL_NOUNS_AT_ONCE = ("pages/own.py", "pages/primaries.py", "pages/theirs.py", "flows/replay.py")
_SQL = re.compile(r"\b(SELECT\s.+\sFROM|INSERT\s+INTO|UPDATE\s+\S+\s+SET|DELETE\s+FROM)\b", re.S)
_HANDED = {"tx", "reader", "shard", "readers"}


def modules() -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted(ROOT.rglob("*.py")):
        yield path, ast.parse(path.read_text())


def imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)


def test_there_are_stores_to_look_at() -> None:
    assert len(STORES) >= 3


def test_a_store_is_imported_by_its_own_part_only() -> None:
    strangers = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path, tree in modules()
        for name in imported(tree)
        if (match := re.match(r"heliograph\.(\w+)\.store\b", name))
        and match[1] != path.relative_to(ROOT).parts[0]
    ]
    assert strangers == []


@pytest.mark.parametrize("path", STORES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_store_is_handed_the_transaction_and_opens_nothing(path: Path) -> None:
    tree = ast.parse(path.read_text())
    forbidden = {
        "heliograph.sharding.sessions",
        "heliograph.sharding.nodes",
        "django.db.connection",
        "psycopg.connect",
    }
    assert forbidden.isdisjoint(imported(tree))
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            first = node.args.args[0].arg if node.args.args else "nothing"
            assert first in _HANDED, f"{node.name} takes {first!r} first, not the transaction"


def test_sql_on_shards_is_nowhere_but_in_stores() -> None:
    found = []
    for path, tree in modules():
        part = path.relative_to(ROOT).parts[0]
        known = path in STORES or str(path.relative_to(ROOT)) in SEVERAL_NOUNS_AT_ONCE
        if part not in PARTS or known or "migrations" in path.parts:
            continue
        for node in ast.walk(tree):
            text = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
            if "{s}." in text and _SQL.search(text):
                found.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert found == []


def test_nothing_happens_by_signals() -> None:
    users = [
        str(path)
        for path, tree in modules()
        if any(name.startswith("django.dispatch") for name in imported(tree))
    ]
    assert users == []


def test_the_catalogue_of_flows_is_complete() -> None:
    catalogue = set(imported(ast.parse((ROOT / "flows" / "catalogue.py").read_text())))
    missing = [
        path.stem
        for path in sorted((ROOT / "flows").glob("*.py"))
        if re.search(
            r"^(@task|register|outbox\.register|@periodic)|= (outbox\.)?register\(", path.read_text(), re.M
        )
        and f"heliograph.flows.{path.stem}" not in catalogue
    ]
    assert missing == []
