"""Finding people: by the beginning of a username, or of any word of a full name.

    the exact name, then whom the viewer follows, then everybody, alphabetically

Faces come from cards, so whoever is suspended, or blocked in either direction, is not there. Private people are:
their face is everybody's.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from heliograph.accounts import finding
from heliograph.core.errors import Unavailable
from heliograph.core.paging import clamp
from heliograph.feed import home
from heliograph.graph.relations import Outgoing
from heliograph.media import photos as rows
from heliograph.pages import cards, own
from heliograph.pages.cards import PersonCard
from heliograph.sharding import sessions
from heliograph.sharding.sessions import Reader

FOUND = 20  # people, when nobody says how many
_OWN_PHOTOS = 30  # whose tags are offered again
_FEED_PHOTOS = 40
_FOLLOWED = 500  # of the people one follows, the newest are preferred


@dataclass(frozen=True)
class Found:
    """Somebody, and what the viewer is to them."""

    person: PersonCard
    outgoing: Outgoing


@dataclass(frozen=True)
class Tag:
    """A tag without its sign. `photos`: how many of those that were looked at have it."""

    name: str
    photos: int


def people(viewer_id: int, query: str, *, count: int | None = FOUND) -> list[PersonCard]:
    """Who is meant by the beginning of a name, the likeliest first; empty when it names nobody."""
    reader, wanted = sessions.reader(), clamp(count, FOUND)
    return cards.people(viewer_id, _likeliest(viewer_id, query, wanted, reader), reader=reader)[:wanted]


def people_with_status(viewer_id: int, query: str, *, count: int | None = FOUND) -> list[Found]:
    """The same, each with what the viewer is to them: for a button."""
    reader, wanted = sessions.reader(), clamp(count, FOUND)
    people, mine = cards.met(viewer_id, _likeliest(viewer_id, query, wanted, reader), reader=reader)
    known = mine.outgoing([person.id for person in people])
    return [Found(person, known[person.id]) for person in people[:wanted]]


def tags(viewer_id: int, query: str, *, count: int | None = 6) -> list[Tag]:
    """Tags that begin so, from the viewer's own captions and the newest photos of their feed, often used first."""
    begins = finding.fold(query).strip().removeprefix("#")
    reader = sessions.reader()
    mine = rows.of_owner(reader.at(viewer_id), viewer_id, count=_OWN_PHOTOS)
    seen = {photo.id: photo.entities for photo in mine}
    seen |= {card.id: card.entities for card in cards.photos(viewer_id, _newest(viewer_id), reader=reader)}
    used = Counter(
        name
        for entities in seen.values()
        for name in {entity["name"] for entity in entities if entity["type"] == "tag"}
        if finding.fold(name).startswith(begins)
    )
    return [Tag(name, number) for name, number in used.most_common(clamp(count, 6))]


def _likeliest(viewer_id: int, query: str, count: int, reader: Reader) -> list[int]:
    """More than are shown: some are not for the viewer."""
    asked = finding.asked_words(query)
    if not asked:
        return []
    followed = own.followed(reader, viewer_id, _FOLLOWED)
    return finding.likeliest(reader.directory, asked, count=count, among=followed)[: 2 * count + 10]


def _newest(viewer_id: int) -> list[int]:
    try:
        feed = home.parse(home.read(viewer_id))
    except Unavailable:
        return []  # their own tags will do
    return [] if feed is None else feed.below(None, None)[:_FEED_PHOTOS]
