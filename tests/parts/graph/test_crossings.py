"""Approve, cancel, re-request, remove and block cannot cross, whatever is late, doubled or out of order.

Two people on two nodes do things to each other. What is to be mirrored is read at one moment and delivered at any
later one, perhaps twice. After every step both rows of both follows say what a model of twenty lines says.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from heliograph.core.errors import NotFound
from heliograph.flows import block, edit_profile, follow
from heliograph.graph import follows, pairs, store
from heliograph.sharding import outbox, sessions
from tests.parts.graph import rows
from tests.parts.graph.people import somebody

EXAMPLES = 15

A, B = 0, 1


class Follow:
    """The model: one follow, with what each side knows of the other's half."""

    def __init__(self) -> None:
        self.wish = self.heard = (False, 0)  # on, version: at the follower, and as the owner has heard
        self.permit = self.told = ("pending", 0, 0)  # state, answers, version: at the owner, at the follower

    def ask(self) -> None:
        on, version = self.wish
        if not on or self.told[:2] == ("denied", version):
            self.wish = (True, version + 1)

    def drop(self) -> None:
        if self.wish[0]:
            self.wish = (False, self.wish[1] + 1)

    def hear(self, wish: tuple[bool, int], state: str) -> None:
        if wish[1] > self.heard[1]:
            self.heard = wish
            if wish[0]:
                self.answer(state)

    def answer(self, state: str) -> None:
        self.permit = (state, self.heard[1], self.permit[2] + 1)

    def tell(self, permit: tuple[str, int, int]) -> None:
        if permit[2] > self.told[2]:
            self.told = permit

    def owners_view(self) -> str:
        return self.permit[0] if self.heard == (True, self.permit[1]) else "denied"

    def followers_view(self) -> str:
        return self.told[0] if self.wish == (True, self.told[1]) else "denied"


