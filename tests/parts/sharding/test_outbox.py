"""Rows that mirror rows: at least once, in any order, two at a time; refused ones are answered back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from heliograph.core.errors import Unavailable
from heliograph.sharding import map, outbox, sessions
from heliograph.sharding.nodes import NodeAway
from heliograph.sharding.outbox import Mirror, Row
from heliograph.sharding.sessions import Tx
from tests.harness.people import Somebody
from tests.harness.servers import Network
from tests.harness.threads import together

KIND = "test_nod"
_NODS = 'SELECT actor_id, photo_id, "on", version FROM {s}.liked WHERE actor_id = ANY(%(ids)s)'
_PUT = """
INSERT INTO {s}.blocked_by AS t (target_id, actor_id, "on", version) VALUES (%(b)s, %(a)s, %(on)s, %(v)s)
ON CONFLICT (target_id, actor_id) DO UPDATE SET "on" = excluded."on", version = excluded.version
WHERE t.version < excluded.version
"""
_TRUTH = """
INSERT INTO {s}.liked AS t (actor_id, photo_id, "on", version) VALUES (%(a)s, %(b)s, %(on)s, nextval('{s}.version_seq'))
ON CONFLICT (actor_id, photo_id) DO UPDATE SET "on" = excluded."on", version = excluded.version
"""
_REFUSE = 'UPDATE {s}.liked SET "on" = false WHERE actor_id = %s AND photo_id = %s AND version = %s'

# A kind of mirror made for these tests: truth in `liked`, projection in `blocked_by`. What it leaves is wiped
# before audit looks.


class Nods:
    """How the mirror behaves now."""

    def __init__(self) -> None:
        self.refusing = False
        self.broken: Exception | None = None
        self.applied: list[Row] = []

    def read(self, reader: Any, pairs: Any) -> list[Row]:
        wanted = set(pairs)
        return [row for row in reader.gather(_NODS, {a for a, _ in pairs}) if row[:2] in wanted]

    def apply(self, tx: Tx, rows: list[Row]) -> list[Row]:
        if self.broken:
            raise self.broken
        self.applied += rows
        if self.refusing:
            return rows
        for a, b, on, version in rows:
            tx.run(_PUT, {"a": a, "b": b, "on": on, "v": version})
        return []

    def refuse(self, tx: Tx, rows: list[Row]) -> None:
        for a, b, _, version in rows:
            tx.run(_REFUSE, (a, b, version))


@pytest.fixture
def nods(network: Network) -> Iterator[Nods]:
    nods = Nods()
    outbox.register(Mirror(KIND, lambda a, b: a, lambda a, b: b, nods.read, nods.apply, nods.refuse))
    yield nods
    del outbox.MIRRORS[KIND]
    network.wipe()


@pytest.fixture
def erin(make_person: Any) -> Somebody:
    erin: Somebody = make_person("erin", shard=7)
    return erin


def nod(a: Somebody, b: Somebody, on: bool = True) -> None:
    def body(tx: Tx) -> None:
        tx.run(_TRUTH, {"a": a.id, "b": b.id, "on": on})
        tx.project(KIND, a.id, b.id)

    sessions.write(a.id, body)


def seen(a: Somebody, b: Somebody) -> bool | None:
    sql = 'SELECT "on" FROM {s}.blocked_by WHERE target_id = %s AND actor_id = %s'
    on: bool | None = sessions.reader().at(b.id).value(sql, (b.id, a.id))
    return on


def drain() -> list[int]:
    return [outbox.drain_node(node) for node in map.nodes()]


def left() -> int:
    return sum(outbox.waiting(node) for node in map.nodes())


def test_a_truth_is_mirrored_on_the_other_node(alice: Somebody, erin: Somebody, nods: Nods) -> None:
    drain()
    nod(alice, erin)
    assert seen(alice, erin) is None
    assert drain() == [1, 0]
    assert seen(alice, erin) is True
    assert left() == 0


def test_the_truth_of_now_is_mirrored_whatever_the_message_was(
    alice: Somebody, erin: Somebody, nods: Nods
) -> None:
    drain()
    nod(alice, erin)
    nod(alice, erin, on=False)
    drain()
    assert seen(alice, erin) is False
    assert len(nods.applied) == 1  # two messages, one truth


def test_two_runners_at_once_lose_nothing(
    alice: Somebody, nods: Nods, make_person: Any, network: Network
) -> None:
    drain()
    people = [make_person(f"p{n}", shard=5 + n % 4) for n in range(8)]
    drain()
    for person in people:
        nod(alice, person)
    node = map.nodes()[0]
    counts = together(lambda: outbox.drain_node(node, most=5), lambda: outbox.drain_node(node, most=5))
    outbox.drain_node(node)
    assert sum(counts) <= 8
    assert left() == 0
    assert [seen(alice, person) for person in people] == [True] * 8


def test_a_refused_row_is_answered_back(alice: Somebody, erin: Somebody, nods: Nods) -> None:
    drain()
    nods.refusing = True
    nod(alice, erin)
    drain()
    assert seen(alice, erin) is None
    assert sessions.reader().gather(_NODS, [alice.id])[0][2] is False


def test_a_row_that_fails_waits_and_holds_up_no_other_kind(
    alice: Somebody, erin: Somebody, nods: Nods, make_person: Any
) -> None:
    drain()
    nods.broken = Unavailable()
    nod(alice, erin)
    assert drain() == [0, 0]
    assert left() == 1
    nods.broken = None
    assert drain() == [0, 0]  # not yet: it pauses
    sessions.write(alice.id, lambda tx: tx.run("UPDATE public.outbox SET not_before = now()"))
    assert drain() == [1, 0]
    assert seen(alice, erin) is True


def test_a_kind_that_nobody_knows_waits_for_newer_code(alice: Somebody, network: Network) -> None:
    drain()
    sessions.write(alice.id, lambda tx: tx.project("of_tomorrow", alice.id, 1))
    assert drain() == [0, 0]
    assert left() == 1
    sessions.write(alice.id, lambda tx: tx.run("DELETE FROM public.outbox"))


def test_a_truth_that_is_gone_has_nothing_to_say(alice: Somebody, erin: Somebody, nods: Nods) -> None:
    drain()
    sessions.write(alice.id, lambda tx: tx.project(KIND, alice.id, erin.id))
    assert drain() == [1, 0]
    assert nods.applied == []


def test_a_target_that_cannot_exist_is_dropped(alice: Somebody, erin: Somebody, nods: Nods) -> None:
    drain()
    nowhere = Somebody(-7, "nowhere")
    nod(alice, nowhere)
    nod(alice, erin)
    drain()
    assert left() == 0
    assert seen(alice, erin) is True


def test_a_node_that_is_away_is_asked_once_a_batch(
    alice: Somebody, make_person: Any, nods: Nods, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each look at it costs seconds, and the rows of the others wait meanwhile."""
    there = [make_person(f"there{shard}", shard=shard) for shard in (5, 6, 7)]
    here = make_person("here", shard=2)
    asked: list[int] = []
    write = outbox.MIRRORS[KIND].write

    def away(id: int, body: Any) -> Any:
        if map.node_of_id(id).name == "node2":
            asked.append(id)
            raise NodeAway()
        return write(id, body)

    monkeypatch.setitem(outbox.MIRRORS, KIND, replace(outbox.MIRRORS[KIND], write=away))
    for person in (*there, here):
        sessions.write(alice.id, lambda tx, b=person.id: _note(tx, alice.id, b))  # type: ignore[misc]
    assert outbox.drain_node(map.node_of_id(alice.id)) == 1
    assert len(asked) == 1
    assert [r[1] for r in nods.applied] == [here.id]


