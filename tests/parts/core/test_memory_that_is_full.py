"""A Valkey that answers but keeps nothing more, because its memory or its disk is full, is as good as away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from heliograph.core import valkey
from heliograph.core.valkey import ValkeyAway
from heliograph.flows import edit_profile
from heliograph.pages import memory
from tests.harness.client import TestClient
from tests.harness.people import Somebody
from tests.harness.servers import Network


@pytest.fixture
def full(network: Network) -> Iterator[Callable[[], None]]:
    """`full()`: from now on it keeps nothing more, and still answers what it knows."""

    def fill() -> None:
        valkey.call("CONFIG", "SET", "maxmemory", "1")

    yield fill
    valkey.call("CONFIG", "SET", "maxmemory", "0")


def test_one_command_is_away(full: Callable[[], None]) -> None:
    full()
    with pytest.raises(ValkeyAway):
        valkey.call("SET", "a", "b")
    assert valkey.call("GET", "a") is None


def test_so_is_one_among_others_and_a_script(full: Callable[[], None]) -> None:
    script = valkey.Script("return redis.call('SET', KEYS[1], '1')")
    full()
    with pytest.raises(ValkeyAway):
        valkey.pipeline([("GET", "a"), ("SET", "a", "b")])
    with pytest.raises(ValkeyAway):
        script(["a"])


def test_a_wrong_command_is_still_just_wrong(network: Network) -> None:
    assert isinstance(valkey.pipeline([("NONSENSE",)])[0], valkey.ValkeyError)


def test_whoever_changes_something_is_told_that_copies_of_it_stand(
    full: Callable[[], None], alice: Somebody
) -> None:
    full()
    with pytest.raises(ValkeyAway):
        memory.changed(people=[alice.id])


def test_pages_can_be_seen_and_names_changed(
    full: Callable[[], None], alice: Somebody, client: TestClient, run_jobs: Callable[..., Any]
) -> None:
    full()
    for path in ("/", "/sign-in", f"/@{alice.username}"):
        assert client.get(path).status_code == 200
    edit_profile.edit(alice.id, full_name="Alice in the harbour")
    assert "Alice in the harbour" in client.get(f"/@{alice.username}").content.decode()
