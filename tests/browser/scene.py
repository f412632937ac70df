"""A small network in which every page has something to show, made by the flows that people use.

Alice runs the network, and has photos, likes, comments and somebody blocked; Erin has nothing at all; who has a long
name has requests.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

from heliograph.embedded.demo import cast
from heliograph.flows import (
    administrators,
    block,
    comment,
    edit_profile,
    follow,
    like,
    post_photo,
    upload_photo,
)
from heliograph.pages import photo as photo_page
from heliograph.sharding import ids
from heliograph.web import composing
from tests.browser import numbers
from tests.harness.cage import wait_until
from tests.harness.people import Somebody, make_person

LONG_NAME = "a_name_of_thirty_letters_is_ok"


@dataclass(frozen=True)
class Scene:
    """Who is there, and the addresses of what they made."""

    alice: Somebody
    erin: Somebody
    long: Somebody
    photo: str  # /p/…, Alice's with comments
    photo_id: int
    bob_id: int


def build() -> Scene:
    """The people, their photos and what they did; returns when the photos are developed."""
    alice = make_person("alice", full_name="Alice Amsel")
    bob = make_person("bob", full_name="Bob Brand")
    carol = make_person("carol", private=True, full_name="Carol Castro")
    dave = make_person("dave")
    long = make_person(LONG_NAME, full_name="Somebody With A Very Long Name Which Has No End In Sight Yet")
    erin = make_person("erin")
    edit_profile.edit(
        alice.id, bio="Early light, mostly.\nשלום from the sea", website="https://example.org/alice"
    )
    for actor, owner in ((bob, alice), (alice, bob), (alice, long), (long, alice)):
        follow.follow(actor.id, owner.id)
    edit_profile.edit(long.id, private=True)
    for actor in (bob, carol):
        follow.follow(actor.id, long.id)  # a request
    block.block(alice.id, dave.id)
    photos = [
        _post(
            alice,
            "heron",
            "The first visitor, before the #storm. With @bob",
            "A grey heron in flight",
            "reykjavik",
        ),
        _post(alice, "clock", "A_word_without_any_place_to_break_it_" + "x" * 120, ""),
        _post(bob, "caterpillar", "Small", "A caterpillar on a leaf"),
    ]
    for photo_id, owner in zip(photos, (alice, alice, bob), strict=True):
        _developed(owner, photo_id)
    for actor in (bob, long):
        like.add(actor.id, photos[0])
    comment.add(bob.id, photos[0], "That sky! Where is this, @alice?")
    comment.add(long.id, photos[0], "مرحبا " + "so calm " * 30)
    administrators.claim(administrators.make_link().rsplit("/", 1)[1], alice.id)
    numbers.fill()
    return Scene(alice, erin, long, f"/p/{ids.short_code(photos[0])}", photos[0], bob.id)


class _File(io.BytesIO):
    @property
    def length(self) -> int:
        return len(self.getvalue())


def _post(owner: Somebody, photo: str, caption: str, alt_text: str, town: str = "") -> int:
    upload = upload_photo.accept(owner.id, _File(cast.picture(photo).read_bytes()))
    place = composing.town(town) if town else None
    return post_photo.post(owner.id, upload_id=upload.id, caption=caption, alt_text=alt_text, place=place)


def _developed(viewer: Somebody, photo_id: int) -> None:
    wait_until(lambda: photo_page.one(viewer.id, photo_id).state == "published", "developed", seconds=30)
