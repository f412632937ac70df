"""What cards are made of, read from the nodes: for what memory does not hold. One statement a node for photos
with everything that lives beside them, one for the faces of people from elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson

from heliograph.sharding.sessions import Reader

COMMENTS = 3  # newest ones on a card
LIKERS = 3  # newest ones on a card; a viewer who may not see one of them sees fewer

_PHOTOS = f"""
SELECT p.id, p.owner_id, p.state, p.version, p.token, p.generation, p.caption, p.entities, p.alt_text, p.filter,
    p.width, p.height, p.placeholder, p.created_at, p.published_at, p.taken_at, p.error_code,
    CASE WHEN p.place_level <> '' THEN jsonb_build_array(
        p.place_level, p.place_id, p.place_name, p.place_region, p.place_country, p.lat, p.lng) END,
    coalesce(n.likes, 0), coalesce(n.comments, 0), (
        SELECT jsonb_agg(jsonb_build_array(c.id, c.author_id, c.text, c.entities, c.at) ORDER BY c.id DESC)
        FROM (SELECT * FROM {{s}}.comment WHERE photo_id = p.id AND "on" ORDER BY id DESC LIMIT {COMMENTS}) c
    ), ARRAY(
        SELECT l.actor_id FROM {{s}}.photo_like l WHERE l.photo_id = p.id AND l."on"
        ORDER BY l.at DESC, l.actor_id DESC LIMIT {LIKERS}
    ), h.username, h.full_name, h.avatar, h.private, h.state, h.media_generation
FROM {{s}}.photo p JOIN {{s}}.person h ON h.id = p.owner_id LEFT JOIN {{s}}.photo_counts n ON n.photo_id = p.id
WHERE p.id = ANY(%(ids)s)
"""
_PEOPLE = """
SELECT id, username, full_name, avatar, private, state, media_generation FROM {s}.person WHERE id = ANY(%(ids)s)
"""


def photos(reader: Reader, ids: Iterable[int]) -> tuple[dict[int, bytes], dict[int, bytes], dict[int, bytes]]:
    """Values as memory keeps them, of photos in any state: photos, counts with likers, and the owners' faces, by id.

    A node that is away is left out, and remembered by the reader.
    """
    found: dict[int, bytes] = {}
    counts: dict[int, bytes] = {}
    faces: dict[int, bytes] = {}
    for row in reader.gather(_PHOTOS, set(ids), partial=True):
        photo_id, owner_id = row[0], row[1]
        found[photo_id] = _photo(row[:17], row[20], row[17])
        counts[photo_id] = ",".join(map(str, (row[18], row[19], *row[21]))).encode()
        faces[owner_id] = orjson.dumps((owner_id, *row[22:]))
    return found, counts, faces


def people(reader: Reader, ids: Iterable[int]) -> dict[int, bytes]:
    """Faces as memory keeps them, by id."""
    return {row[0]: orjson.dumps(row) for row in reader.gather(_PEOPLE, set(ids), partial=True)}


def _photo(row: tuple[Any, ...], comments: list[Any] | None, place: list[Any] | None) -> bytes:
    return orjson.dumps((*row, comments or [], place))
