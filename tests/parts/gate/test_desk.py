"""Who is next: the more important first, nobody has all threads, nobody is worked on who has waited for too long."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from heliograph.core import environment, load
from heliograph.core.load import Level
from heliograph.gate import desk
from heliograph.gate.desk import Desk, Terms, Turn
from heliograph.gate.errors import Crowded
from heliograph.gate.kinds import Kind


class Counter:
    """Requests at a desk with three threads; each waits for `go_on` unless it was let through."""

    def __init__(self) -> None:
        self.desk = Desk()
        self.desk.open(asyncio.get_running_loop())
        self.served: list[str] = []
        self._gate = threading.Event()

    def come(self, kind: Kind, name: str = "", *, through: bool = False) -> Turn:
        def work() -> None:
            if not through:
                self._gate.wait(10)
            self.served.append(name or kind.name)

        turn = Turn(kind, work, asyncio.get_running_loop().create_future())
        self.desk.enter(turn)
        return turn

    def go_on(self) -> None:
        self._gate.set()

    async def all_of(self, *turns: Turn) -> None:
        await asyncio.wait_for(asyncio.gather(*(turn.ended for turn in turns)), 10)


@pytest.fixture(autouse=True)
def _few_threads() -> Iterator[None]:
    few = {"web_threads": 3, "hashing_threads": 1, "uploads_at_once": 1}
    environment.use(replace(environment.get(), **few))  # type: ignore[arg-type]
    yield
    environment.use(None)
    load.set_level(Level.ALL)


@contextmanager
def terms(monkeypatch: pytest.MonkeyPatch, kind: Kind, **changed: Any) -> Iterator[None]:
    whole = desk.terms

    def ours(*args: int) -> dict[Kind, Terms]:
        return {k: replace(t, **changed) if k is kind else t for k, t in whole(*args).items()}

    monkeypatch.setattr(desk, "terms", ours)
    yield


def at(story: Callable[[Counter], Awaitable[None]]) -> None:
    async def run() -> None:
        counter = Counter()
        try:
            await story(counter)
        finally:
            counter.go_on()
            counter.desk.close()

    asyncio.run(run())


def test_the_more_important_goes_first() -> None:
    async def story(counter: Counter) -> None:
        busy = [counter.come(Kind.READ, "busy") for _ in range(3)]
        order = (Kind.UPLOAD, Kind.WRITE, Kind.SIGN_IN, Kind.URGENT, Kind.READ, Kind.HEALTH)
        waiting = [counter.come(kind, through=True) for kind in order]
        counter.go_on()
        await counter.all_of(*busy, *waiting)
        served = [name for name in counter.served if name != "busy"]
        assert served[0] == "HEALTH"
        assert served.index("READ") < served.index("WRITE")

    at(story)


def test_who_hashes_passwords_never_has_all_threads() -> None:
    async def story(counter: Counter) -> None:
        signing_in = [counter.come(Kind.SIGN_IN) for _ in range(20)]
        await counter.all_of(counter.come(Kind.READ, through=True), counter.come(Kind.HEALTH, through=True))
        assert counter.served == ["READ", "HEALTH"] or counter.served == ["HEALTH", "READ"]
        counter.go_on()
        await counter.all_of(*signing_in)

    at(story)


def test_writing_and_uploads_leave_a_thread_for_reading() -> None:
    async def story(counter: Counter) -> None:
        for _ in range(10):
            counter.come(Kind.WRITE)
            counter.come(Kind.UPLOAD)
        await counter.all_of(counter.come(Kind.READ, through=True))
        assert counter.served == ["READ"]

    at(story)


def test_a_queue_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(counter: Counter) -> None:
        for _ in range(3 + 2):
            counter.come(Kind.READ)
        with pytest.raises(Crowded):
            counter.come(Kind.READ)

    with terms(monkeypatch, Kind.READ, queue=2):
        at(story)


def test_while_a_queue_stands_the_newest_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "STANDS_SECONDS", 0.1)

    async def story(counter: Counter) -> None:
        busy = counter.come(Kind.SIGN_IN, "busy")
        waiting = [counter.come(Kind.SIGN_IN, name, through=True) for name in ("first", "second")]
        await asyncio.sleep(0.2)
        waiting.append(counter.come(Kind.SIGN_IN, "newest", through=True))
        counter.go_on()
        await counter.all_of(busy, *waiting)
        assert counter.served == ["busy", "newest", "second", "first"]

    at(story)


def test_a_short_queue_and_readers_are_served_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "STANDS_SECONDS", 0.1)

    async def story(counter: Counter) -> None:
        busy = [counter.come(Kind.READ, "busy") for _ in range(3)]
        reading = [counter.come(Kind.READ, str(number), through=True) for number in range(5)]
        await asyncio.sleep(0.2)
        signing_in = [counter.come(Kind.SIGN_IN, name, through=True) for name in ("a", "b")]
        counter.go_on()
        await counter.all_of(*busy, *reading, *signing_in)
        served = [name for name in counter.served if name != "busy"]
        # Three threads take them in this order; who is done first is told first.
        assert served.index("0") < served.index("4")
        assert served.index("a") < served.index("b")

    at(story)


def test_a_queue_that_stands_and_is_full_lets_the_newest_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "STANDS_SECONDS", 0.1)

    async def story(counter: Counter) -> None:
        busy = counter.come(Kind.SIGN_IN, "busy")
        oldest = counter.come(Kind.SIGN_IN, "oldest", through=True)
        other = counter.come(Kind.SIGN_IN, "other", through=True)
        await asyncio.sleep(0.2)
        newest = counter.come(Kind.SIGN_IN, "newest", through=True)
        with pytest.raises(Crowded):
            await asyncio.wait_for(oldest.ended, 10)
        counter.go_on()
        await counter.all_of(busy, other, newest)
        assert "oldest" not in counter.served

    with terms(monkeypatch, Kind.SIGN_IN, queue=2):
        at(story)


def test_likes_by_the_hundred_leave_a_thread_to_photos() -> None:
    asked = desk.terms(8, 1, 6)
    assert asked[Kind.WRITE].threads < desk.others(8)

    async def story(counter: Counter) -> None:
        for _ in range(20):
            counter.come(Kind.WRITE)
        await counter.all_of(counter.come(Kind.UPLOAD, through=True))
        assert counter.served == ["UPLOAD"]

    environment.use(replace(environment.get(), web_threads=8, uploads_at_once=6))
    at(story)


def test_photos_of_a_crowd_are_taken_in_one_after_the_other_with_a_pause(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    later = 0.0

    async def story(counter: Counter) -> None:
        nonlocal later
        crowd = [counter.come(Kind.UPLOAD, f"photo {n}", through=True) for n in range(3)]
        await counter.all_of(crowd[0], crowd[1])  # nobody had waited before the first
        assert counter.served == ["photo 0", "photo 1"]
        counter.desk._next()
        assert not crowd[2].ended.done()
        later = desk.UPLOAD_PAUSE_SECONDS
        counter.desk._next()
        await counter.all_of(crowd[2])

    monkeypatch.setattr(
        desk, "UPLOAD_PAUSE_SECONDS", 5.0
    )  # longer than this takes, shorter than their patience
    monkeypatch.setattr(desk, "monotonic", lambda: time.monotonic() + later)
    at(story)


def test_of_each_kind_that_stands_one_goes_first_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(counter: Counter) -> None:
        monkeypatch.setattr(desk, "STANDS_SECONDS", 0.0)
        busy = [counter.come(Kind.READ, "busy") for _ in range(3)]
        waiting = [counter.come(Kind.READ, through=True) for _ in range(30)]
        waiting += [counter.come(kind, through=True) for kind in (Kind.UPLOAD, Kind.WRITE) for _ in range(2)]
        await asyncio.sleep(0.01)
        counter.go_on()
        await counter.all_of(*busy, *waiting)
        served = [name for name in counter.served if name != "busy"]
        for kind in ("UPLOAD", "WRITE"):
            one, other = (place for place, name in enumerate(served) if name == kind)
            assert one < 10 and other > 20, "one goes first, the other comes after those who look"

    at(story)


def test_who_has_waited_for_too_long_is_told_and_not_worked_on(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(counter: Counter) -> None:
        busy = [counter.come(Kind.READ, "busy") for _ in range(3)]
        late = counter.come(Kind.READ, "late", through=True)
        with pytest.raises(Crowded):
            await asyncio.wait_for(late.ended, 10)
        counter.go_on()
        await counter.all_of(*busy)
        assert "late" not in counter.served

    with terms(monkeypatch, Kind.READ, patience_seconds=0.2):
        at(story)


def test_a_thread_survives_whatever_is_raised_in_it() -> None:
    async def story(counter: Counter) -> None:
        def broken() -> None:
            raise SystemExit("not in a thread")

        turns = [Turn(Kind.READ, broken, asyncio.get_running_loop().create_future()) for _ in range(6)]
        for turn in turns:
            counter.desk.enter(turn)
        await counter.all_of(*turns)
        await counter.all_of(counter.come(Kind.READ, through=True))
        assert counter.served == ["READ"]

    at(story)


def test_everybody_waiting_raises_the_level_and_calm_lowers_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk.pressure, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(desk.pressure, "_CALM_SECONDS", 0.1)

    async def story(counter: Counter) -> None:
        waiting = [counter.come(Kind.READ) for _ in range(10)]
        await becomes(lambda: load.level() >= Level.SHORT)
        counter.go_on()
        await counter.all_of(*waiting)
        await becomes(lambda: load.level() == Level.ALL)

    at(story)


async def becomes(holds: Callable[[], bool]) -> None:
    for _ in range(1000):
        if holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not happen")