class Two:
    def __init__(self) -> None:
        self.ids = (somebody(1).id, somebody(5).id)
        self.follow = {(A, B): Follow(), (B, A): Follow()}
        self.blocks: set[tuple[int, int]] = set()
        self.private = [False, False]
        self.under_way: list[tuple[str, tuple[int, int], list[outbox.Row], Any]] = []

    def follows(self, actor: int) -> None:
        owner = 1 - actor
        expected: type[Exception] | None = None
        if (owner, actor) in self.blocks:
            expected = NotFound
        elif (actor, owner) in self.blocks:
            expected = follows.YouBlockThem
        else:
            self.follow[actor, owner].ask()
        self._do(lambda: follow.follow(self.ids[actor], self.ids[owner]), expected)

    def a_block_crosses_a_wish(self, actor: int) -> None:
        self.follows(actor)
        self.blocks_them(1 - actor)

    def unfollows(self, actor: int) -> None:
        self.follow[actor, 1 - actor].drop()
        follow.unfollow(self.ids[actor], self.ids[1 - actor])

    def approves(self, owner: int) -> None:
        it = self.follow[1 - owner, owner]
        view = it.owners_view()
        if view == "pending":
            it.answer("granted")
        self._do(
            lambda: follow.approve(self.ids[owner], self.ids[1 - owner]),
            follows.NoRequest if view == "denied" else None,
        )

    def refuses(self, owner: int) -> None:
        self._refused(owner)
        follow.remove(self.ids[owner], self.ids[1 - owner])

    def blocks_them(self, actor: int) -> None:
        target = 1 - actor
        self.blocks.add((actor, target))
        self._refused(actor)
        self.follow[actor, target].drop()
        block.block(self.ids[actor], self.ids[target])

    def both_unblock(self, _: int) -> None:
        self.blocks.clear()
        for actor in (A, B):
            block.unblock(self.ids[actor], self.ids[1 - actor])

    def goes_private_or_public(self, owner: int) -> None:
        self.private[owner] = not self.private[owner]
        edit_profile.edit(self.ids[owner], private=self.private[owner])

    def job_grants(self, owner: int) -> None:
        self._granted(owner)
        follow.grant_pending(self.ids[owner])

    def a_newer_one_overtakes(self, actor: int, kind: str) -> None:
        """A wish, or the answer to it, is read, then changed and read again; the newer one arrives first."""
        self.follows(actor)
        self.arrives_at_once(actor, again=False)
        source, change = (actor, self.unfollows) if kind == "wish" else (1 - actor, self.refuses)
        self.mirror_is_read(source, kind)
        change(source)
        self.mirror_is_read(source, kind)
        for place in (-1, -1):
            self.mirror_is_written(place, again=False)
            self.rows_say_what_the_model_says()

    def mirror_is_read(self, actor: int, kind: str) -> None:
        pair = (actor, 1 - actor)
        read = outbox.MIRRORS[kind].read(sessions.reader(), [(self.ids[actor], self.ids[1 - actor])])
        means: Any = None
        if kind == "wish":
            means = self.follow[pair].wish
        elif kind == "permit":
            means = self.follow[1 - actor, actor].permit
        self.under_way.append((kind, pair, read, means))

    def arrives_at_once(self, actor: int, again: bool) -> None:
        """A wish, and the answer to it: as on a good day; perhaps both will come once more, much later."""
        self.mirror_is_read(actor=actor, kind="wish")
        self.mirror_is_written(place=-1, again=again)
        self.mirror_is_read(actor=1 - actor, kind="permit")
        self.mirror_is_written(place=-1, again=again)

    def changes_their_mind(self, actor: int, back: bool) -> None:
        self.unfollows(actor)
        if back:
            self.follows(actor)

    def mirror_is_written(self, place: int, again: bool) -> None:
        if not self.under_way:
            return
        kind, (a, b), read, means = self.under_way[place % len(self.under_way)]
        if not again:
            del self.under_way[place % len(self.under_way)]
        if kind == "wish":
            self.follow[a, b].hear(means, self._state_for(a, b))
        elif kind == "permit":
            self.follow[b, a].tell(means)
        if read:
            mirror = outbox.MIRRORS[kind]
            mirror.write(self.ids[b], lambda tx: mirror.apply(tx, read))

    def rows_say_what_the_model_says(self) -> None:
        for (actor, owner), it in self.follow.items():
            here = rows.following(self.ids[actor], self.ids[owner])
            there = rows.follower(self.ids[owner], self.ids[actor])
            assert rows.view(here) == it.followers_view()
            assert rows.view(there) == it.owners_view()
            assert rows.counts(self.ids[owner])[0] == int(it.owners_view() == "granted")
            assert rows.counts(self.ids[actor])[1] == int(it.followers_view() == "granted")

    def ends(self, run_jobs: Callable[..., Any]) -> None:
        run_jobs()
        for owner in (A, B):
            self._granted(owner)
        for (actor, owner), it in self.follow.items():
            it.hear(it.wish, self._state_for(actor, owner))
            it.tell(it.permit)
            assert it.owners_view() == it.followers_view()
            if (actor, owner) in self.blocks or (owner, actor) in self.blocks:
                assert it.owners_view() == "denied"
        self.rows_say_what_the_model_says()
        for actor in (A, B):
            on = (actor, 1 - actor) in self.blocks
            assert rows.blocked_by(self.ids[1 - actor], self.ids[actor]) == on

    def _state_for(self, actor: int, owner: int) -> str:
        if (owner, actor) in self.blocks:
            return "denied"
        return "pending" if self.private[owner] else "granted"

    def _refused(self, owner: int) -> None:
        it = self.follow[1 - owner, owner]
        if it.owners_view() != "denied":
            it.answer("denied")

    def _granted(self, owner: int) -> None:
        it = self.follow[1 - owner, owner]
        if not self.private[owner] and it.owners_view() == "pending":
            it.answer("granted")

    @staticmethod
    def _do(deed: Callable[[], None], expected: type[Exception] | None) -> None:
        try:
            deed()
        except NotFound as error:
            assert expected is not None and isinstance(error, expected), error
        except follows.YouBlockThem:
            assert expected is follows.YouBlockThem
        else:
            assert expected is None


