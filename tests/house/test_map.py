"""ARCHITECTURE.md's map names every file, and says of each what the file says of itself."""

from __future__ import annotations

from pathlib import Path

import heliograph
from tests.house import file_map


def test_the_map_is_what_the_files_say() -> None:
    assert file_map.written() == file_map.text(), "run: python -m tests.house.file_map write"


def test_every_folder_is_on_a_floor() -> None:
    root = Path(heliograph.__file__).parent
    folders = {path.name for path in root.iterdir() if path.is_dir() and any(path.rglob("*.py"))}
    assert folders == set(file_map.FLOORS)


def test_every_file_says_what_it_is() -> None:
    silent = [
        str(path) for part in file_map.FLOORS for path in file_map.files(part) if not file_map.sentence(path)
    ]
    assert silent == []


def test_no_file_has_grown_past_reading() -> None:
    long = {
        str(path): lines
        for part in file_map.FLOORS
        for path in file_map.files(part)
        if (lines := len(path.read_text().splitlines())) > 450
    }
    assert long == {}
