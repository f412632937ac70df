"""Before anybody is told that something is kept, its bytes and its name are on the disk."""

from __future__ import annotations

import dataclasses
import io
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from heliograph.core import disk as disk_names
from heliograph.core import environment
from heliograph.embedded import account, pg_binaries, places
from heliograph.embedded.data import Data
from heliograph.embedded.pg_making import Recipe
from heliograph.embedded.postgres import Postgres
from heliograph.media import parts, storage, uploads
from tests.parts.embedded.disk import watched


class Body(io.BytesIO):
    @property
    def length(self) -> int:
        return len(self.getvalue())


@pytest.fixture
def top(tmp_path: Path) -> Iterator[Path]:
    """A folder, with uploads and pictures to come in folders that are not there yet."""
    before = environment.get()
    environment.use(dataclasses.replace(before, incoming=tmp_path / "incoming", media=tmp_path / "media"))
    yield tmp_path
    environment.use(before)


def test_the_watch_knows_what_is_not_on_the_disk(tmp_path: Path) -> None:
    with watched(tmp_path) as disk:
        (tmp_path / "a").write_text("a")
        with (tmp_path / "b").open("w") as file:
            file.write("b")
            file.flush()
            os.fsync(file.fileno())
        with (tmp_path / "c.new").open("w") as file:
            os.fsync(file.fileno())
        disk_names.sync_folder(tmp_path)
        (tmp_path / "c.new").replace(tmp_path / "c")
    assert "what is in" in disk.lost(tmp_path / "a")
    assert disk.lost(tmp_path / "b") == ""
    assert "the name of" in disk.lost(tmp_path / "c")


def test_an_upload(top: Path) -> None:
    with watched(top) as disk:
        received = uploads.receive(7, Body(b"a photo"))
    assert disk.lost(uploads.path_of(received.name)) == ""


def test_a_chunk_of_an_upload_and_its_session(top: Path) -> None:
    with watched(top) as disk:
        session = parts.start(7, 2 * parts.CHUNK)
        parts.add(7, session.token, 0, Body(b"x" * parts.CHUNK))
    made = [
        path for path in (top / "incoming" / "parts").rglob("*") if path.is_file() and path.stat().st_size
    ]
    assert len(made) >= 2
    assert [disk.lost(path) for path in made] == [""] * len(made)


def test_a_picture(top: Path) -> None:
    store, key = storage.get(), storage.rendition("p" + "0" * 48, 640)
    with watched(top) as disk:
        store.put(key, b"a picture")
    assert disk.lost(top / "media" / key) == ""


def test_a_secret(tmp_path: Path) -> None:
    with watched(tmp_path) as disk:
        places.write_secret(tmp_path / "secret", "the key of all sessions")
    assert disk.lost(tmp_path / "secret") == ""


def test_the_data_directory(tmp_path: Path) -> None:
    data = Data(tmp_path / "network" / "data")
    with watched(tmp_path) as disk:
        data.open()
    for name in ("heliograph.json", "secret_key", "incoming", "media"):
        assert disk.lost(data.folder / name) == ""
    data.close()


def test_the_name_of_a_database_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    top = places.temporary("hg-cut-")
    server = Postgres(top / "postgres", run_dir=top / "run", durable=False)
    with watched(top) as disk:
        server.init()
    assert disk.lost(top / "postgres") == ""


@pytest.mark.parametrize("durable", [True, False])
def test_the_roles_of_a_database(durable: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`-F` is PostgreSQL without fsync."""
    asked: list[list[str]] = []

    def run(command: list[str], **rest: Any) -> subprocess.CompletedProcess[bytes]:
        asked.append(command)
        return subprocess.CompletedProcess(command, 0, b"", b"")

    recipe = Recipe(pg_binaries.find_pg(), account.service(), durable=durable)
    monkeypatch.setattr(subprocess, "run", run)
    recipe._make_roles(tmp_path, {"somebody": "word"}, account.service())
    assert ("-F" in asked[0]) is not durable
