"""Whom somebody might follow who follows hardly anybody: no secret formula.

    people whom those one follows follow, the most of them first; then who came last and has posted photos

Only people whose photos are everybody's, and whom the viewer does not follow or ask already. A fixed number of rows is
read, however large the network: it is made for an empty home page and an empty search, and for no other.
"""

from __future__ import annotations

from collections import Counter

from heliograph.accounts import finding, home
from heliograph.core.errors import Unavailable
from heliograph.graph import lists, relations
from heliograph.pages import cards
from heliograph.pages.cards import PersonCard
from heliograph.sharding import sessions
from heliograph.sharding.sessions import Reader

SUGGESTED = 6  # people
_FRIENDS = 20  # of those one follows, the newest
_OF_EACH = 20  # of those whom they follow, the newest
_NEWCOMERS = 60


def people(viewer_id: int) -> list[PersonCard]:
    """At most SUGGESTED people; none where there is nobody else, or where a node that was asked is away."""
    try:
        return _people(sessions.reader(), viewer_id)
    except Unavailable:
        return []


def _people(reader: Reader, viewer_id: int) -> list[PersonCard]:
    friends = [id for _, id in lists.following(reader, viewer_id, count=_FRIENDS)]
    known = Counter(lists.followed_by_many(reader, friends, _OF_EACH)) if friends else Counter[int]()
    likely = [id for id, _ in known.most_common(_NEWCOMERS)]
    ids = [id for id in dict.fromkeys([*likely, *finding.newest_public(_NEWCOMERS)]) if id != viewer_id]
    mine = relations.outgoing(reader, viewer_id, ids)
    posted = home.counters(reader, ids)
    wanted = [id for id in ids if mine[id] == "none" and id in posted and posted[id].photos]
    # Whoever is private now is left out by their face, which is the truth.
    found = cards.people(viewer_id, wanted[: 3 * SUGGESTED], reader=reader)
    return [person for person in found if not person.private][:SUGGESTED]
