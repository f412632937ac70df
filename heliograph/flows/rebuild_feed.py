"""Feeds follow what happens to follows: jobs on the follower's side.

    merge_feed.v1     a follow came into force: the owner's photos join the list, sorted
    rewrite_feed.v1   a follow ceased, somebody was blocked: the list is made anew
    rebuild_feed.v1   the list is made anew, or made at all

None of them decides what is seen: a page checks follow and block at reading. Whoever has no list needs none.
"""

from __future__ import annotations

from heliograph.core import environment, metrics
from heliograph.feed import home as lists
from heliograph.media import photos
from heliograph.pages import home, own
from heliograph.sharding import sessions
from heliograph.sharding.queue import task


@task("merge_feed.v1", lane="feed")
def merge(reader_id: int, owner_id: int) -> None:
    """Add the photos of somebody newly followed, as far down as the list goes."""
    raw = lists.read(reader_id)
    if not raw:
        return
    feed = lists.parse(raw)
    if feed is None:  # being made by somebody who may have read before the follow: let them start again
        lists.merge(reader_id, ())
        return
    reader = sessions.reader()
    if owner_id not in own.facts(reader, reader_id, (), (), owners=[owner_id]).follows:
        return
    most = environment.get().feed_max
    found = photos.newest_ids(reader, [owner_id], count=most + 1, above=feed.floor)
    lists.merge(reader_id, [id for id, _ in found[:most]], found[most][0] if len(found) > most else 0)
    metrics.count("feed_merges_total")


@task("rewrite_feed.v1", lane="feed")
def rewrite(reader_id: int, owner_id: int) -> None:
    """Make the list anew without somebody's photos."""
    if lists.read(reader_id):
        home.rebuild(reader_id)


@task("rebuild_feed.v1", lane="feed")
def rebuild(reader_id: int) -> None:
    """Make somebody's list anew."""
    home.rebuild(reader_id)
