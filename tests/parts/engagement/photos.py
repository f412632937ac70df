"""A published photo without its pictures, and what is counted on it."""

from __future__ import annotations

from typing import Any

from heliograph.sharding import sessions

_PHOTO = """
INSERT INTO {s}.photo (owner_id, state, token, width, height, published_at)
VALUES (%s, %s, 'test-' || gen_random_uuid(), 1080, 1080, now()) RETURNING id
"""
_COUNT = "UPDATE {s}.counters SET photos = photos + 1 WHERE person_id = %s"


def make_photo(owner: Any, *, state: str = "published") -> int:
    def body(tx: sessions.Tx) -> int:
        photo_id: int = tx.value(_PHOTO, (owner.id, state))
        if state == "published":
            tx.run(_COUNT, (owner.id,))
        return photo_id

    return sessions.write(owner.id, body)


def counted(photo_id: int) -> tuple[int, int]:
    """(likes, comments)"""
    row = (
        sessions.reader()
        .at(photo_id)
        .row("SELECT likes, comments FROM {s}.photo_counts WHERE photo_id = %s", (photo_id,))
    )
    return (0, 0) if row is None else (row[0], row[1])


def liked(actor_id: int, photo_id: int) -> tuple[Any, ...] | None:
    sql = 'SELECT "on", refused FROM {s}.liked WHERE actor_id = %s AND photo_id = %s'
    return sessions.reader().at(actor_id).row(sql, (actor_id, photo_id))


def photo_like(photo_id: int, actor_id: int) -> bool:
    sql = 'SELECT "on" FROM {s}.photo_like WHERE photo_id = %s AND actor_id = %s'
    return bool(sessions.reader().at(photo_id).value(sql, (photo_id, actor_id)))
