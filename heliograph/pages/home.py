"""The home feed: the newest photos of oneself and of the people one follows, page by page.

    the list in Valkey ──▶ ids of a page ──▶ cards the viewer may see ──▶ fewer than asked for? again, three times

Where the list ends, or there is none, the nodes are asked: the newest photos of everybody followed, one bounded
query each. The first page of somebody who has no list is served from what the list is then made of.

Source: "What Powers Instagram", 2011; the words of what a feed is are in docs/decisions.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from heliograph.core import clock, environment, load, metrics, valkey
from heliograph.core import cursor as cursors
from heliograph.core.errors import Conflict, Unavailable
from heliograph.core.load import Level
from heliograph.core.paging import Page, clamp
from heliograph.feed import home
from heliograph.feed.home import Feed
from heliograph.graph import lists
from heliograph.media import photos
from heliograph.pages import cards, own
from heliograph.pages.cards import PhotoCard
from heliograph.sharding import sessions
from heliograph.sharding.ids import LARGEST, first_of
from heliograph.sharding.sessions import Reader

REFILLS = 3
SHORT = 8  # photos of a page while more is asked than can be done; the next page goes on there
NEWER = 99  # new photos that are counted
_ARRIVES = timedelta(minutes=15)  # longer than a photo is tried to be made and its fan-out waits
_KIND = "feed"  # of sealed cursors
_BUILDS_AT_ONCE = 4  # in one process; who comes fifth is served from the nodes and builds next time
_ATTEMPTS = 5

_building = threading.BoundedSemaphore(_BUILDS_AT_ONCE)


class FeedBusy(Conflict):
    """Your home page is being put together. Look again in a moment."""

    code = "feed_busy"


@dataclass(frozen=True)
class HomePage(Page[PhotoCard]):
    """`unread`: whether something happened to the viewer since they looked; None when that was not asked.

    `gaps`: whether a node was away, so that photos may be missing that are there.
    """

    unread: bool | None = None
    gaps: bool = False


@metrics.time("feed_seconds")
def page(
    viewer_id: int,
    *,
    count: int | None = 20,
    max_id: int | str | None = None,
    min_id: int | str | None = None,
    cursor: str | None = None,
    feed: Sequence[bytes] | None = None,
    with_unread: bool = False,
) -> HomePage:
    """Photos older than `max_id` (or after the page that gave `cursor`) and newer than `min_id`, newest first.

    `feed` is the list as it was read along with who is asking. The cursor of the next page is the last id shown
    when the page is full; else sealed, so that a hidden id never leaves. None: this was the last page.
    """
    wanted = clamp(count)
    if load.leaves_out(Level.SHORT, "long feeds"):
        wanted = min(wanted, SHORT)
    with_unread = with_unread and not load.leaves_out(Level.PLAIN, "unread")
    before, after = _place(cursor or max_id), cursors.number(min_id)
    walk = _Walk(viewer_id, before, after, feed)
    shown: list[PhotoCard] = []
    # Who looks at the first page keeps the list alive; the command travels with the cards.
    along = [home.visit_command(viewer_id)] if before is None else []
    unread = None
    for _ in range(1 + REFILLS):
        ids = walk.take(wanted)  # a refill, too, since what hides one photo often hides several
        if not ids:
            break
        ask = with_unread and unread is None
        look = cards.look(
            viewer_id, ids, reader=walk.reader, followed_only=True, along=along, with_unread=ask
        )
        unread = look.own.unread if ask else unread
        along = []
        shown += look.cards
        walk.drop(look.gone)
        if len(shown) >= wanted:
            break
    if along:
        walk.visit(along)
    if with_unread and unread is None:  # an empty feed: nobody has asked their own shard yet
        unread = own.unread(walk.reader, viewer_id)
    gaps = bool(walk.reader.missing_nodes)
    return HomePage(shown[:wanted], _next(walk, shown, wanted), unread, gaps)


def newer(viewer_id: int, since: int, *, feed: Sequence[bytes] | None = None) -> int:
    """How many photos of others in the list are newer than `since` and for the viewer, at most NEWER.

    One's own are no news: the page has them from the moment they were posted.

    For pages that ask every minute: whoever has nothing new costs the one round trip that told who they are.
    """
    if load.leaves_out(Level.PLAIN, "new photos"):
        return 0
    known = home.parse(home.read(viewer_id) if feed is None else feed)
    ids = [] if known is None else known.below(None, since)[:NEWER]
    return sum(card.owner.id != viewer_id for card in cards.look(viewer_id, ids, followed_only=True).cards)


def arriving(viewer_id: int, feed: HomePage | None = None) -> list[PhotoCard]:
    """The viewer's own photos that are being made or have failed, newest first; a page shows them above the feed.

    With the first page of the feed also those that were published moments ago and are missing in it: the list is
    told by a job, and whoever posts looks for their photo before it ran. Left out while more is asked than can be
    done: they are a trip of their own.
    """
    if load.leaves_out(Level.PLAIN, "arriving"):
        return []
    above, shown = LARGEST, frozenset[int]()
    if feed is not None:
        # What is older than the page's last photo belongs on the next page.
        last = feed.items[-1].id if feed.items and feed.next_cursor else 0
        above, shown = max(first_of(clock.now() - _ARRIVES), last), frozenset(it.id for it in feed.items)
    reader = sessions.reader()
    mine = [
        it.id for it in photos.arriving(reader.at(viewer_id), viewer_id, above=above) if it.id not in shown
    ]
    return cards.photos(viewer_id, mine, reader=reader) if mine else []


def rebuild(reader_id: int) -> None:
    """Make somebody's list anew, whatever there was. Raises FeedBusy when others kept it busy all the time."""
    for _ in range(_ATTEMPTS):
        mark = home.begin(reader_id, take_over=True)
        reader = sessions.reader()
        ids, floor = newest(reader, reader_id)
        if reader.missing_nodes:
            raise Unavailable(cause=sorted(reader.missing_nodes))
        if mark and home.finish(reader_id, mark, ids, floor):
            return
    raise FeedBusy(cause=reader_id)


