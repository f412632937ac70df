"""A little network and its oracle, side by side: every deed is done to both, `check` compares what people see.

Jobs wait until `work()`, but for what decides who follows whom: two follows that cross are another test's business.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

from heliograph.core import clock, environment, valkey
from heliograph.core.errors import HeliographError
from heliograph.feed import home as lists
from heliograph.flows import block, delete_photo, edit_profile, follow, replay
from heliograph.pages import home
from tests.harness import people
from tests.harness.jobs import Runner
from tests.harness.servers import Network
from tests.oracle import album
from tests.oracle.oracle import Oracle

#: Who, and on which shard: two on each node.
NAMES = {"ada": 1, "ben": 5, "cleo": 2, "dora": 6}
_GRAPH = ("outbox", "grant_pending.v1")


class World:
    """Four people, feeds of four photos, and everything that can happen to them."""

    def __init__(self, network: Network, runner: Runner) -> None:
        network.wipe()
        environment.use(replace(environment.get(), feed_max=4, feed_trim_slack=1, feed_chunk_readers=2))
        self.runner = runner
        self.oracle = Oracle()
        self.ids = {name: people.make_person(name, shard=shard).id for name, shard in NAMES.items()}
        self.drafts: list[tuple[int, str]] = []
        self.life = 1
        self.saved: dict[str, list[bytes]] = {}
        self._meanwhile: Callable[[], None] | None = None
        self._really = (valkey.run_id, home.newest, environment.get())
        valkey.run_id = lambda: f"life-{self.life}"
        home.newest = self._newest  # type: ignore[assignment]
        self.work()
        self.save()

    def close(self) -> None:
        valkey.run_id, home.newest, used = self._really  # type: ignore[assignment]
        environment.use(replace(used, feed_max=500, feed_trim_slack=50, feed_chunk_readers=1000))
        clock.shift(timedelta())

    # What people do.

    def post(self, owner: str) -> None:
        self.draft(owner)
        self.publish(len(self.drafts) - 1)

    def draft(self, owner: str, *, hours_ago: int = 0) -> None:
        at = clock.now() - timedelta(hours=hours_ago) if hours_ago else None
        self.drafts.append((album.draft(self.ids[owner], at=at), owner))

    def publish(self, place: int, *, before_commit: Callable[[], None] = lambda: None) -> None:
        photo_id, owner = self.drafts.pop(place)
        album.publish(self.ids[owner], photo_id, before_commit=before_commit)
        self.oracle.photos[photo_id] = owner

    def delete(self, photo_id: int) -> None:
        owner = self.oracle.photos.pop(photo_id)
        delete_photo.delete(self.ids[owner], photo_id)

    def follow(self, actor: str, owner: str) -> None:
        self._deed(follow.follow, actor, owner)
        self.oracle.follow(actor, owner)

    def unfollow(self, actor: str, owner: str) -> None:
        self._deed(follow.unfollow, actor, owner)
        self.oracle.part(actor, owner)

    def approve(self, owner: str, actor: str) -> None:
        self._deed(follow.approve, owner, actor)
        self.oracle.approve(owner, actor)

    def remove(self, owner: str, actor: str) -> None:
        self._deed(follow.remove, owner, actor)
        self.oracle.part(actor, owner)

    def block(self, actor: str, other: str) -> None:
        self._deed(block.block, actor, other)
        self.oracle.block(actor, other)

    def unblock(self, actor: str, other: str) -> None:
        self._deed(block.unblock, actor, other)
        self.oracle.blocks.discard((actor, other))

    def go(self, owner: str, *, private: bool) -> None:
        edit_profile.edit(self.ids[owner], private=private)
        self._settle()
        self.oracle.go(owner, private=private)

    def _deed(self, deed: Callable[[int, int], Any], one: str, other: str) -> None:
        with suppress(HeliographError):  # what may not be done is left undone: the oracle says so, too
            deed(self.ids[one], self.ids[other])
        self._settle()

    def _settle(self) -> None:
        self.runner.run_jobs(only=lambda task: task in _GRAPH)

    # What becomes of the copies.

    def flush(self) -> None:
        valkey.call("FLUSHALL")

    def lose(self, reader: str) -> None:
        lists.forget([self.ids[reader]])

    def save(self) -> None:
        """What a Valkey would have on its disk now."""
        replay.watch()
        self.saved = {key: valkey.call("LRANGE", key, 0, -1) for key in self._keys()}
        self.sign = valkey.call("GET", replay.SIGN)

    def crash(self, *, minutes_old: int = 0) -> None:
        """Valkey comes back with what was saved, and the worker notices."""
        valkey.call("FLUSHALL")
        for key, elements in self.saved.items():
            valkey.call("RPUSH", key, *elements)
        life, at_ms = self.sign.decode().split()
        valkey.call("SET", replay.SIGN, f"{life} {int(at_ms) - minutes_old * 60_000}")
        self.life += 1
        replay.watch()
        self.work()
        self.save()

    def _keys(self) -> list[str]:
        return [key for key in map(lists.key, self.ids.values()) if valkey.call("EXISTS", key)]

    # What people see.

    def work(self) -> None:
        """The worker does what waits: everything twice, two at a time, in any order."""
        self.runner.run_jobs()

    def see(self, reader: str, count: int = 3) -> list[int]:
        """What somebody sees who pages to the end."""
        seen: list[int] = []
        cursor: str | None = None
        for _ in range(100):
            page = home.page(self.ids[reader], count=count, cursor=cursor)
            seen += [card.id for card in page.items]
            cursor = page.next_cursor
            if cursor is None:
                return seen
        raise AssertionError("paging never ends")

    def visit_while(self, reader: str, happens: Callable[[], None]) -> None:
        """Somebody comes without a list; while it is being made, after the nodes were read, something happens."""
        self.lose(reader)
        self._meanwhile = happens
        home.page(self.ids[reader], count=1)
        self._meanwhile = None

    def _newest(self, *args: Any) -> Any:
        found = self._really[1](*args)
        happens, self._meanwhile = self._meanwhile, None
        if happens is not None:
            happens()
        return found

    def check(self, reader: str, count: int = 3) -> None:
        """When the work is done, everybody sees what they should: exactly, once, newest first."""
        self.work()
        seen, right = self.see(reader, count), self.oracle.feed(reader)
        assert seen == right, f"{reader} sees {seen}, and should see {right}"

    def glance(self, reader: str) -> None:
        """Before the work is done: nothing deleted, and nobody whom the reader has left or blocked."""
        allowed = set(self.oracle.feed(reader))
        seen = self.see(reader)
        assert set(seen) <= allowed, f"{reader} sees {set(seen) - allowed}, which they should not"
        assert seen == sorted(set(seen), reverse=True)