def _note(tx: Tx, a: int, b: int) -> None:
    tx.run(_TRUTH, {"a": a, "b": b, "on": True})
    tx.project(KIND, a, b)


def test_what_was_mirrored_at_once_is_not_mirrored_again(
    alice: Somebody, erin: Somebody, nods: Nods, mirrors_at_once: None
) -> None:
    drain()
    nod(alice, erin)
    assert seen(alice, erin) is True
    assert left() == 0
    assert drain() == [0, 0]
    assert len(nods.applied) == 1


def test_a_row_of_a_later_truth_outlives_the_attempt_that_did_not_see_it(
    alice: Somebody, erin: Somebody, nods: Nods, monkeypatch: pytest.MonkeyPatch
) -> None:
    drain()
    nod(alice, erin)
    apply = nods.apply

    def slowly(tx: Tx, rows: list[Row]) -> list[Row]:
        if not nods.applied:
            nod(alice, erin, on=False)  # after the truth was read
        return apply(tx, rows)

    mirror = replace(outbox.MIRRORS[KIND], apply=slowly)
    monkeypatch.setitem(outbox.MIRRORS, KIND, mirror)
    assert outbox.try_at_once([(KIND, alice.id, erin.id)])
    assert seen(alice, erin) is True
    assert left() == 1
    drain()
    assert seen(alice, erin) is False


def test_an_attempt_that_failed_leaves_its_row(alice: Somebody, erin: Somebody, nods: Nods) -> None:
    drain()
    nods.broken = Unavailable()
    nod(alice, erin)
    assert not outbox.try_at_once([(KIND, alice.id, erin.id)])
    assert left() == 1
    nods.broken = None
    drain()
    assert seen(alice, erin) is True
