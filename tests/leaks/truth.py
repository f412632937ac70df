"""Who may see what, computed from the tables of the shards and nothing else of the application.

No page, flow or part is asked: the rules stand here a second time, in the shortest words, so that a check that is
taken out there is missed here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from heliograph.core import trips
from heliograph.sharding import sessions
from heliograph.sharding.ids import short_code

_EVERYTHING = """
SELECT 'person', jsonb_build_array(id, username, state, private) FROM {s}.person
UNION ALL SELECT 'photo', jsonb_build_array(id, owner_id, state, token, caption, alt_text) FROM {s}.photo
UNION ALL SELECT 'comment', jsonb_build_array(id, photo_id, author_id, "on", text) FROM {s}.comment
UNION ALL SELECT 'follower', jsonb_build_array(owner_id, actor_id, state) FROM {s}.follower
    WHERE wish_on AND answers = wish_version
UNION ALL SELECT 'following', jsonb_build_array(actor_id, owner_id, state) FROM {s}.following
    WHERE wish_on AND answers = wish_version
UNION ALL SELECT 'wish', jsonb_build_array(actor_id, owner_id, wish_version) FROM {s}.following WHERE wish_on
UNION ALL SELECT 'block', jsonb_build_array(actor_id, target_id) FROM {s}.block WHERE "on"
UNION ALL SELECT 'arrived', jsonb_build_array(actor_id, target_id) FROM {s}.blocked_by WHERE "on"
UNION ALL SELECT 'like', jsonb_build_array(photo_id, actor_id) FROM {s}.photo_like WHERE "on"
"""


@dataclass(frozen=True)
class Person:
    id: int
    username: str
    state: str
    private: bool


@dataclass(frozen=True)
class Photo:
    id: int
    owner: int
    state: str
    token: str
    caption: str
    alt_text: str

    @property
    def code(self) -> str:
        return short_code(self.id)


@dataclass(frozen=True)
class Comment:
    id: int
    photo: int
    author: int
    on: bool
    text: str


@dataclass
class Truth:
    """All rows that decide, and the decisions. A viewer of None is somebody not signed in."""

    people: dict[int, Person] = field(default_factory=dict)
    photos: dict[int, Photo] = field(default_factory=dict)
    comments: dict[int, Comment] = field(default_factory=dict)
    follower: set[tuple[int, int]] = field(default_factory=set)  # (owner, actor), in force by the owner's row
    asked: set[tuple[int, int]] = field(default_factory=set)  # (owner, actor)
    following: set[tuple[int, int]] = field(
        default_factory=set
    )  # (actor, owner), in force by the actor's row
    blocks: set[tuple[int, int]] = field(default_factory=set)  # (actor, target), known on both sides
    likes: set[tuple[int, int]] = field(default_factory=set)  # (photo, actor)
    wishes: set[tuple[int, int, int]] = field(default_factory=set)  # (actor, owner, version), answered or not

    def knows(self, viewer: int | None, person: int) -> bool:
        """Whether the person exists for the viewer at all."""
        found = self.people.get(person)
        if found is None or found.state != "active":
            return False
        return viewer is None or not {(viewer, person), (person, viewer)} & self.blocks

    def sees_photos_of(self, viewer: int | None, owner: int) -> bool:
        if not self.knows(viewer, owner):
            return False
        return viewer == owner or not self.people[owner].private or (owner, viewer) in self.follower

    def sees(self, viewer: int | None, photo: int) -> bool:
        found = self.photos.get(photo)
        if found is None or not self.sees_photos_of(viewer, found.owner):
            return False
        return found.state == "published" or (
            viewer == found.owner and found.state in ("processing", "failed")
        )

    def reads(self, viewer: int | None, comment: int) -> bool:
        found = self.comments[comment]
        return found.on and self.sees(viewer, found.photo) and self.knows(viewer, found.author)

    def comments_of(self, viewer: int | None, photo: int) -> set[int]:
        return {it.id for it in self.comments.values() if it.photo == photo and self.reads(viewer, it.id)}

    def likers_of(self, viewer: int | None, photo: int) -> set[int]:
        return {actor for liked, actor in self.likes if liked == photo and self.knows(viewer, actor)}

    def followers_of(self, viewer: int | None, owner: int) -> set[int]:
        return {actor for of, actor in self.follower if of == owner and self.knows(viewer, actor)}

    def followed_by(self, viewer: int | None, actor: int) -> set[int]:
        return {owner for of, owner in self.following if of == actor and self.knows(viewer, owner)}

    def published_by(self, viewer: int | None, owners: Iterable[int]) -> set[int]:
        of = set(owners)
        return {
            it.id
            for it in self.photos.values()
            if it.owner in of and it.state == "published" and self.sees(viewer, it.id)
        }

    def activity_of(self, viewer: int) -> list[tuple[str, int, int, int]]:
        """(kind, actor, photo, comment) of all that happened to somebody, but for answers to their requests."""
        name = f"@{self.people[viewer].username}"
        mine = {
            photo.id
            for photo in self.photos.values()
            if photo.owner == viewer and self.sees(viewer, photo.id)
        }
        told = [("like", actor, photo, 0) for photo, actor in self.likes if photo in mine]
        told += [("follow", actor, 0, 0) for owner, actor in self.follower if owner == viewer]
        for it in self.comments.values():
            if self.reads(viewer, it.id) and (it.photo in mine or name in it.text.split()):
                kind = "comment" if it.photo in mine else "mention"
                told.append((kind, it.author, it.photo, it.id))
        told += [
            ("mention", it.owner, it.id, 0)
            for it in self.photos.values()
            if it.state == "published" and self.sees(viewer, it.id) and name in it.caption.split()
        ]
        return sorted(it for it in told if it[1] != viewer and self.knows(viewer, it[1]))

    def feed_of(self, viewer: int) -> set[int]:
        return self.published_by(viewer, {viewer, *self.followed_by(viewer, viewer)})

    def news_of(self, viewer: int) -> set[int]:
        return {photo for photo in self.feed_of(viewer) if self.photos[photo].owner != viewer}


def load() -> Truth:
    """The truth now. Its round trips are not counted: tests that count theirs may be listened to."""
    before, trips._local.made = getattr(trips._local, "made", None), None
    try:
        rows = sessions.reader().everywhere(_EVERYTHING)
    finally:
        trips._local.made = before
    return _of(rows)


def _of(rows: Iterable[tuple[Any, ...]]) -> Truth:
    truth = Truth()
    arrived: set[tuple[int, int]] = set()
    for kind, values in rows:
        match kind:
            case "person":
                truth.people[values[0]] = Person(*values)
            case "photo":
                truth.photos[values[0]] = Photo(*values)
            case "comment":
                truth.comments[values[0]] = Comment(*values)
            case "follower" if values[2] == "granted":
                truth.follower.add((values[0], values[1]))
            case "follower" if values[2] == "pending":
                truth.asked.add((values[0], values[1]))
            case "following" if values[2] == "granted":
                truth.following.add((values[0], values[1]))
            case "block":
                truth.blocks.add((values[0], values[1]))
            case "arrived":
                arrived.add((values[0], values[1]))
            case "like":
                truth.likes.add((values[0], values[1]))
            case "wish":
                truth.wishes.add((values[0], values[1], values[2]))
    # The stated bound: a block holds everywhere as soon as the other side has heard of it.
    truth.blocks &= arrived
    return truth