#: What happens, and how often: mostly the one follows, and the other is followed.
DEEDS: list[tuple[int, Callable[[Two, int, int, bool], None]]] = [
    (3, lambda two, who, place, again: two.follows(who)),
    (2, lambda two, who, place, again: two.unfollows(who)),
    (3, lambda two, who, place, again: two.changes_their_mind(who, again)),
    (2, lambda two, who, place, again: two.approves(1 - who)),
    (2, lambda two, who, place, again: two.refuses(1 - who)),
    (1, lambda two, who, place, again: two.blocks_them(place % 2)),
    (2, lambda two, who, place, again: two.both_unblock(who)),
    (2, lambda two, who, place, again: two.a_block_crosses_a_wish(who)),
    (2, lambda two, who, place, again: two.goes_private_or_public(1 - who)),
    (1, lambda two, who, place, again: two.job_grants(1 - who)),
    (3, lambda two, who, place, again: two.arrives_at_once(who, again)),
    (2, lambda two, who, place, again: two.a_newer_one_overtakes(who, "wish" if again else "permit")),
    (2, lambda two, who, place, again: two.mirror_is_read(who, "wish")),
    (2, lambda two, who, place, again: two.mirror_is_read(1 - who, "permit")),
    (1, lambda two, who, place, again: two.mirror_is_read(place % 2, "block")),
    (5, lambda two, who, place, again: two.mirror_is_written(place, again)),
]
STEPS = st.lists(
    st.tuples(
        st.sampled_from([deed for weight, deed in DEEDS for _ in range(weight)]),
        st.sampled_from([A, A, A, A, B]),
        st.integers(0, 5),
        st.booleans(),
    ),
    min_size=40,
    max_size=60,
)


def walk(run_jobs: Callable[..., Any], examples: int, phases: list[Phase]) -> None:
    """Try so many stories of the two; the shortest one that goes wrong is printed."""

    @settings(
        max_examples=examples,
        phases=phases,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(STEPS)
    def story(steps: list[Any]) -> None:
        two = Two()
        for deed, who, place, again in steps:
            deed(two, who, place, again)
            two.rows_say_what_the_model_says()
        two.ends(run_jobs)

    story()


def test_nothing_crosses(network: Any, run_jobs: Callable[..., Any]) -> None:
    walk(run_jobs, EXAMPLES, [Phase.generate, Phase.shrink])


def _any_answer_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairs.Pair, "unanswered", property(lambda pair: pair.wish_on and not pair.answers))


def _older_wishes_count(monkeypatch: pytest.MonkeyPatch) -> None:
    def wished(pair: pairs.Pair, on: bool, version: int, now: Any) -> pairs.Pair:
        return replace(pair, wish_on=on, wish_version=version)

    monkeypatch.setattr(pairs, "wished", wished)


def _older_permits_count(monkeypatch: pytest.MonkeyPatch) -> None:
    def permitted(
        pair: pairs.Pair, state: Any, answers: int, version: int, now: Any, **more: Any
    ) -> pairs.Pair:
        return replace(pair, state=state, answers=answers, permit_version=version)

    monkeypatch.setattr(pairs, "permitted", permitted)


def _a_block_leaves_follows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follows, "part", lambda tx, actor_id, target_id: [])


def _a_wish_does_not_meet_the_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "blocking", lambda tx, keys: set())


def _counters_count_deliveries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follows.Change, "flip", property(lambda change: int(change.after.in_force)))


@pytest.mark.damages("it plants bugs into follows to see them found")
@pytest.mark.parametrize(
    "plant",
    [
        _any_answer_counts,
        _older_wishes_count,
        _older_permits_count,
        _a_block_leaves_follows,
        _a_wish_does_not_meet_the_block,
        _counters_count_deliveries,
    ],
)
def test_a_planted_bug_is_found(
    plant: Callable[[pytest.MonkeyPatch], None], run_jobs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch)
    with pytest.raises((AssertionError, NotFound, psycopg.errors.CheckViolation, ExceptionGroup)):
        walk(run_jobs, 4 * EXAMPLES, [Phase.generate])
