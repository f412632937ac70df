CREATE SEQUENCE {s}.upload_id_seq;
CREATE TABLE {s}.upload (
    id bigint PRIMARY KEY DEFAULT public.next_id({shard}, '{s}.upload_id_seq') CHECK (((id >> 10) & 8191) = {shard}),
    owner_id bigint NOT NULL CHECK (((owner_id >> 10) & 8191) = {shard}),
    file text NOT NULL,                -- name under incoming/
    kind text NOT NULL,                -- jpeg, png, webp
    width int NOT NULL,
    height int NOT NULL,
    size_bytes int NOT NULL,
    sha256 bytea NOT NULL,
    placeholder text NOT NULL DEFAULT '',
    photo_id bigint,                   -- set when it was posted
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);
CREATE INDEX upload_expiry ON {s}.upload (expires_at) WHERE photo_id IS NULL;

CREATE SEQUENCE {s}.photo_id_seq;
CREATE TABLE {s}.photo (
    id bigint PRIMARY KEY DEFAULT public.next_id({shard}, '{s}.photo_id_seq') CHECK (((id >> 10) & 8191) = {shard}),
    owner_id bigint NOT NULL CHECK (((owner_id >> 10) & 8191) = {shard}),
    state text NOT NULL DEFAULT 'processing'
        CHECK (state IN ('processing', 'published', 'failed', 'hidden', 'deleted')),
    error_code text NOT NULL DEFAULT '',
    token text NOT NULL,               -- where the files are; random, unguessable
    generation int NOT NULL DEFAULT 1, -- part of every signed URL; going up makes the old ones void
    version int NOT NULL DEFAULT 1,    -- part of the card's key in the cache
    caption text NOT NULL DEFAULT '',
    entities jsonb NOT NULL DEFAULT '[]',  -- tags and mentions (person ids) with their places in the caption
    alt_text text NOT NULL DEFAULT '',
    filter text NOT NULL DEFAULT '',
    width int NOT NULL,                -- of the largest rendition
    height int NOT NULL,
    placeholder text NOT NULL DEFAULT '',
    upload_id bigint,
    delivery text NOT NULL DEFAULT 'push' CHECK (delivery IN ('push', 'merge')),
    imported boolean NOT NULL DEFAULT false,
    taken_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    published_at timestamptz
);
CREATE INDEX photo_by_owner ON {s}.photo (owner_id, id DESC) WHERE state = 'published';
CREATE INDEX photo_unfinished ON {s}.photo (owner_id, id DESC) WHERE state IN ('processing', 'failed');
CREATE INDEX photo_published ON {s}.photo (published_at) WHERE state = 'published';
