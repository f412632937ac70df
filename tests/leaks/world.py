"""A small world in which everything can leak: a public and a private owner with photos in every state, and everybody
who might look. Names and words are unlike any other text, so that finding them in an answer means something.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from io import BytesIO
from typing import Any

from heliograph.flows import (
    block,
    comment,
    delete_account,
    delete_photo,
    edit_profile,
    follow,
    like,
    post_photo,
    suspend,
    upload_photo,
    web_sessions,
)
from heliograph.sharding import sessions
from tests import corpus
from tests.harness.client import TestClient
from tests.harness.people import Somebody, make_person
from tests.parts.api.speaker import Speaker

STATES = ("published", "deleted", "failed", "processing")

_NAMES = (
    *("olga", "pia", "sven"),
    *("stranger", "follower", "requester", "blocked", "blocker", "gone", "leaver", "commenter"),
)
_FAIL = (
    "UPDATE {s}.photo SET state = 'failed', error_code = 'unprocessable', version = version + 1 WHERE id = %s"
)


@dataclass
class Looker:
    """Somebody who looks, through the API and with a browser."""

    name: str
    somebody: Somebody | None
    api: Speaker
    browser: TestClient

    @property
    def id(self) -> int | None:
        return None if self.somebody is None else self.somebody.id


@dataclass
class World:
    lookers: dict[str, Looker] = field(default_factory=dict)
    owners: dict[str, Somebody] = field(default_factory=dict)
    photos: dict[tuple[str, str], int] = field(default_factory=dict)  # by owner's name and state
    void: list[str] = field(default_factory=list)  # addresses of pictures that serve nobody any more


class _File(BytesIO):
    @property
    def length(self) -> int:
        return len(self.getbuffer())


def build(run_jobs: Callable[..., Any]) -> World:
    """Build it by the deeds of people, and drain."""
    world = World()
    people = {name: make_person(f"zz.{name}", full_name=f"Zz {name}") for name in _NAMES}
    world.owners = {name: people[name] for name in ("olga", "pia", "sven")}
    _befriend(people, run_jobs)
    _post(world, people, "published", run_jobs)
    _talk(world, people, run_jobs)
    world.void += _addresses(world, people)
    edit_profile.edit(people["pia"].id, private=True)
    _fall_out(world, people, run_jobs)
    _post_more(world, people, run_jobs)
    for name in (
        "stranger",
        "follower",
        "requester",
        "blocked",
        "blocker",
        "gone",
        "leaver",
        "commenter",
        "olga",
        "pia",
    ):
        world.lookers[name] = _looker(name, people[name])
    world.lookers["anonymous"] = Looker("anonymous", None, Speaker(), TestClient())
    for name in ("gone", "sven"):
        suspend.suspend(people[name].id)
    delete_account.begin(people["leaver"].id, timedelta(days=7))
    run_jobs()
    for owner in ("olga", "pia"):
        world.photos[owner, "processing"] = _photo(people[owner], "processing")
    return world


def _befriend(people: dict[str, Somebody], run_jobs: Callable[..., Any]) -> None:
    for actor in ("follower", "blocked", "blocker", "gone", "leaver", "commenter"):
        for owner in ("olga", "pia", "sven"):
            follow.follow(people[actor].id, people[owner].id)
    follow.follow(people["pia"].id, people["olga"].id)
    follow.follow(people["olga"].id, people["commenter"].id)
    run_jobs()


def _post(world: World, people: dict[str, Somebody], state: str, run_jobs: Callable[..., Any]) -> None:
    for owner in world.owners:
        world.photos[owner, state] = _photo(people[owner], state)
    run_jobs()


def _photo(owner: Somebody, state: str) -> int:
    upload = upload_photo.accept(owner.id, _File(corpus.jpeg(320, 320)))
    return post_photo.post(
        owner.id,
        upload_id=upload.id,
        caption=f"Secret words of {owner.username} {state} for @zz.stranger @zz.blocker @zz.follower",
        alt_text=f"Secret sight of {owner.username} {state}",
    )


def _talk(world: World, people: dict[str, Somebody], run_jobs: Callable[..., Any]) -> None:
    """Everybody says something while they still may."""
    for owner in world.owners:
        photo = world.photos[owner, "published"]
        for name in ("follower", "blocked", "blocker", "gone", "leaver", "commenter", "sven"):
            like.add(people[name].id, photo)
            named = {"commenter": "@zz.follower @zz.stranger @zz.blocked", "blocked": "@zz.pia @zz.gone"}
            comment.add(people[name].id, photo, f"Secret remark of {name} to {owner} {named.get(name, '')}")
    run_jobs()


def _addresses(world: World, people: dict[str, Somebody]) -> list[str]:
    """Where pictures of today lie; of Pia, who goes private, and of what will be gone."""
    seen = Speaker(people["stranger"]).get(f"/media/{world.photos['pia', 'published']}").data
    urls: list[str] = [image["url"] for image in seen["images"].values()]
    return urls


def _fall_out(world: World, people: dict[str, Somebody], run_jobs: Callable[..., Any]) -> None:
    for owner in ("olga", "pia", "sven"):
        block.block(people[owner].id, people["blocked"].id)
        block.block(people["blocker"].id, people[owner].id)
    # The follower wants to see nothing of the commenter; the stranger is seen nothing of by them.
    block.block(people["follower"].id, people["commenter"].id)
    follow.follow(people["requester"].id, people["pia"].id)
    run_jobs()


def _post_more(world: World, people: dict[str, Somebody], run_jobs: Callable[..., Any]) -> None:
    """Photos that are gone or failed; the last ones stay in the works, since nothing is drained after them."""
    for owner in ("olga", "pia"):
        failed = world.photos[owner, "failed"] = _photo(people[owner], "failed")
        sessions.write(failed, lambda tx, id=failed: tx.run(_FAIL, (id,)))  # type: ignore[misc]
        world.photos[owner, "deleted"] = _photo(people[owner], "deleted")
    run_jobs()
    for owner in ("olga", "pia"):
        deleted = world.photos[owner, "deleted"]
        like.add(people["follower"].id, deleted)
        seen = Speaker(people[owner]).get(f"/media/{deleted}").data
        world.void += [image["url"] for image in seen["images"].values()]
        delete_photo.delete(people[owner].id, deleted)
    run_jobs()


def _looker(name: str, somebody: Somebody) -> Looker:
    browser = TestClient()
    browser.cookies["session"] = web_sessions.open(somebody.id, "leaks")
    return Looker(name, somebody, Speaker(somebody), browser)