def newest(reader: Reader, reader_id: int) -> tuple[list[int], int]:
    """The newest `feed_max` ids of a whole feed from the nodes, and the id above which they are all there are."""
    most = environment.get().feed_max
    ids = _from_nodes(reader, reader_id, count=most + 1)
    return ids[:most], ids[most] if len(ids) > most else 0


def _from_nodes(
    reader: Reader, reader_id: int, *, count: int, below: int = LARGEST, above: int = 0
) -> list[int]:
    owners = [reader_id, *lists.following_ids(reader, reader_id)]
    found = photos.newest_ids(reader, owners, count=count, below=below, above=above, partial=True)
    return [photo_id for photo_id, _ in found]


class _Walk:
    """Ids of a feed, newest first: from the list as far as it goes, then from the nodes."""

    def __init__(
        self, viewer_id: int, before: int | None, after: int | None, raw: Sequence[bytes] | None
    ) -> None:
        self.viewer_id = viewer_id
        self.reader = sessions.reader()
        self.ended = False  # there is nothing older
        self.last: int | None = None  # the last id taken
        self._before, self._after = before, after or 0
        self._away = False
        feed = self._read(raw)
        self._ids = [] if feed is None else feed.below(before, after)
        self._floor = LARGEST if feed is None else feed.floor

    def take(self, count: int) -> list[int]:
        """The next ids, at most `count`; none when there is nothing older."""
        if self.ended:
            return []
        taken, self._ids = self._ids[:count], self._ids[count:]
        # A short page from the list is made full from the nodes, unless the list is all there is.
        if len(taken) < count and self._floor > self._after:
            taken += self._older(count - len(taken), taken)
        self.ended = not self._ids and self._floor <= self._after
        if taken:
            self.last = taken[-1]
        else:
            self.ended = True
        return taken

    def drop(self, gone: list[int]) -> None:
        """Photos that are gone for good need not be met again."""
        if gone:
            self.visit(home.remove_commands(self.viewer_id, gone))

    def visit(self, commands: Sequence[valkey.Command]) -> None:
        """Leave a trace on the list, if Valkey is there."""
        if not self._away:
            try:
                valkey.pipeline(commands)
            except Unavailable:
                self._away = True

    def _older(self, count: int, taken: list[int]) -> list[int]:
        last = taken[-1] if taken else self.last
        below = min(value for value in (LARGEST, self._before, last, self._floor + 1) if value is not None)
        metrics.count("feed_pages_from_nodes_total")
        ids = _from_nodes(self.reader, self.viewer_id, count=count + 1, below=below, above=self._after)
        if len(ids) <= count and not self.reader.missing_nodes:
            self._floor = 0  # that was all
        return ids[:count]

    def _read(self, raw: Sequence[bytes] | None) -> Feed | None:
        try:
            feed = home.parse(home.read(self.viewer_id) if raw is None else raw)
        except Unavailable:
            self._away = True
            return None
        if feed is None and self._before is None:
            return self._built()
        return feed

    def _built(self) -> Feed | None:
        """Somebody who was away comes back: their list is made, unless too much of that goes on already."""
        if not _building.acquire(blocking=False):
            return None
        try:
            mark = home.begin(self.viewer_id)
            if mark is None:
                return None
            with metrics.time("feed_rebuild_seconds"):
                ids, floor = newest(self.reader, self.viewer_id)
                if not self.reader.missing_nodes:
                    home.finish(self.viewer_id, mark, ids, floor)
            return Feed(ids, floor)
        except Unavailable:
            self._away = True
            return None
        finally:
            _building.release()


def _place(text: int | str | None) -> int | None:
    """Where a page begins: a plain id, or a sealed one."""
    if isinstance(text, str) and text and not text.isdigit():
        return cursors.number(cursors.unseal(_KIND, text))
    return cursors.number(text)


def _next(walk: _Walk, shown: list[PhotoCard], wanted: int) -> str | None:
    if len(shown) > wanted:
        return str(shown[wanted - 1].id)
    if walk.ended or walk.last is None:
        return None
    if len(shown) == wanted and shown[-1].id == walk.last:
        return str(walk.last)
    return cursors.seal(_KIND, walk.last)
