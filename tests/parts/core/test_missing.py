"""What is asked for in vain is counted in a bounded place, and says nothing about anybody."""

from __future__ import annotations

from typing import Any

import pytest

from heliograph.core import missing, valkey
from tests.harness.client import TestClient


@pytest.fixture(autouse=True)
def nothing_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(missing, "_sketch", {})


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        ("/favicon.ico", "/favicon.ico"),
        ("/wp-admin/setup-config.php?step=1", "/wp-admin/setup-config.php"),
        ("/a/b/c/d/e", "/a/b/…"),
        ("/@alice.in.the.wrong/place", "/@…/place"),
        ("/mail/alice@example.org", "/mail/…"),
        ("/users/1234567890", "/users/…"),
        ("/join/3f2c9b81d07e4a5596c1aa00", "/join/…"),
        ("/photos/IMG0123456789abcd.jpg", "/photos/….jpg"),
        ("/" + "x" * 200, "/" + "x" * 23 + "…"),
        ("/a\nb", "/a?b"),
    ],
)
def test_little_is_kept_of_an_address_that_is_none(asked: str, kept: str) -> None:
    assert missing.plain(asked) == kept


def test_what_is_frequent_stays_however_much_else_is_tried() -> None:
    for number in range(5000):
        missing.note(f"/{number}")
        missing.note("/favicon.png")
    assert len(missing._sketch) == missing.PLACES
    assert missing._sketch["/favicon.png"] == 5000


def test_processes_add_up_in_valkey(network: Any) -> None:
    for _ in range(2):
        missing.note("/favicon.png", 3)
        missing.note("/@<name:username>")
        missing.hand_over()
    assert missing.top() == [("/favicon.png", 6), ("/@<name:username>", 2)]
    (key,) = valkey.call("KEYS", "missing:*")
    assert 0 < valkey.call("TTL", key) <= 25 * 3600


def test_a_page_that_is_not_there_is_noted_by_its_template(network: Any) -> None:
    visitor = TestClient()
    assert visitor.get("/@nobody.at.all").status_code == 404
    assert visitor.get("/nowhere/to/be/found").status_code == 404
    missing.hand_over()
    assert dict(missing.top()) == {"/@<name:username>": 1, "/nowhere/to/…": 1}
