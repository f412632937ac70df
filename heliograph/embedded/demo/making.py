"""Making the demo: sign up, follow, upload, post, like, comment, by the flows that doors use; the worker does the rest.

May be ended at any moment and begun anew: what the ledger has is left alone, and a deed that was done but not
noted is done again, which changes nothing (idempotency keys; likes and follows are so by themselves).
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from heliograph.accounts.models import Person
from heliograph.core.errors import NotFound, Unavailable
from heliograph.embedded.demo import cast as casts
from heliograph.embedded.demo.cast import Cast, Member, Shot
from heliograph.embedded.demo.ledger import Ledger
from heliograph.flows import (
    comment,
    edit_profile,
    follow,
    like,
    look_around,
    post_photo,
    sign_up,
    upload_photo,
)
from heliograph.media import filters
from heliograph.media.places import spots
from heliograph.pages import cards, home
from heliograph.sharding.ids import PersonId

PATIENCE_SECONDS = 60.0  # for what the worker and the cage do
T = TypeVar("T")


class Unfinished(Exception):
    """The message says what did not come about."""


@dataclass(frozen=True)
class _Step:
    """One piece of work; `about` is what people read while it is done."""

    about: str
    deed: str
    make: Callable[[], int]


class Making:
    """Makes a cast. `wait` lets the worker go on for a moment; `tell(done, of, about)` says how far it is."""

    def __init__(
        self, cast: Cast, ledger: Ledger, *, wait: Callable[[], object], tell: Callable[[int, int, str], None]
    ) -> None:
        self._cast = cast
        self._ledger = ledger
        self._wait = wait
        self._tell = tell

    def all(self) -> None:
        """Everything that is missing. Raises Unfinished, and what flows raise."""
        steps = [*self._people(), *self._friends(), *self._photos(), *self._reactions()]
        for number, step in enumerate(steps):
            if step.deed not in self._ledger:
                self._tell(number, len(steps), step.about)
                self._ledger.done(step.deed, step.make())
        self._tell(len(steps), len(steps), "done")

    def _people(self) -> Iterator[_Step]:
        for member in self._cast.members.values():
            yield _Step("people", f"person {member.name}", partial(self._join, member))
        for member in self._cast.members.values():
            yield _Step("people", f"profile {member.name}", partial(self._introduce, member))

    def _friends(self) -> Iterator[_Step]:
        for member in self._cast.members.values():
            yield _Step("follows", f"follows {member.name}", partial(self._follow, member))
        for member in self._cast.members.values():
            if member.private:
                yield _Step("follows", f"lets in {member.name}", partial(self._let_in, member))

    def _photos(self) -> Iterator[_Step]:
        for shot in self._cast.shots:
            yield _Step("photos", f"photo {shot.file}", partial(self._post, shot))
        yield _Step("developing", "developed", self._develop)

    def _reactions(self) -> Iterator[_Step]:
        for shot in self._cast.shots:
            yield _Step("likes", f"likes {shot.file}", partial(self._like, shot))
            for number, (name, words) in enumerate(shot.comments):
                deed = f"comment {shot.file} {number}"
                yield _Step(
                    "comments",
                    deed,
                    partial(self._say, shot, name, words, deed),
                )

    def _id(self, name: str) -> PersonId:
        return self._ledger.id(f"person {name}")

    def _join(self, member: Member) -> int:
        """Nobody ever knows the password: the only way in is the button (flows/look_around.py)."""
        email = look_around.address_of(member.name)
        found = Person.objects.filter(username=member.name, email=email).first()
        if found is not None:  # an earlier run was ended before it could note it
            return found.id
        return sign_up.sign_up(member.name, email, secrets.token_urlsafe(32), member.full_name, address=None)

    def _introduce(self, member: Member) -> int:
        id = self._id(member.name)
        edit_profile.edit(id, bio=member.bio, website=member.website, private=member.private)
        if member.face:
            edit_profile.set_avatar(id, self._upload(id, member.face))
        return id

    def _follow(self, member: Member) -> int:
        for name in member.follows:
            follow.follow(self._id(member.name), self._id(name))
        return 0

    def _let_in(self, owner: Member) -> int:
        for name in self._cast.lets_in(owner):
            self._patiently(partial(follow.approve, self._id(owner.name), self._id(name)))
        return 0

    def _post(self, shot: Shot) -> int:
        owner_id = self._id(shot.by)
        return post_photo.post(
            owner_id,
            upload_id=self._upload(owner_id, shot.file, key=f"demo upload {shot.file}"),
            caption=shot.caption,
            alt_text=shot.alt,
            filter_name=shot.filter if shot.filter in filters.names() else "",
            place=spots.reduced(shot.level, *shot.at) if shot.at else None,
            taken_at=shot.taken,
            idempotency_key=f"demo post {shot.file}",
        )

    def _upload(self, owner_id: PersonId, file: str, key: str | None = None) -> int:
        with casts.picture(file).open("rb") as body:
            return upload_photo.accept(owner_id, _Body(body.read()), idempotency_key=key).id

    def _develop(self) -> int:
        """Wait until the worker has published all photos."""
        until = time.monotonic() + PATIENCE_SECONDS
        while waiting := [card for name in self._cast.members for card in home.arriving(self._id(name))]:
            failed = [card for card in waiting if card.state == "failed"]
            if failed:
                raise Unfinished(f"{len(failed)} photos could not be made ({failed[0].error_code}).")
            if time.monotonic() > until:
                raise Unfinished(f"{len(waiting)} photos were not made in time.")
            self._wait()
        return 0

    def _like(self, shot: Shot) -> int:
        photo_id = self._photo(shot)
        for name in self._cast.likers(shot) if photo_id else ():
            self._patiently(partial(like.add, self._id(name), photo_id))
        return 0

    def _say(self, shot: Shot, name: str, words: str, deed: str) -> int:
        photo_id = self._photo(shot)
        if not photo_id:
            return 0
        who, key = self._id(name), f"demo {deed}"
        return self._patiently(lambda: comment.add(who, photo_id, words, idempotency_key=key))

    def _photo(self, shot: Shot) -> int:
        """The photo's id; 0 when somebody has deleted it since."""
        photo_id = self._ledger.id(f"photo {shot.file}")
        return photo_id if cards.photos(self._id(shot.by), [photo_id]) else 0

    def _patiently(self, deed: Callable[[], T]) -> T:
        """Once more, and again, while what it needs is still on its way from the other side."""
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return deed()
            except (NotFound, Unavailable):
                if time.monotonic() > until:
                    raise
            self._wait()


class _Body:
    """A file's bytes as a body that arrives."""

    def __init__(self, data: bytes) -> None:
        self._data = memoryview(data)
        self._at = 0

    @property
    def length(self) -> int | None:
        return len(self._data)

    def read(self, size: int, /) -> bytes:
        piece = bytes(self._data[self._at : self._at + size])
        self._at += len(piece)
        return piece
