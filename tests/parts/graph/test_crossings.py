"""Approve, cancel, re-request, remove and block cannot cross, whatever is late, doubled or out of order.

Two people on two nodes do things to each other. What is to be mirrored is read at one moment and delivered at any
later one, perhaps twice. After every step both rows of both follows say what a model of twenty lines says.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from heliograph.core.errors import NotFound
from heliograph.flows import block, edit_profile, follow
from heliograph.graph import follows
from heliograph.sharding import outbox, sessions
from tests.parts.graph import rows
from tests.parts.graph.people import somebody

A, B = 0, 1
ACTORS = st.sampled_from([A, B])


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


class Two(RuleBasedStateMachine):
    run_jobs: Callable[..., Any]

    def __init__(self) -> None:
        super().__init__()
        self.ids = (somebody(1).id, somebody(5).id)
        self.follow = {(A, B): Follow(), (B, A): Follow()}
        self.blocks: set[tuple[int, int]] = set()
        self.private = [False, False]
        self.under_way: list[tuple[str, tuple[int, int], list[outbox.Row], Any]] = []

    @rule(actor=ACTORS)
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

    @rule(actor=ACTORS)
    def unfollows(self, actor: int) -> None:
        self.follow[actor, 1 - actor].drop()
        follow.unfollow(self.ids[actor], self.ids[1 - actor])

    @rule(owner=ACTORS)
    def approves(self, owner: int) -> None:
        it = self.follow[1 - owner, owner]
        view = it.owners_view()
        if view == "pending":
            it.answer("granted")
        self._do(
            lambda: follow.approve(self.ids[owner], self.ids[1 - owner]),
            follows.NoRequest if view == "denied" else None,
        )

    @rule(owner=ACTORS, deed=st.sampled_from([follow.deny, follow.remove]))
    def refuses(self, owner: int, deed: Callable[[int, int], None]) -> None:
        self._refused(owner)
        deed(self.ids[owner], self.ids[1 - owner])

    @rule(actor=ACTORS)
    def blocks_them(self, actor: int) -> None:
        target = 1 - actor
        if (target, actor) in self.blocks and (actor, target) not in self.blocks:
            self._do(lambda: block.block(self.ids[actor], self.ids[target]), NotFound)
            return
        self.blocks.add((actor, target))
        self._refused(actor)
        self.follow[actor, target].drop()
        block.block(self.ids[actor], self.ids[target])

    @rule(actor=ACTORS)
    def unblocks(self, actor: int) -> None:
        self.blocks.discard((actor, 1 - actor))
        block.unblock(self.ids[actor], self.ids[1 - actor])

    @rule(owner=ACTORS)
    def goes_private_or_public(self, owner: int) -> None:
        self.private[owner] = not self.private[owner]
        edit_profile.edit(self.ids[owner], private=self.private[owner])

    @rule(owner=ACTORS)
    def job_grants(self, owner: int) -> None:
        self._granted(owner)
        follow.grant_pending(self.ids[owner])

    @rule(actor=ACTORS, kind=st.sampled_from(["wish", "permit", "block"]))
    def mirror_is_read(self, actor: int, kind: str) -> None:
        pair = (actor, 1 - actor)
        read = outbox.MIRRORS[kind].read(sessions.reader(), [(self.ids[actor], self.ids[1 - actor])])
        means: Any = None
        if kind == "wish":
            means = self.follow[pair].wish
        elif kind == "permit":
            means = self.follow[1 - actor, actor].permit
        self.under_way.append((kind, pair, read, means))

    @rule(place=st.integers(0, 20), again=st.booleans())
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

    @invariant()
    def rows_say_what_the_model_says(self) -> None:
        for (actor, owner), it in self.follow.items():
            here = rows.following(self.ids[actor], self.ids[owner])
            there = rows.follower(self.ids[owner], self.ids[actor])
            assert rows.view(here) == it.followers_view()
            assert rows.view(there) == it.owners_view()
            assert rows.counts(self.ids[owner])[0] == int(it.owners_view() == "granted")
            assert rows.counts(self.ids[actor])[1] == int(it.followers_view() == "granted")

    def teardown(self) -> None:
        Two.run_jobs()
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


def test_nothing_crosses(network: Any, run_jobs: Callable[..., Any]) -> None:
    Two.run_jobs = staticmethod(run_jobs)
    run_state_machine_as_test(
        Two,
        settings=settings(
            max_examples=30,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
