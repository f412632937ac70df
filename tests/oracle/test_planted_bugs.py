"""Each odd-looking rule of the feed has a story that goes wrong without it, and goes well with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.harness.jobs import Runner
from tests.harness.servers import Network
from tests.oracle import plants
from tests.oracle.world import World


@pytest.fixture
def world(network: Network, runner: Runner) -> Iterator[World]:
    made = World(network, runner)
    yield made
    made.close()


def a_photo_arrives_while_the_list_is_made(world: World) -> None:
    world.follow("ada", "ben")
    world.work()

    def happens() -> None:
        world.post("ben")
        world.work()

    world.visit_while("ada", happens)
    world.check("ada")


def the_first_photo_begun_is_published_last(world: World) -> None:
    world.see("ada")
    world.draft("ada")
    world.post("ada")
    world.work()
    world.publish(0)
    world.check("ada")


def a_job_runs_twice(world: World) -> None:
    world.see("ada")
    world.post("ada")
    world.check("ada")


def valkey_comes_back_without_its_last_moments(world: World) -> None:
    world.see("ada")
    world.save()
    world.post("ada")
    world.work()
    world.crash()
    world.check("ada")


def a_visit_falls_between_push_and_commit(world: World) -> None:
    world.lose("ada")
    world.draft("ada")
    world.publish(0, before_commit=lambda: world.glance("ada"))
    world.check("ada")


STORIES: list[tuple[Callable[[World], None], Callable[[], AbstractContextManager[None]]]] = [
    (a_photo_arrives_while_the_list_is_made, plants.no_sentinel),
    (the_first_photo_begun_is_published_last, plants.no_sort),
    (a_job_runs_twice, plants.no_dedupe),
    (valkey_comes_back_without_its_last_moments, plants.no_replay),
    (a_visit_falls_between_push_and_commit, plants.pushed_before_commit),
]


@pytest.mark.parametrize("story", [story for story, _ in STORIES])
def test_all_goes_well(story: Callable[[World], None], world: World) -> None:
    story(world)


@pytest.mark.parametrize(("story", "plant"), STORIES)
def test_the_planted_bug_is_caught(
    story: Callable[[World], None], plant: Callable[[], AbstractContextManager[None]], world: World
) -> None:
    with plant(), pytest.raises(AssertionError, match="should see"):
        story(world)


def test_the_oracle_knows_nothing_of_the_network() -> None:
    text = (Path(__file__).parent / "oracle.py").read_text()
    assert "import" not in text.replace("imports nothing", "")
    assert len(text.partition("class Oracle")[2].splitlines()) < 50
