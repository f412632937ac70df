"""Photos as rows: made, published, failed, edited, deleted, found.

    processing --publish--> published --delete--> deleted (a tombstone, last of all swept)
        '--fail--> failed --retry--> processing

A change of state is one UPDATE that names the state it expects: of two runners one wins. Counters are
the flow's affair, since they belong to accounts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import orjson

from heliograph.core.errors import NotFound
from heliograph.media import store, tokens
from heliograph.media.places.spots import Spot
from heliograph.sharding.ids import LARGEST


class PhotoNotFound(NotFound):
    """There is no such photo."""

    code = "no_photo"


class Savepoint(store.Shard, Protocol):
    """A transaction in which an insert may be tried again with another id."""

    def retry_clash(self, insert: Any) -> Any: ...


class SomeShards(Protocol):
    """Reads of whole shards."""

    def on(
        self, shards: Iterable[int], sql: str, params: Mapping[str, Any], *, partial: bool
    ) -> list[store.Row]: ...


@dataclass(frozen=True)
class Photo:
    """A photo's row. `token` is the name of its files; width and height are those of the largest.

    `recipe`: what `recipes.kept` made, beside the filter.
    """

    id: int
    owner_id: int
    state: str
    error_code: str
    token: str
    generation: int
    version: int
    caption: str
    entities: list[dict[str, Any]]
    alt_text: str
    filter: str
    recipe: dict[str, Any]
    width: int
    height: int
    placeholder: str
    upload_id: int | None
    delivery: str
    imported: bool
    taken_at: datetime | None
    created_at: datetime
    published_at: datetime | None
    place: Spot | None

    @property
    def published(self) -> bool:
        return self.state == "published"


@dataclass(frozen=True)
class NewPhoto:
    """What is known of a photo before it is made."""

    owner_id: int
    caption: str
    entities: list[dict[str, Any]]
    alt_text: str
    filter: str
    recipe: dict[str, Any]
    width: int
    height: int
    placeholder: str
    upload_id: int
    taken_at: datetime | None
    place: Spot | None = None


@dataclass(frozen=True)
class Served:
    """What an address of a picture is checked against."""

    photo_generation: int
    person_generation: int
    private: bool


def add(tx: Savepoint, new: NewPhoto) -> int:
    """Make a photo in state processing; its id."""
    values = {
        **{name: value for name, value in new.__dict__.items() if name != "place"},
        "token": tokens.random(),
        "entities": orjson.dumps(new.entities).decode(),
        "recipe": orjson.dumps(new.recipe).decode(),
        **_columns(new.place),
    }
    photo_id: int = tx.retry_clash(lambda: tx.value(store.ADD_PHOTO, values))
    return photo_id


def load(reader: store.Shards, ids: Iterable[int], *, partial: bool = False) -> dict[int, Photo]:
    """Photos in any state, by id; one round trip a node. Whoever shows them looks at `state`."""
    rows = store.gather_photos(reader, set(ids), partial=partial)
    return {row[0]: _photo(row) for row in rows}


def lock(tx: store.Shard, photo_id: int) -> Photo:
    """One photo in any state, locked; raises PhotoNotFound. Counted rows are locked before."""
    row = tx.row(store.LOCK, (photo_id,))
    if row is None:
        raise PhotoNotFound()
    return _photo(row)


def lock_own(tx: store.Shard, owner_id: int, photo_id: int) -> Photo:
    """The same for its owner; for anybody else, and when it is deleted, it does not exist."""
    photo = lock(tx, photo_id)
    if photo.owner_id != owner_id or photo.state == "deleted":
        raise PhotoNotFound()
    return photo


def publish(tx: store.Shard, photo_id: int, *, width: int, height: int, placeholder: str) -> bool:
    """processing -> published. False when somebody else was first, or it was deleted meanwhile."""
    values = {"id": photo_id, "width": width, "height": height, "placeholder": placeholder}
    return tx.run(store.PUBLISH, values) == 1


def fail(tx: store.Shard, photo_id: int, code: str) -> bool:
    """processing -> failed, with the code that its owner reads."""
    return tx.run(store.FAIL, {"id": photo_id, "code": code}) == 1


def try_again(tx: store.Shard, photo_id: int) -> bool:
    """failed -> processing."""
    return tx.run(store.TRY_AGAIN, {"id": photo_id}) == 1


def edit(
    tx: store.Shard,
    owner_id: int,
    photo_id: int,
    *,
    caption: str | None,
    entities: list[dict[str, Any]] | None,
    alt_text: str | None,
) -> None:
    """Change what is said about a photo; None leaves it. Raises PhotoNotFound."""
    values = {
        "id": photo_id,
        "owner_id": owner_id,
        "caption": caption,
        "entities": None if entities is None else orjson.dumps(entities).decode(),
        "alt_text": alt_text,
    }
    if not tx.run(store.EDIT, values):
        raise PhotoNotFound()


def move(tx: store.Shard, owner_id: int, photo_id: int, place: Spot | None) -> None:
    """Say another place, or none. Raises PhotoNotFound."""
    if not tx.run(store.MOVE, {"id": photo_id, "owner_id": owner_id, **_columns(place)}):
        raise PhotoNotFound()


def delete(tx: store.Shard, photo_id: int) -> bool:
    """Any state -> deleted; its addresses are void. False when it was deleted before."""
    return tx.run(store.DELETE, (photo_id,)) == 1


def not_deleted(shard: store.Shard, owner_id: int, *, after: int, count: int) -> list[int]:
    """A person's photos in any other state, by ascending id, beginning after `after`."""
    page = {"owner_id": owner_id, "after": after, "count": count}
    return [row[0] for row in shard.rows(store.NOT_DELETED, page)]


