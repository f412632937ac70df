"""A published photo reaches the home feeds of its owner's followers.

`fan_out.v1` is enqueued by the transaction that publishes: whoever reads the nodes after it ran finds the photo
there, whoever had a list before is pushed to. It may run twice, and late: a feed sorts and removes duplicates.

Source: "What Powers Instagram", 2011: a photo is pushed to its followers' feeds by asynchronous workers.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from heliograph.core import clock, environment, metrics
from heliograph.feed import home
from heliograph.graph import lists
from heliograph.media import photos
from heliograph.sharding import sessions
from heliograph.sharding.ids import time_of
from heliograph.sharding.queue import task
from heliograph.sharding.sessions import Reader, Tx


@task("fan_out.v1", lane="feed")
def fan_out(photo_id: int, owner_id: int) -> None:
    """Push to the owner and the first `feed_job_readers` followers; the others are jobs of their own."""
    reader = sessions.reader()
    photo = photos.load(reader, [photo_id]).get(photo_id)
    if photo is None or not photo.published or photo.imported or photo.delivery != "push":
        return
    most = environment.get().feed_job_readers
    followers = lists.follower_ids(reader, owner_id, count=most)
    if len(followers) == most:
        _share_out(reader, photo_id, owner_id, followers[-1])
    deliver(photo_id, [owner_id, *followers])


@task("fan_out_part.v1", lane="feed")
def fan_out_part(photo_id: int, owner_id: int, after_id: int) -> None:
    """Push to the `feed_job_readers` followers whose ids come next after one."""
    most = environment.get().feed_job_readers
    deliver(photo_id, lists.follower_ids(sessions.reader(), owner_id, after=after_id, count=most))


def deliver(photo_id: int, reader_ids: list[int]) -> None:
    """Push to these readers, those who have a feed."""
    late = clock.now() - time_of(photo_id) > timedelta(minutes=environment.get().feed_late_minutes)
    with metrics.time("fan_out_seconds"):
        taken = home.add(photo_id, reader_ids, late=late)
    metrics.count("fan_out_readers_total", len(reader_ids))
    metrics.count("fan_out_deliveries_total", taken)


def _share_out(reader: Reader, photo_id: int, owner_id: int, after_id: int) -> None:
    """One job for each further part, all in one transaction: a job that runs twice makes each part twice, no more."""
    parts = list(_parts(reader, owner_id, after_id))

    def body(tx: Tx) -> None:
        for last in parts:
            tx.enqueue("fan_out_part.v1", photo_id=photo_id, owner_id=owner_id, after_id=last)

    sessions.write(owner_id, body, repeatable=True)


def _parts(reader: Reader, owner_id: int, after_id: int) -> Iterator[int]:
    most = environment.get().feed_job_readers
    while True:
        yield after_id
        ids = lists.follower_ids(reader, owner_id, after=after_id, count=most)
        if len(ids) < most:
            return
        after_id = ids[-1]
