"""From what a page shows to the objects of the wire: exact keys, ids as strings, times as strings of epoch seconds.

Old clients are strict, so every object has the keys of api/schemas.py and no others; a test holds every answer
against them. A photo's card is the same object for as long as its content is the same (pages/parts.py), so its bytes
are made once and then put into answers as they are.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any, Protocol

import orjson

from heliograph.core import environment
from heliograph.media import recipes
from heliograph.media.places.spots import Spot
from heliograph.pages.cards import CommentCard, PersonCard, PhotoCard
from heliograph.sharding.ids import short_code

_REMEMBERED = 2000  # photos, 2-3 KB each
_UNFILTERED = "Normal"

#: The names of the old sizes, by width; `images_large` stands apart, old clients know three.
_IMAGES = {"thumbnail": 150, "low_resolution": 320, "standard_resolution": 640}
_LARGE = 1080


class Relationship(Protocol):
    @property
    def outgoing_status(self) -> str: ...
    @property
    def incoming_status(self) -> str: ...
    @property
    def target_user_is_private(self) -> bool: ...


class Happened(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def at(self) -> datetime: ...
    @property
    def actor(self) -> PersonCard: ...
    @property
    def photo(self) -> PhotoCard | None: ...
    @property
    def comment(self) -> CommentCard | None: ...


class Profile(Protocol):
    @property
    def person(self) -> PersonCard: ...
    @property
    def bio(self) -> str: ...
    @property
    def website(self) -> str: ...
    @property
    def photos(self) -> int: ...
    @property
    def followers(self) -> int: ...
    @property
    def following(self) -> int: ...


def person(card: PersonCard) -> dict[str, Any]:
    """UserShort."""
    return {
        "id": str(card.id),
        "username": card.username,
        "full_name": card.full_name,
        "profile_picture": _absolute(card.avatar_url),
    }


def profile(page: Profile) -> dict[str, Any]:
    """User."""
    return person(page.person) | {
        "bio": page.bio,
        "website": page.website,
        "counts": {"media": page.photos, "follows": page.following, "followed_by": page.followers},
    }


def comment(card: CommentCard) -> dict[str, Any]:
    """Comment."""
    return {
        "id": str(card.id),
        "created_time": seconds(card.created_at),
        "text": card.text,
        "from": person(card.author),
    }


def activity(entry: Happened) -> dict[str, Any]:
    """Activity."""
    return {
        "id": entry.id,
        "kind": entry.kind,
        "created_time": seconds(entry.at),
        "actor": person(entry.actor),
        "media": None if entry.photo is None else photo(entry.photo),
        "comment": None if entry.comment is None else comment(entry.comment),
    }


def relationship(between: Relationship) -> dict[str, Any]:
    """Relationship, its three keys."""
    return {
        "outgoing_status": between.outgoing_status,
        "incoming_status": between.incoming_status,
        "target_user_is_private": between.target_user_is_private,
    }


@lru_cache(_REMEMBERED)
def photo(card: PhotoCard) -> orjson.Fragment:
    """Media, as bytes for the envelope."""
    return orjson.Fragment(orjson.dumps(media(card)))


def media(card: PhotoCard) -> dict[str, Any]:
    """Media."""
    owner = person(card.owner)
    posted = seconds(card.created_at)
    return {
        "id": f"{card.id}_{card.owner.id}",
        "type": "image",
        "user": owner,
        "created_time": posted,
        "link": f"{environment.get().url}/p/{short_code(card.id)}/",
        "filter": card.filter or _UNFILTERED,
        "tags": list(dict.fromkeys(e["name"] for e in card.entities if e["type"] == "tag")),
        "caption": _caption(card, owner, posted),
        "location": _location(card.place),
        "attribution": None,
        "users_in_photo": [],
        # The old order: what was said first stands first.
        "comments": {"count": card.comments, "data": [comment(c) for c in reversed(card.newest_comments)]},
        "likes": {"count": card.likes, "data": [person(liker) for liker in card.newest_likers]},
        "user_has_liked": card.liked,
        "images": {name: _image(card, width) for name, width in _IMAGES.items()},
        "images_large": _image(card, _LARGE),
        "alt_text": card.alt_text,
        "placeholder": card.placeholder,
        "state": card.state,
        "error_code": card.error_code or None,
        "taken_at": None if card.taken_at is None else seconds(card.taken_at),
    }


def filter_name(said: str) -> str:
    """The name of a filter as the network knows it: the old dialect calls none at all Normal."""
    return "" if said.lower() == _UNFILTERED.lower() else said.lower()


def seconds(moment: datetime) -> str:
    """A time as it travels."""
    return str(int(moment.timestamp()))


def _caption(card: PhotoCard, owner: dict[str, Any], posted: str) -> dict[str, Any] | None:
    if not card.caption:
        return None
    return {"id": str(card.id), "created_time": posted, "text": card.caption, "from": owner}


def _location(place: Spot | None) -> dict[str, Any] | None:
    """Location; a point has a town's name beside it, but only a town has an id."""
    if place is None:
        return None
    id = None if place.place_id is None else str(place.place_id)
    return {"id": id, "name": place.label or None, "latitude": place.lat, "longitude": place.lng}


def _image(card: PhotoCard, size: int) -> dict[str, Any]:
    """One size; while the photo is being made its address is empty and its shape is known."""
    made = card.renditions.get(str(size))
    if made is not None:
        return {"url": _absolute(made.url), "width": made.width, "height": made.height}
    width, height = recipes.dimensions(card.width, card.height, size)
    return {"url": "", "width": width, "height": height}


def _absolute(url: str) -> str:
    return f"{environment.get().url}{url}" if url else ""
