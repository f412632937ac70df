"""What cards are made of, read from the nodes: for what memory does not hold. One statement a shard for photos
with everything that lives beside them, one for the faces of people from elsewhere, which may travel along.
"""

from __future__ import annotations

from collections.abc import Iterable

from heliograph.sharding.sessions import Reader

COMMENTS = 3  # newest ones on a card
LIKERS = 3  # newest ones on a card; a viewer who may not see one of them sees fewer

#: PostgreSQL writes the values as memory keeps them: as rows they would be made into objects here, and those into JSON.
FACE = "json_build_array(h.id, h.username, h.full_name, h.avatar, h.private, h.state, h.media_generation)"
_PHOTOS = f"""
SELECT p.id, p.owner_id, json_build_array(
    p.id, p.owner_id, p.state, p.version, p.token, p.generation, p.caption, p.entities, p.alt_text, p.filter,
    p.width, p.height, p.placeholder, p.created_at, p.published_at, p.taken_at, p.error_code, coalesce((
        SELECT json_agg(json_build_array(c.id, c.author_id, c.text, c.entities, c.at) ORDER BY c.id DESC)
        FROM (SELECT * FROM {{s}}.comment WHERE photo_id = p.id AND "on" ORDER BY id DESC LIMIT {COMMENTS}) c
    ), '[]'), CASE WHEN p.place_level <> '' THEN json_build_array(
        p.place_level, p.place_id, p.place_name, p.place_region, p.place_country, p.lat, p.lng) END
)::text, concat_ws(',', coalesce(n.likes, 0), coalesce(n.comments, 0), (
    SELECT string_agg(l.actor_id::text, ',' ORDER BY l.at DESC, l.actor_id DESC) FROM (
        SELECT at, actor_id FROM {{s}}.photo_like WHERE photo_id = p.id AND "on"
        ORDER BY at DESC, actor_id DESC LIMIT {LIKERS}
    ) l
)), {FACE}::text
FROM {{s}}.photo p JOIN {{s}}.person h ON h.id = p.owner_id LEFT JOIN {{s}}.photo_counts n ON n.photo_id = p.id
WHERE p.id = ANY(%(ids)s)
"""
_PEOPLE = f"""
SELECT h.id, {FACE}::text FROM {{s}}.person h WHERE h.id = ANY(%(ids)s)
"""


def photos(
    reader: Reader, ids: Iterable[int], others: Iterable[int] = ()
) -> tuple[dict[int, bytes], dict[int, bytes], dict[int, bytes]]:
    """Values as memory keeps them, of photos in any state: photos, counts with likers, and the faces of their owners
    and of `others`, by id.

    A node that is away is left out, and remembered by the reader.
    """
    rows, people = reader.gather_all([(_PHOTOS, set(ids)), (_PEOPLE, set(others))], partial=True)
    faces = {id: face.encode() for id, face in people}
    faces |= {owner_id: face.encode() for _, owner_id, _, _, face in rows}
    return (
        {id: photo.encode() for id, _, photo, _, _ in rows},
        {id: counts.encode() for id, _, _, counts, _ in rows},
        faces,
    )


def people(reader: Reader, ids: Iterable[int]) -> dict[int, bytes]:
    """Faces as memory keeps them, by id."""
    return {id: face.encode() for id, face in reader.gather(_PEOPLE, set(ids), partial=True)}
