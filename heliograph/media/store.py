"""All SQL of photos and uploads. Takes the transaction or the reader, opens nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

Row = tuple[Any, ...]


class Shard(Protocol):
    """What a transaction and a reader of one shard have in common."""

    def rows(self, sql: str, params: Any = ()) -> list[Row]: ...
    def row(self, sql: str, params: Any = ()) -> Row | None: ...
    def value(self, sql: str, params: Any = ()) -> Any: ...
    def run(self, sql: str, params: Any = ()) -> int: ...


class Shards(Protocol):
    """Reads of many shards at once."""

    def gather(
        self, sql: str, ids: Iterable[int], params: Mapping[str, Any] | None = None, *, partial: bool = False
    ) -> list[Row]: ...


UPLOAD = "id, owner_id, file, kind, width, height, size_bytes, sha256, placeholder, photo_id, created_at, expires_at"
ADD_UPLOAD = f"""
INSERT INTO {{s}}.upload (owner_id, file, kind, width, height, size_bytes, sha256, placeholder, expires_at)
VALUES (%(owner_id)s, %(file)s, %(kind)s, %(width)s, %(height)s, %(size_bytes)s, %(sha256)s, %(placeholder)s,
    now() + make_interval(hours => %(hours)s))
RETURNING {UPLOAD}
"""
ONE_UPLOAD = f"SELECT {UPLOAD} FROM {{s}}.upload WHERE id = %(id)s AND owner_id = %(owner_id)s"
LOCK_UPLOAD = ONE_UPLOAD + " AND expires_at > now() FOR UPDATE"
UPLOAD_OF_PHOTO = (
    f"SELECT {UPLOAD} FROM {{s}}.upload WHERE id = (SELECT upload_id FROM {{s}}.photo WHERE id = %s)"
)
USE_UPLOAD = "UPDATE {s}.upload SET photo_id = %(photo_id)s WHERE id = %(id)s"
REMOVE_UPLOAD = """
DELETE FROM {s}.upload WHERE id = (SELECT upload_id FROM {s}.photo WHERE id = %s) RETURNING file
"""
TAKE_UPLOAD = (
    "DELETE FROM {s}.upload WHERE id = %(id)s AND owner_id = %(owner_id)s AND photo_id IS NULL RETURNING file"
)
#: Uploads that nobody posted, and those whose photo failed a week ago.
SWEEP_UPLOADS = """
DELETE FROM {s}.upload WHERE id IN (
    SELECT id FROM {s}.upload u
    WHERE (u.photo_id IS NULL AND u.expires_at < now()) OR (u.photo_id IS NOT NULL AND EXISTS (
        SELECT FROM {s}.photo p WHERE p.id = u.photo_id
            AND (p.state IN ('published', 'deleted', 'hidden')
                OR (p.state = 'failed' AND u.created_at < now() - make_interval(days => %(failed_days)s)))))
    LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
RETURNING file
"""
KNOWN_FILES = "SELECT file FROM {s}.upload WHERE file = ANY(%s)"

PHOTO = (
    "id, owner_id, state, error_code, token, generation, version, caption, entities, alt_text, filter, recipe, "
    "width, height, placeholder, upload_id, delivery, imported, taken_at, created_at, published_at, "
    "place_level, place_id, place_name, place_region, place_country, lat, lng"
)
ADD_PHOTO = """
INSERT INTO {s}.photo (owner_id, token, caption, entities, alt_text, filter, recipe, width, height, placeholder,
    upload_id, taken_at, place_level, place_id, place_name, place_region, place_country, lat, lng)
VALUES (%(owner_id)s, %(token)s, %(caption)s, %(entities)s::jsonb, %(alt_text)s, %(filter)s, %(recipe)s::jsonb,
    %(width)s, %(height)s, %(placeholder)s, %(upload_id)s, %(taken_at)s, %(place_level)s, %(place_id)s,
    %(place_name)s, %(place_region)s, %(place_country)s, %(lat)s, %(lng)s)
RETURNING id
"""
LOAD = f"SELECT {PHOTO} FROM {{s}}.photo WHERE id = ANY(%(ids)s)"
LOCK = f"SELECT {PHOTO} FROM {{s}}.photo WHERE id = %s FOR NO KEY UPDATE"
PUBLISH = """
UPDATE {s}.photo SET state = 'published', error_code = '', width = %(width)s, height = %(height)s,
    placeholder = %(placeholder)s, published_at = now(), version = version + 1
WHERE id = %(id)s AND state = 'processing'
"""
FAIL = """
UPDATE {s}.photo SET state = 'failed', error_code = %(code)s, version = version + 1
WHERE id = %(id)s AND state = 'processing'
"""
TRY_AGAIN = """
UPDATE {s}.photo SET state = 'processing', error_code = '', version = version + 1
WHERE id = %(id)s AND state = 'failed'
"""
EDIT = """
UPDATE {s}.photo SET caption = coalesce(%(caption)s, caption), entities = coalesce(%(entities)s::jsonb, entities),
    alt_text = coalesce(%(alt_text)s, alt_text), version = version + 1
WHERE id = %(id)s AND owner_id = %(owner_id)s AND state <> 'deleted'
"""
MOVE = """
UPDATE {s}.photo SET place_level = %(place_level)s, place_id = %(place_id)s, place_name = %(place_name)s,
    place_region = %(place_region)s, place_country = %(place_country)s, lat = %(lat)s, lng = %(lng)s,
    version = version + 1
WHERE id = %(id)s AND owner_id = %(owner_id)s AND state <> 'deleted'
"""
#: The tombstone keeps what is needed to refuse and to sweep, and nothing that was said or shown.
DELETE = """
UPDATE {s}.photo SET state = 'deleted', generation = generation + 1, version = version + 1, caption = '',
    entities = '[]', alt_text = '', recipe = '{}', placeholder = '', error_code = '', deleted_at = now(),
    place_level = '', place_id = NULL, place_name = '', place_region = '', place_country = '', lat = NULL, lng = NULL
WHERE id = %s AND state <> 'deleted'
"""
#: Three index walks of one person: no index has all states but one, and without there is the whole table to read.
NOT_DELETED = (
    " UNION ALL ".join(
        "(SELECT id FROM {s}.photo WHERE owner_id = %(owner_id)s AND "
        + states
        + " AND id > %(after)s ORDER BY id LIMIT %(count)s)"
        for states in ("state = 'published'", "state IN ('processing', 'failed')", "state = 'hidden'")
    )
    + " ORDER BY id LIMIT %(count)s"
)
UNUSED_UPLOADS = "DELETE FROM {s}.upload WHERE owner_id = %s AND photo_id IS NULL RETURNING file"
#: Photos that were deleted before a moment, and what is left of one when its pictures and its upload are gone.
TOMBSTONES = f"""
SELECT {PHOTO} FROM {{s}}.photo WHERE state = 'deleted' AND coalesce(deleted_at, created_at) <= %(cutoff)s
    AND id > %(after)s
ORDER BY id LIMIT %(count)s
"""
_LEFT = "p.state = 'deleted' AND NOT EXISTS (SELECT FROM {s}.upload u WHERE u.id = p.upload_id)"
NOTHING_LEFT = "SELECT EXISTS (SELECT FROM {s}.photo p WHERE p.id = %s AND " + _LEFT + ")"
BURY = "DELETE FROM {s}.photo p WHERE p.id = %s AND " + _LEFT

_PAGE = " AND id < %(below)s AND id > %(above)s ORDER BY id DESC LIMIT %(count)s"
OF_OWNER = f"SELECT {PHOTO} FROM {{s}}.photo WHERE owner_id = %(owner_id)s AND state = 'published'" + _PAGE
IDS_OF_OWNER = "SELECT id FROM {s}.photo WHERE owner_id = %(owner_id)s AND state = 'published'" + _PAGE
#: Two index walks of one person: what is being made or has failed, and what was published above an id.
ARRIVING = (
    f"(SELECT {PHOTO} FROM {{s}}.photo WHERE owner_id = %(owner_id)s AND state IN ('processing', 'failed') "
    "ORDER BY id DESC LIMIT %(count)s) UNION ALL "
    f"(SELECT {PHOTO} FROM {{s}}.photo WHERE owner_id = %(owner_id)s AND state = 'published' AND NOT imported "
    "AND id > %(above)s ORDER BY id DESC LIMIT %(count)s) ORDER BY id DESC LIMIT %(count)s"
)
#: The newest photos of many owners of one shard: an index walk for each owner, cut off at `count`.
NEWEST_IDS = """
SELECT newest.id, owner.id FROM unnest(%(ids)s::bigint[]) AS owner (id) CROSS JOIN LATERAL (
    SELECT p.id FROM {s}.photo p
    WHERE p.owner_id = owner.id AND p.state = 'published' AND NOT p.imported AND p.id < %(below)s
        AND p.id > %(above)s
    ORDER BY p.id DESC LIMIT %(count)s) AS newest
"""
#: The newest photos of whole shards, whoever owns them.
NEWEST_OF_ALL = """
SELECT * FROM (SELECT id, owner_id FROM {s}.photo WHERE state = 'published' AND NOT imported
    ORDER BY published_at DESC LIMIT %(count)s) AS newest
"""
#: What whoever serves bytes must know.
SERVED_PHOTO = """
SELECT p.generation, h.media_generation, h.private FROM {s}.photo p JOIN {s}.person h ON h.id = p.owner_id
WHERE p.id = %(id)s AND p.token = %(random)s AND p.state = 'published' AND h.state = 'active'
"""
SERVED_PERSON = """
SELECT 0, media_generation, private FROM {s}.person
WHERE id = %(id)s AND avatar = %(token)s AND state = 'active'
"""


def gather_photos(reader: Shards, ids: Iterable[int], *, partial: bool = False) -> list[Row]:
    return reader.gather(LOAD, ids, partial=partial)


def gather_newest(
    reader: Shards, owner_ids: Iterable[int], below: int, above: int, count: int, *, partial: bool
) -> list[Row]:
    page = {"below": below, "above": above, "count": count}
    return reader.gather(NEWEST_IDS, owner_ids, page, partial=partial)
