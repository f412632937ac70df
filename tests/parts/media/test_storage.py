"""Pictures on this machine's disk."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from heliograph.core.errors import NotFound
from heliograph.media import storage, tokens

TOKEN = tokens.of_photo(315, "0f" * 16)


def test_what_is_put_is_there_until_it_is_deleted(tmp_path: Path) -> None:
    files = storage.Files(tmp_path)
    key = storage.rendition(TOKEN, 320)
    files.put(key, b"one")
    files.put(key, b"two")
    with files.open(key) as file:
        assert file.read() == b"two"
    assert files.exists(key)
    files.delete(key)
    files.delete(key)
    assert not files.exists(key)
    with pytest.raises(NotFound):
        files.open(key)


def test_masters_lie_apart_from_what_is_served(tmp_path: Path) -> None:
    files = storage.Files(tmp_path)
    for key in (storage.rendition(TOKEN, 150), storage.rendition(TOKEN, 1080), storage.master(TOKEN)):
        files.put(key, b"x")
    assert sorted(files.list("renditions/")) == [
        storage.rendition(TOKEN, 1080),
        storage.rendition(TOKEN, 150),
    ]
    assert list(files.list("masters/")) == [storage.master(TOKEN)]
    assert storage.master(TOKEN) == f"masters/0f/{TOKEN}.jpg"


def test_nothing_is_left_of_a_put_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = storage.Files(tmp_path)

    def full(fd: int) -> None:
        raise OSError(28, "No space left on device")

    files.put(storage.rendition(TOKEN, 150), b"before")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        files.put(storage.rendition(TOKEN, 150), b"after")
    monkeypatch.undo()
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["150.jpg"]
    with files.open(storage.rendition(TOKEN, 150)) as file:
        assert file.read() == b"before"


def test_a_reader_never_sees_half_a_picture(tmp_path: Path) -> None:
    files = storage.Files(tmp_path)
    key = storage.master(TOKEN)
    files.put(key, b"a" * 100_000)
    with files.open(key) as file:
        files.put(key, b"b" * 100_000)
        assert file.read() == b"a" * 100_000


@pytest.mark.parametrize(
    "key", ["", "renditions/../../etc/passwd", "/etc/passwd", "renditions/ab/x", "other/a/b.jpg"]
)
def test_keys_lead_nowhere_else(key: str, tmp_path: Path) -> None:
    files = storage.Files(tmp_path)
    with pytest.raises(NotFound):
        files.open(key)
    with pytest.raises(NotFound):
        files.put(key, b"x")


def test_tokens_say_whose_they_are_and_nothing_else_is_one() -> None:
    assert tokens.parse(TOKEN) == tokens.Token("p", "0f" * 16, 315)
    assert tokens.parse(tokens.of_person(77)).kind == "a"
    assert tokens.of_person(77) != tokens.of_person(77)
    for text in (
        "",
        "p",
        TOKEN[:-1],
        TOKEN + "0",
        "x" + TOKEN[1:],
        TOKEN.upper(),
        "../" + TOKEN,
        TOKEN + "\n",
    ):
        with pytest.raises(NotFound):
            tokens.parse(text)
