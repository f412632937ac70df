"""Whom somebody might follow who follows hardly anybody: no secret formula.

    people whom those one follows follow, the most of them first; then who came last and has posted photos

Only people whose photos are everybody's, and whom the viewer does not follow or ask already. A fixed number of rows is
read, however large the network: it is made for an empty home page and an empty search, and for no other. Who it was is
kept in Valkey for some minutes; whether one may see them, and follows them by now, is asked each time.
"""

from __future__ import annotations

from collections import Counter

from heliograph.accounts import finding, home
from heliograph.core import valkey
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
_KEY = "suggested"
_KEPT_SECONDS = 600
_FEW_KEPT_SECONDS = 60  # while there are not enough: whoever comes is soon among them


def people(viewer_id: int) -> list[PersonCard]:
    """At most SUGGESTED people; none where there is nobody else, or where a node that was asked is away."""
    try:
        return _people(sessions.reader(), viewer_id)
    except Unavailable:
        return []


def _people(reader: Reader, viewer_id: int) -> list[PersonCard]:
    kept = _kept(viewer_id)
    if kept is not None:
        mine = relations.outgoing(reader, viewer_id, kept)
        shown = _shown(reader, viewer_id, [id for id in kept if mine[id] == "none"])
        if len(shown) >= min(SUGGESTED, len(kept)):
            return shown[:SUGGESTED]
    shown = _shown(reader, viewer_id, _found(reader, viewer_id))
    _keep(viewer_id, [person.id for person in shown])
    return shown[:SUGGESTED]


def _shown(reader: Reader, viewer_id: int, ids: list[int]) -> list[PersonCard]:
    """Those whose photos are everybody's: that their face says, which is the truth."""
    return [person for person in cards.people(viewer_id, ids, reader=reader) if not person.private]


def _found(reader: Reader, viewer_id: int) -> list[int]:
    """More than are shown: some are not for the viewer."""
    friends = [id for _, id in lists.following(reader, viewer_id, count=_FRIENDS)]
    known = Counter(lists.followed_by_many(reader, friends, _OF_EACH)) if friends else Counter[int]()
    likely = [id for id, _ in known.most_common(_NEWCOMERS)]
    newcomers = finding.newest_public(reader.directory, _NEWCOMERS)
    ids = [id for id in dict.fromkeys([*likely, *newcomers]) if id != viewer_id]
    mine = relations.outgoing(reader, viewer_id, ids)
    posted = home.counters(reader, ids)
    return [id for id in ids if mine[id] == "none" and id in posted and posted[id].photos][: 3 * SUGGESTED]


def _kept(viewer_id: int) -> list[int] | None:
    """None: nothing is kept. Nobody at all is kept as well."""
    try:
        found = valkey.call("GET", f"{_KEY}:{viewer_id}")
    except (Unavailable, valkey.ValkeyError):
        return None
    return None if found is None else [int(id) for id in found.split(b",") if id]


def _keep(viewer_id: int, ids: list[int]) -> None:
    seconds = _KEPT_SECONDS if len(ids) >= SUGGESTED else _FEW_KEPT_SECONDS
    try:
        valkey.call("SET", f"{_KEY}:{viewer_id}", ",".join(map(str, ids)), "EX", seconds)
    except (Unavailable, valkey.ValkeyError):
        return  # found again the next time
