"""Whatever people do and Valkey loses: paging to the end shows what the oracle says.

How many examples and how long: ORACLE_EXAMPLES and ORACLE_STEPS, never fewer than the floor.
"""

from __future__ import annotations

import os
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from tests.harness.jobs import Runner
from tests.harness.servers import Network
from tests.oracle.world import NAMES, World

FEWEST_EXAMPLES, FEWEST_STEPS = 40, 40
EXAMPLES = max(FEWEST_EXAMPLES, int(os.environ.get("ORACLE_EXAMPLES", "0")))
STEPS = max(FEWEST_STEPS, int(os.environ.get("ORACLE_STEPS", "0")))

somebody = st.sampled_from(sorted(NAMES))
two = st.permutations(sorted(NAMES)).map(lambda names: (names[0], names[1]))
any_place = st.integers(0, 1000)


class Feeds(RuleBasedStateMachine):
    """Deeds at random; `network` and `runner` are set by the test."""

    network: Network
    runner: Runner

    def __init__(self) -> None:
        super().__init__()
        self.world = World(self.network, self.runner)
        for reader in NAMES:
            self.world.see(reader)

    def teardown(self) -> None:
        try:
            for reader in NAMES:
                self.world.check(reader)
        finally:
            self.world.close()

    @rule(owner=somebody)
    def post(self, owner: str) -> None:
        self.world.post(owner)

    @rule(owner=somebody)
    def post_several(self, owner: str) -> None:
        for _ in range(3):
            self.world.post(owner)

    @rule(owner=somebody, hours_ago=st.sampled_from([0, 1]))
    def begin_a_photo(self, owner: str, hours_ago: int) -> None:
        self.world.draft(owner, hours_ago=hours_ago)

    @precondition(lambda self: self.world.drafts)
    @rule(place=any_place)
    def publish_it_late(self, place: int) -> None:
        self.world.publish(place % len(self.world.drafts))

    @precondition(lambda self: self.world.oracle.photos)
    @rule(place=any_place)
    def delete(self, place: int) -> None:
        photos = sorted(self.world.oracle.photos)
        self.world.delete(photos[place % len(photos)])

    @rule(pair=two)
    def follow(self, pair: tuple[str, str]) -> None:
        self.world.follow(*pair)

    @rule(pair=two)
    def unfollow(self, pair: tuple[str, str]) -> None:
        self.world.unfollow(*pair)

    @precondition(lambda self: self.world.oracle.requests)
    @rule(place=any_place)
    def approve(self, place: int) -> None:
        requests = sorted(self.world.oracle.requests)
        actor, owner = requests[place % len(requests)]
        self.world.approve(owner, actor)

    @rule(pair=two)
    def remove(self, pair: tuple[str, str]) -> None:
        self.world.remove(*pair)

    @rule(pair=two)
    def block(self, pair: tuple[str, str]) -> None:
        self.world.block(*pair)

    @rule(pair=two)
    def unblock(self, pair: tuple[str, str]) -> None:
        self.world.unblock(*pair)

    @rule(owner=somebody, private=st.booleans())
    def go(self, owner: str, private: bool) -> None:
        self.world.go(owner, private=private)

    @rule()
    def empty_valkey(self) -> None:
        self.world.flush()

    @rule(reader=somebody)
    def lose_a_list(self, reader: str) -> None:
        self.world.lose(reader)

    @rule()
    def write_valkey_to_disk(self) -> None:
        self.world.save()

    @rule(minutes_old=st.sampled_from([0, 2, 30]))
    def crash_valkey(self, minutes_old: int) -> None:
        self.world.crash(minutes_old=minutes_old)

    @rule(reader=somebody, owner=somebody)
    def visit_while_somebody_posts(self, reader: str, owner: str) -> None:
        def happens() -> None:
            self.world.post(owner)
            self.world.work()

        self.world.visit_while(reader, happens)

    @rule(pair=two)
    def visit_while_following(self, pair: tuple[str, str]) -> None:
        def happens() -> None:
            self.world.follow(*pair)
            self.world.work()

        self.world.visit_while(pair[0], happens)

    @rule()
    def work(self) -> None:
        self.world.work()

    @rule(reader=somebody)
    def glance(self, reader: str) -> None:
        self.world.glance(reader)

    @rule(reader=somebody, count=st.sampled_from([1, 3, 20]))
    def check(self, reader: str, count: int) -> None:
        self.world.check(reader, count)


@pytest.fixture
def machine(network: Network, runner: Runner) -> type[Feeds]:
    return type("Machine", (Feeds,), {"network": network, "runner": runner})


def test_a_feed_is_what_the_oracle_says(machine: Any) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            print_blob=True,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        ),
    )
