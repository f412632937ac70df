"""Alive is one question, able to serve another."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from django.test import RequestFactory

from heliograph.core.errors import Unavailable
from heliograph.ops import health
from heliograph.sharding import map
from tests.harness.servers import Network


@pytest.fixture(autouse=True)
def _asked_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "CACHE_SECONDS", 0.0)


def readyz() -> tuple[int, dict[str, Any]]:
    answer = health.readyz(RequestFactory().get("/readyz"))
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.status_code, json.loads(answer.content)


def test_every_part_that_a_request_needs_is_asked(network: Network) -> None:
    status, told = readyz()
    assert status == 200
    assert told["ok"] is True
    assert {"directory", "valkey", "node node1", "node node2"} <= set(told["parts"])


def test_a_node_that_is_away_makes_it_503_and_names_it(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = map.nodes()
    away = replace(second, conninfo="host=/nowhere dbname=none")
    monkeypatch.setattr(map, "nodes", lambda: [first, away])
    status, told = readyz()
    assert status == 503
    assert [name for name, part in told["parts"].items() if not part["ok"]] == ["node node2"]


def test_an_absent_directory_is_told_and_livez_still_answers(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
        raise Unavailable(cause="host=10.1.2.3 password=secret")

    monkeypatch.setattr(health, "_directory", away)
    status, told = readyz()
    assert status == 503
    assert told["parts"]["directory"]["trouble"] == "Unavailable"
    assert "secret" not in json.dumps(told)
    assert health.livez(RequestFactory().get("/livez")).status_code == 200


def test_many_probes_ask_each_part_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(health, "CACHE_SECONDS", 60.0)
    monkeypatch.setattr(health, "_kept", None)
    monkeypatch.setattr(health, "questions", lambda: {"one": lambda: asked.append(1)})
    for _ in range(5):
        assert health.current()["one"].ok
    assert asked == [1]
    monkeypatch.setattr(health, "_kept", None)