def tombstones(shard: store.Shard, cutoff: datetime, *, after: int = 0, count: int = 200) -> list[Photo]:
    """Photos of a shard that were deleted before `cutoff`, by ascending id, beginning after `after`."""
    page = {"cutoff": cutoff, "after": after, "count": count}
    return [_photo(row) for row in shard.rows(store.TOMBSTONES, page)]


def nothing_left(shard: store.Shard, photo_id: int) -> bool:
    """Whether a photo is a tombstone without an upload."""
    return bool(shard.value(store.NOTHING_LEFT, (photo_id,)))


def bury(tx: store.Shard, photo_id: int) -> bool:
    """Forget a tombstone. False when it is none, or its upload is still there."""
    return tx.run(store.BURY, (photo_id,)) == 1


def of_owner(
    shard: store.Shard, owner_id: int, *, count: int, below: int = LARGEST, above: int = 0
) -> list[Photo]:
    """A person's published photos, newest first, with ids between the two, both exclusive."""
    page = {"owner_id": owner_id, "count": count, "below": below, "above": above}
    return [_photo(row) for row in shard.rows(store.OF_OWNER, page)]


def ids_of_owner(
    shard: store.Shard, owner_id: int, *, count: int, below: int = LARGEST, above: int = 0
) -> list[int]:
    """The ids of the same, for who has the photos in memory: a third of the time."""
    page = {"owner_id": owner_id, "count": count, "below": below, "above": above}
    return [row[0] for row in shard.rows(store.IDS_OF_OWNER, page)]


def arriving(shard: store.Shard, owner_id: int, *, above: int = LARGEST, count: int = 20) -> list[Photo]:
    """A person's photos that are being made or have failed, and those published whose id is above `above`; newest
    first, for their eyes only. Without published ones that were imported: they are in no feed."""
    asked = {"owner_id": owner_id, "above": above, "count": count}
    return [_photo(row) for row in shard.rows(store.ARRIVING, asked)]


def newest_ids(
    reader: store.Shards,
    owner_ids: Iterable[int],
    *,
    count: int,
    below: int = LARGEST,
    above: int = 0,
    partial: bool = False,
) -> list[tuple[int, int]]:
    """(photo id, owner id) of the newest published photos of many people, newest first, at most `count`.

    One round trip a node. Without imported photos: they are in no feed.
    """
    rows = store.gather_newest(reader, set(owner_ids), below, above, count, partial=partial)
    return sorted(((row[0], row[1]) for row in rows), reverse=True)[:count]


def newest_of_all(reader: SomeShards, shards: Iterable[int], *, count: int) -> list[tuple[int, int]]:
    """(photo id, owner id) of the newest published photos of these shards, newest first, `count` of each shard.

    Nobody has looked at who may see them. Nodes that are away are left out.
    """
    rows = reader.on(shards, store.NEWEST_OF_ALL, {"count": count}, partial=True)
    return sorted(((row[0], row[1]) for row in rows), reverse=True)


def served(shard: store.Shard, token: tokens.Token) -> Served | None:
    """What an address with this token is checked against; None when there is nothing to serve."""
    if token.kind == tokens.PHOTO:
        row = shard.row(store.SERVED_PHOTO, {"id": token.id, "random": token.random})
    else:
        row = shard.row(store.SERVED_PERSON, {"id": token.id, "token": str(token)})
    return None if row is None else Served(*row)


def _photo(row: store.Row) -> Photo:
    *values, level, place_id, name, region, country, lat, lng = row
    place = Spot(level, place_id, name, region, country, lat, lng) if level else None
    photo = Photo(*(*values, place))
    object.__setattr__(photo, "token", tokens.of_photo(photo.id, photo.token))
    return photo


def _columns(place: Spot | None) -> dict[str, Any]:
    return {
        "place_level": place.level if place else "",
        "place_id": place.place_id if place else None,
        "place_name": place.name if place else "",
        "place_region": place.region if place else "",
        "place_country": place.country if place else "",
        "lat": place.lat if place else None,
        "lng": place.lng if place else None,
    }
