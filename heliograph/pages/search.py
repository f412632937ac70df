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
from heliograph.graph import lists, relations
from heliograph.graph.relations import Outgoing
from heliograph.media import photos as rows
from heliograph.pages import cards
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
    return _people(viewer_id, query, clamp(count, FOUND), sessions.reader())


def people_with_status(viewer_id: int, query: str, *, count: int | None = FOUND) -> list[Found]:
    """The same, each with what the viewer is to them: for a button."""
    reader = sessions.reader()
    return with_status(reader, viewer_id, _people(viewer_id, query, clamp(count, FOUND), reader))


def with_status(reader: Reader, viewer_id: int, people: list[PersonCard]) -> list[Found]:
    """One round trip to the viewer's own shard."""
    known = relations.outgoing(reader, viewer_id, [person.id for person in people])
    return [Found(person, known.get(person.id, "none")) for person in people]


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


def _people(viewer_id: int, query: str, count: int, reader: Reader) -> list[PersonCard]:
    asked = finding.asked_words(query)
    if not asked:
        return []
    exact = finding.named(asked[0]) if len(asked) == 1 else None
    followed = [id for _, id in lists.following(reader, viewer_id, count=_FOLLOWED)]
    ids = [exact] if exact else []
    ids += finding.beginning_with(asked, count=count, among=followed)
    # More than are shown: some are not for the viewer, and some stand there already.
    ids += finding.beginning_with(asked, count=2 * count + 10)
    return cards.people(viewer_id, list(dict.fromkeys(ids))[: 2 * count + 10], reader=reader)[:count]


def _newest(viewer_id: int) -> list[int]:
    try:
        feed = home.parse(home.read(viewer_id))
    except Unavailable:
        return []  # their own tags will do
    return [] if feed is None else feed.below(None, None)[:_FEED_PHOTOS]
