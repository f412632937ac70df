"""Valkey restarts: what was pushed in its last moments comes back, and what was dropped stays dropped."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from heliograph.core import clock, valkey
from heliograph.feed import home as lists
from heliograph.flows import follow, replay
from heliograph.pages import home
from heliograph.sharding import map
from heliograph.sharding.nodes import NodeAway
from tests.harness.people import Somebody
from tests.harness.servers import Network
from tests.oracle import album

RunJobs = Callable[..., Any]


def ids(viewer: Somebody) -> list[int]:
    return [card.id for card in home.page(viewer.id).items]


def back_with(
    saved: dict[str, list[bytes]], monkeypatch: pytest.MonkeyPatch, *, life: str = "another"
) -> None:
    """Valkey as it was when these lists and the sign of life were written to disk."""
    sign = valkey.call("GET", replay.SIGN)
    valkey.call("FLUSHALL")
    for key, elements in saved.items():
        valkey.call("RPUSH", key, *elements)
    if sign is not None:
        valkey.call("SET", replay.SIGN, sign)
    monkeypatch.setattr(valkey, "run_id", lambda: life)


def test_a_quiet_watch_does_nothing(alice: Somebody, runner: Any) -> None:
    replay.watch()
    ids(alice)
    replay.watch()
    assert lists.parse(lists.read(alice.id)) is not None
    assert "replay.v1" not in runner.waiting()


def test_photos_and_follows_of_the_last_minutes_come_back(
    alice: Somebody, bob: Somebody, carol: Somebody, run_jobs: RunJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    early = album.post(carol.id)
    first = album.post(alice.id)
    run_jobs()
    replay.watch()
    ids(bob)
    saved = {lists.key(bob.id): lists.read(bob.id)}
    late = album.post(alice.id)
    follow.follow(bob.id, carol.id)
    run_jobs()
    follow.approve(carol.id, bob.id)
    run_jobs()
    assert ids(bob) == [late, first, early]
    back_with(saved, monkeypatch)
    assert ids(bob) == [first]
    replay.watch()
    ran = run_jobs()
    assert ran.tasks.count("replay.v1") == 2, "one a node"
    assert ids(bob) == [late, first, early]


def test_lists_from_long_ago_are_dropped(
    alice: Somebody, bob: Somebody, run_jobs: RunJobs, monkeypatch: pytest.MonkeyPatch, runner: Any
) -> None:
    replay.watch()
    ids(bob)
    saved = {lists.key(bob.id): lists.read(bob.id)}
    photo = album.post(alice.id)
    run_jobs()
    back_with(saved, monkeypatch)
    clock.shift(timedelta(minutes=20))
    replay.watch()
    assert "replay.v1" not in runner.waiting()
    assert lists.read(bob.id) == []
    assert ids(bob) == [photo]


def test_lists_without_a_sign_of_life_are_dropped(
    alice: Somebody, bob: Somebody, run_jobs: RunJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids(bob)
    saved = {lists.key(bob.id): lists.read(bob.id)}
    photo = album.post(alice.id)
    run_jobs()
    back_with(saved, monkeypatch)
    replay.watch()
    assert ids(bob) == [photo]


def test_cards_from_before_the_crash_are_dropped(
    alice: Somebody, bob: Somebody, run_jobs: RunJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = album.post(alice.id)
    run_jobs()
    replay.watch()
    valkey.call("SET", f"photo:{photo}", b"[1,")
    valkey.call("SET", f"cnt:{photo}", b"7,7")
    monkeypatch.setattr(valkey, "run_id", lambda: "another")
    replay.watch()
    run_jobs()
    assert [card.likes for card in home.page(bob.id).items] == [0]


def test_two_workers_that_notice_at_once_leave_one_job_a_node(
    alice: Somebody, run_jobs: RunJobs, monkeypatch: pytest.MonkeyPatch, runner: Any
) -> None:
    replay.watch()
    sign = valkey.call("GET", replay.SIGN)
    monkeypatch.setattr(valkey, "run_id", lambda: "another")
    replay.watch()
    valkey.call("SET", replay.SIGN, sign)
    replay.watch()
    assert runner.waiting().count("replay.v1") == 2
    run_jobs()


def test_a_node_that_is_away_is_told_when_it_is_back_and_the_others_once(
    alice: Somebody, run_jobs: RunJobs, monkeypatch: pytest.MonkeyPatch, runner: Any
) -> None:
    replay.watch()
    monkeypatch.setattr(valkey, "run_id", lambda: "another")
    write, drops = replay.sessions.write, []

    def away(id: int, *rest: Any, **options: Any) -> Any:
        if map.node_of_id(id).name == "node1":
            raise NodeAway()
        return write(id, *rest, **options)

    with monkeypatch.context() as patched:
        patched.setattr(replay.sessions, "write", away)
        patched.setattr(replay.memory, "forget_all", lambda: drops.append(1))
        for _ in range(3):
            replay.watch()
    assert (runner.waiting().count("replay.v1"), len(drops)) == (1, 1)
    replay.watch()
    assert runner.waiting().count("replay.v1") == 2
    run_jobs()
    replay.watch()
    assert runner.waiting() == []


def test_a_watch_while_valkey_is_away_waits_for_the_next(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any) -> Any:
        raise valkey.ValkeyAway()

    monkeypatch.setattr(valkey, "pipeline", away)
    replay.watch()


def test_a_real_restart_without_data_is_noticed_and_heals(
    network: Network, alice: Somebody, bob: Somebody, run_jobs: RunJobs
) -> None:
    photo = album.post(alice.id)
    run_jobs()
    replay.watch()
    assert ids(bob) == [photo]
    before = valkey.run_id()
    network.valkey.stop()
    assert ids(bob) == [photo], "from the nodes"
    network.valkey.start()
    assert ids(bob) == [photo]
    replay.watch()
    run_jobs()
    assert valkey.run_id() != before
    assert ids(bob) == [photo]
    assert lists.parse(lists.read(bob.id)) is not None
