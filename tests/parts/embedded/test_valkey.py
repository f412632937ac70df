"""A Valkey of our own: on a private socket, with a password, its data a copy that may vanish."""

from __future__ import annotations

import json
import shutil
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from heliograph.embedded import places
from heliograph.embedded.valkey import Valkey


@pytest.fixture
def folder() -> Iterator[Path]:
    path = places.temporary("hg-vk-")
    yield path
    shutil.rmtree(path)


@pytest.fixture
def memory(folder: Path) -> Iterator[Valkey]:
    memory = Valkey(folder / "data", run_dir=folder / "run")
    memory.start()
    yield memory
    memory.stop()


def test_it_wants_the_password_and_its_socket_is_for_one_user(memory: Valkey) -> None:
    assert stat.S_IMODE(memory.socket.stat().st_mode) == 0o700
    assert stat.S_IMODE((memory.data_dir / "password").stat().st_mode) == 0o600
    with socket.socket(socket.AF_UNIX) as stranger:
        stranger.connect(str(memory.socket))
        stranger.sendall(b"GET secret\r\n")
        assert b"NOAUTH" in stranger.recv(200)


def test_a_restart_keeps_what_it_held_and_the_password(memory: Valkey, folder: Path) -> None:
    assert memory.ask("SET", "kept", "1") == "+OK"
    memory.stop()
    again = Valkey(folder / "data", run_dir=folder / "run")
    again.start()
    assert again.ask("EXISTS", "kept") == ":1"
    again.stop()


def test_data_of_a_newer_or_another_server_is_dropped(memory: Valkey) -> None:
    memory.ask("SET", "kept", "1")
    memory.stop()
    (memory.data_dir / "heliograph.json").write_text(json.dumps({"brand": "valkey", "major": 99}))
    memory.start()
    assert memory.ask("EXISTS", "kept") == ":0"


def test_a_killed_server_starts_again(memory: Valkey) -> None:
    memory.kill()
    assert memory.ask("PING") is None
    memory.start()
    assert memory.ready()


def test_nobody_answers_where_nothing_runs(folder: Path) -> None:
    assert Valkey(folder / "data", run_dir=folder / "run").ask("PING") is None
