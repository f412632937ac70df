"""Photos for tests of feeds and cards, put straight into the nodes as publishing would: no pictures are made."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Any

from heliograph.flows import catalogue  # noqa: F401 - the tasks
from heliograph.sharding import sessions
from heliograph.sharding.ids import EPOCH_MS, SEQUENCE_BITS, shard_of
from heliograph.sharding.sessions import Tx

_ADD = """
INSERT INTO {s}.photo (owner_id, token, width, height, caption, placeholder, imported)
VALUES (%(owner)s, %(token)s, 1080, 810, %(caption)s, 'AAAA', %(imported)s) RETURNING id
"""
_ADD_AT = """
INSERT INTO {s}.photo (id, owner_id, token, width, height, caption, placeholder, imported)
VALUES (%(id)s, %(owner)s, %(token)s, 1080, 810, %(caption)s, 'AAAA', %(imported)s) RETURNING id
"""
PUBLISH = """
UPDATE {s}.photo SET state = 'published', published_at = now(), version = version + 1
WHERE id = %s AND state = 'processing'
"""
COUNT = "UPDATE {s}.counters SET photos = photos + 1 WHERE person_id = %s"


def draft(owner_id: int, *, caption: str = "", imported: bool = False, at: datetime | None = None) -> int:
    """A photo that is still being made; `at` gives it an id of that time."""
    values: dict[str, Any] = {
        "owner": owner_id,
        "token": secrets.token_hex(16),
        "caption": caption,
        "imported": imported,
    }
    if at is not None:
        ms = int(at.timestamp() * 1000) - EPOCH_MS
        values["id"] = ms << 23 | shard_of(owner_id) << SEQUENCE_BITS | secrets.randbelow(1024)
    sql = _ADD if at is None else _ADD_AT
    photo_id: int = sessions.write(owner_id, lambda tx: tx.value(sql, values))
    return photo_id


def publish(owner_id: int, photo_id: int, *, before_commit: Callable[[], None] = lambda: None) -> None:
    """Publish a draft, with the jobs that follow."""

    def body(tx: Tx) -> None:
        tx.run(COUNT, (owner_id,))
        if tx.run(PUBLISH, (photo_id,)):
            tx.enqueue("fan_out.v1", photo_id=photo_id, owner_id=owner_id)
        before_commit()

    sessions.write(photo_id, body)


def post(owner_id: int, *, caption: str = "", imported: bool = False, at: datetime | None = None) -> int:
    """A published photo; its fan-out waits in the queue."""
    photo_id = draft(owner_id, caption=caption, imported=imported, at=at)
    publish(owner_id, photo_id)
    return photo_id
