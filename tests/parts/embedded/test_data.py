"""The data directory: ours or refused, one supervisor at a time, and nothing half made."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from heliograph.embedded import places
from heliograph.embedded.data import FORMAT, Data
from heliograph.embedded.refusal import CannotStart


@pytest.fixture
def folder() -> Iterator[Path]:
    path = places.temporary("hg-data-")
    yield path / "data"
    shutil.rmtree(path)


def test_a_new_folder_is_made_private(folder: Path) -> None:
    Data(folder).open()
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "secret_key").stat().st_mode & 0o777 == 0o600


def test_a_second_one_is_told_who_has_it(folder: Path) -> None:
    first = Data(folder)
    first.open()
    with pytest.raises(CannotStart, match=f"already running on .* \\(process {os.getpid()}\\)"):
        Data(folder).open()
    assert (folder / "secret_key").exists()


def test_a_folder_with_other_things_in_it_is_left_alone(folder: Path) -> None:
    folder.mkdir()
    (folder / "thesis.txt").write_text("years of work")
    with pytest.raises(CannotStart, match="not made by Heliograph"):
        Data(folder).open()
    assert [path.name for path in folder.iterdir()] == ["thesis.txt"]


def test_data_of_a_newer_heliograph_is_refused(folder: Path) -> None:
    folder.mkdir()
    told = {"format": FORMAT + 1, "version": "9.0", "started": True}
    (folder / "heliograph.json").write_text(json.dumps(told))
    with pytest.raises(CannotStart, match=r"made by Heliograph 9\.0, which is newer"):
        Data(folder).open()
    assert json.loads((folder / "heliograph.json").read_text()) == told


def test_a_full_disk_is_one_sentence_and_leaves_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = shutil._ntuple_diskusage(10**9, 10**9 - 5, 5)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: full)
    with pytest.raises(CannotStart, match="is full"):
        Data(folder).open()
    assert not folder.exists()


def test_a_disk_that_fills_up_meanwhile_leaves_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(places, "write_secret", no_room)
    with pytest.raises(CannotStart, match=r"^The disk of .* is full\.$"):
        Data(folder).open()
    assert not folder.exists()


@pytest.mark.skipif(
    os.geteuid() == 0, reason="root may write everywhere; bin/test runs this as an ordinary user"
)
def test_a_folder_one_may_not_write_is_refused(folder: Path) -> None:
    folder.mkdir(mode=0o500)
    with pytest.raises(CannotStart, match="cannot be written to"):
        Data(folder).open()
    assert not any(folder.iterdir())


def test_a_first_start_that_fails_leaves_nothing(folder: Path) -> None:
    data = Data(folder)
    data.open()
    data.undo()
    assert not folder.exists()


def test_who_is_refused_removes_nothing(folder: Path) -> None:
    first = Data(folder)
    first.open()
    before = sorted(path.name for path in folder.iterdir())
    later = Data(folder)
    with pytest.raises(CannotStart, match="already running"):
        later.open()
    later.undo()
    assert sorted(path.name for path in folder.iterdir()) == before


def test_a_later_start_that_fails_keeps_everything(folder: Path) -> None:
    first = Data(folder)
    first.open()
    first.succeeded()
    first.close()
    later = Data(folder)
    later.open()
    later.undo()
    assert (folder / "secret_key").exists()


def test_it_is_the_first_start_until_one_succeeded(folder: Path) -> None:
    first = Data(folder)
    first.open()
    assert first.first
    first.succeeded()
    first.close()
    again = Data(folder)
    again.open()
    assert not again.first


def test_numbers_of_an_earlier_run_are_gone(folder: Path) -> None:
    first = Data(folder)
    first.open()
    (folder / "metrics" / "counter_77.db").write_bytes(b"old")
    first.close()
    Data(folder).open()
    assert not any((folder / "metrics").iterdir())
