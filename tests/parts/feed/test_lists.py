"""What a home feed's list keeps, whatever arrives in whatever order."""

from __future__ import annotations

import random

import pytest

from heliograph.core import valkey
from heliograph.feed import home

pytestmark = pytest.mark.usefixtures("lists")

READER = 7


def built(ids: list[int], floor: int = 0, reader: int = READER) -> None:
    mark = home.begin(reader)
    assert mark is not None
    assert home.finish(reader, mark, ids, floor)


def feed(reader: int = READER) -> home.Feed | None:
    return home.parse(home.read(reader))


def seen(reader: int = READER) -> list[int]:
    found = feed(reader)
    assert found is not None
    return found.ids


def test_nothing_is_pushed_to_somebody_who_was_never_here() -> None:
    assert home.add(5, [READER]) == 0
    assert feed() is None


def test_an_empty_feed_exists_and_takes_what_comes() -> None:
    built([])
    assert seen() == []
    assert home.add(5, [READER]) == 1
    assert seen() == [5]


def test_a_page_is_sorted_and_shows_each_photo_once() -> None:
    built([10, 20])
    for photo in (30, 15, 30, 20):
        home.add(photo, [READER])
    assert seen() == [30, 20, 15, 10]


def test_it_is_trimmed_only_when_some_over_and_knows_from_where_it_is_incomplete() -> None:
    built([])
    for photo in range(1, 8):
        home.add(photo, [READER])
    assert len(home.read(READER)) == 7 + 1
    home.add(8, [READER])
    found = feed()
    assert found is not None
    assert (found.ids, found.floor, found.whole) == ([8, 7, 6, 5, 4], 3, False)


def test_a_late_photo_never_hides_the_ones_that_were_trimmed() -> None:
    built([])
    for photo in (10, 20, 30, 40, 50, 60, 70, 80):
        home.add(photo, [READER])
    home.add(15, [READER])  # older than what is complete: the nodes have it, and 20 and 30 as well
    assert seen() == [80, 70, 60, 50, 40]


def test_trimming_by_arrival_raises_the_floor_above_the_largest_it_cut() -> None:
    built([])
    for photo in (90, 10, 20, 30, 40, 50, 60, 70):
        home.add(photo, [READER])
    found = feed()
    assert found is not None
    assert (found.ids, found.floor) == ([], 90)


def test_a_late_photo_gets_its_place_and_the_list_lives_as_long_as_before() -> None:
    built([10, 30])
    assert home.add(20, [READER], late=True) == 1
    assert home.read(READER) == [b"30", b"20", b"10", b"-0"]
    assert valkey.call("TTL", home.key(READER)) > 29 * 86_400


def test_a_late_photo_pushes_the_oldest_out_of_a_full_list() -> None:
    built([10, 20, 40, 50, 60])
    home.add(30, [READER], late=True)
    assert home.read(READER) == [b"60", b"50", b"40", b"30", b"20", b"-10"]


def test_ids_of_different_length_are_compared_as_numbers() -> None:
    large = 2**62
    built([9, 10, large, 999_999_999_999_999_999])
    home.add(large + 1, [READER], late=True)
    assert home.read(READER)[:-1] == [
        str(id).encode() for id in (large + 1, large, 999_999_999_999_999_999, 10, 9)
    ]


def test_many_readers_take_several_calls() -> None:
    for reader in range(1, 11):
        built([], reader=reader)
    assert home.add(5, list(range(1, 21))) == 10
    assert all(seen(reader) == [5] for reader in range(1, 11))


def test_what_arrives_between_the_mark_and_the_end_of_a_rebuild_is_kept() -> None:
    mark = home.begin(READER)
    assert mark
    home.add(30, [READER])
    home.add(25, [READER], late=True)
    assert feed() is None
    assert home.finish(READER, mark, [10, 20])
    assert seen() == [30, 25, 20, 10]


def test_only_one_builds_at_a_time_but_a_dead_one_does_not_block_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = home.begin(READER)
    assert home.begin(READER) is None
    monkeypatch.setattr(home, "PATIENCE_MS", 0)
    second = home.begin(READER)
    assert second not in (None, first)


def test_a_builder_who_was_overtaken_does_not_write() -> None:
    mark = home.begin(READER)
    assert mark
    other = home.begin(READER, take_over=True)
    assert other
    assert not home.finish(READER, mark, [1])
    assert home.finish(READER, other, [2])
    assert seen() == [2]


def test_a_builder_does_not_write_after_valkey_was_emptied() -> None:
    mark = home.begin(READER)
    assert mark
    valkey.call("FLUSHALL")
    assert not home.finish(READER, mark, [1])
    assert feed() is None


def test_a_list_stays_readable_while_it_is_written_anew_and_old_things_go() -> None:
    built([10, 20])
    mark = home.begin(READER)
    assert mark
    home.add(30, [READER])
    assert seen() == [30, 20, 10]
    assert home.finish(READER, mark, [10])
    assert seen() == [30, 10]


def test_somebody_followed_meanwhile_makes_the_builder_start_again() -> None:
    mark = home.begin(READER)
    assert mark
    assert not home.merge(READER, [5])
    assert not home.finish(READER, mark, [1])
    built([10])
    mark = home.begin(READER)
    assert mark
    assert home.merge(READER, [5])
    assert not home.finish(READER, mark, [10])
    assert seen() == [10, 5]


def test_a_merge_sorts_and_raises_the_floor_when_not_everything_was_read() -> None:
    built([50, 40, 10])
    assert home.merge(READER, [45, 40, 35], floor=30)
    found = feed()
    assert found is not None
    assert (found.ids, found.floor) == ([50, 45, 40, 35], 30)


def test_an_unbuilt_list_that_overflows_is_given_up() -> None:
    mark = home.begin(READER)
    assert mark
    for photo in range(1, 10):
        home.add(photo, [READER])
    assert not home.finish(READER, mark, [])
    assert feed() is None


def test_a_rebuilt_list_is_full_of_the_newest_and_knows_what_it_left_out() -> None:
    built([9, 8, 7, 6, 5, 4, 3], floor=2)
    found = feed()
    assert found is not None
    assert (found.ids, found.floor) == ([9, 8, 7, 6, 5], 4)


def test_pages_are_cut_by_older_than_and_newer_than() -> None:
    found = home.Feed([50, 40, 30, 20, 10], 0)
    assert found.below(None) == [50, 40, 30, 20, 10]
    assert found.below(40) == [30, 20, 10]
    assert found.below(35) == [30, 20, 10]
    assert found.below(10) == []
    assert found.below(None, 30) == [50, 40]
    assert found.below(50, 25) == [40, 30]


def test_removing_and_forgetting() -> None:
    built([1, 2, 3])
    valkey.pipeline(home.remove_commands(READER, [2]))
    assert seen() == [3, 1]
    home.forget([READER])
    assert feed() is None
    for reader in range(1, 30):
        built([], reader=reader)
    assert home.forget_all() == 29


def test_whatever_happens_above_the_floor_nothing_is_missing() -> None:
    seed = random.Random().randrange(10**6)
    print("seed", seed)
    chance = random.Random(seed)
    for _ in range(40):
        valkey.call("FLUSHALL")
        truth: set[int] = set()
        built([])
        for _ in range(40):
            photo = chance.randrange(1, 1000)
            truth.add(photo)
            home.add(photo, [READER], late=chance.random() < 0.3)
            found = feed()
            assert found is not None
            assert found.ids == sorted((id for id in truth if id > found.floor), reverse=True)
