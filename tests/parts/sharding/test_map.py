"""The map of shards is a copy that may be old: reading it anew holds up nobody who has one."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
from django.db import OperationalError

from heliograph.core import environment
from heliograph.sharding import map
from tests.harness.servers import Network


@pytest.fixture
def always_old(network: Network) -> Iterator[None]:
    map.nodes()
    environment.use(replace(environment.get(), map_refresh_seconds=0))
    yield
    environment.use(None)
    map.forget()


def test_who_comes_while_it_is_read_goes_by_the_old_one(
    always_old: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A directory that takes its time is waited for by one thread, and not by all."""
    read = map._read
    others: list[int] = []

    def reading() -> object:
        other = threading.Thread(target=lambda: others.append(len(map.nodes())), daemon=True)
        other.start()
        other.join(10)  # at once, unless it waits for us
        return read()

    monkeypatch.setattr(map, "_read", reading)
    assert len(map.nodes()) == 2
    assert others == [2]


def test_without_a_directory_the_old_one_is_good(always_old: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> object:
        raise OperationalError

    monkeypatch.setattr(map, "_read", away)
    assert len(map.nodes()) == 2
