"""The doctor finds what is wrong, says what to do, and goes on when a check itself fails."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from heliograph.core import environment
from heliograph.core.environment import Environment
from heliograph.ops import doctor, health
from heliograph.ops.doctor import Level
from heliograph.sharding import map
from tests.harness.servers import Network


@pytest.fixture
def env(network: Network, tmp_path: Path) -> Iterator[Environment]:
    before = environment.get()
    changed = replace(before, media=tmp_path, incoming=tmp_path)
    tmp_path.chmod(0o700)
    environment.use(changed)
    yield changed
    environment.use(before)


def findings(what: str) -> list[doctor.Finding]:
    return [finding for finding in doctor.look() if finding.what == what]


def test_a_healthy_database_clock_disk_and_storage_are_good(env: Environment) -> None:
    for what in (
        "node node1",
        "PostgreSQL of directory",
        "clock of node node2",
        "room for media",
        "storage",
        "tables",
    ):
        assert [finding.level for finding in findings(what)] == [Level.GOOD], findings(what)


def test_an_absent_worker_is_bad_and_comes_with_advice(env: Environment) -> None:
    (found,) = findings("workers")
    assert found.level is Level.BAD
    assert "heliograph worker" in found.advice


def test_a_node_that_is_away_is_bad(
    network: Network, env: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "CACHE_SECONDS", 0.0)
    first, second = map.nodes()
    monkeypatch.setattr(map, "nodes", lambda: [replace(first, conninfo="host=/nowhere dbname=none"), second])
    (found,) = findings("node node1")
    assert found.level is Level.BAD


def test_a_folder_open_to_everybody_is_noticed(env: Environment) -> None:
    env.media.chmod(0o755)
    assert Level.ODD in {finding.level for finding in findings("media")}


@pytest.mark.parametrize(
    ("url", "level"),
    [
        ("https://photos.example/path", Level.BAD),
        ("photos.example", Level.BAD),
        ("http://192.0.2.1", Level.ODD),
    ],
)
def test_an_address_that_is_not_sane_is_noticed(
    env: Environment, url: str, level: Level, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "_status", lambda address: "nobody")
    found = list(doctor._address(replace(env, url=url)))
    assert found[0].level is level


def test_a_check_that_fails_is_a_finding_and_the_others_go_on(
    env: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken_thing(env: Environment) -> Iterator[doctor.Finding]:
        yield from [doctor.Finding("before it broke", "", Level.GOOD)]
        raise OSError("gone")

    monkeypatch.setattr(doctor, "CHECKS", (broken_thing, doctor._mail))
    told = list(doctor.look())
    assert [(found.what, found.level) for found in told] == [
        ("before it broke", Level.GOOD),
        ("broken thing", Level.BAD),
        ("mail", Level.ODD),
    ]
