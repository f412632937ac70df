-- What a photo has gathered. Apart from the photo: a like then rewrites 40 bytes, not a caption.
CREATE TABLE {s}.photo_counts (
    photo_id bigint PRIMARY KEY CHECK (((photo_id >> 10) & 8191) = {shard}),
    likes int NOT NULL DEFAULT 0 CHECK (likes >= 0),
    comments int NOT NULL DEFAULT 0 CHECK (comments >= 0)
) WITH (fillfactor = 50);

CREATE TABLE {s}.liked (
    actor_id bigint NOT NULL CHECK (((actor_id >> 10) & 8191) = {shard}),
    photo_id bigint NOT NULL,
    "on" boolean NOT NULL,
    version bigint NOT NULL,
    refused boolean NOT NULL DEFAULT false,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (actor_id, photo_id)
);
CREATE INDEX liked_newest ON {s}.liked (actor_id, at DESC, photo_id DESC) WHERE "on";

CREATE TABLE {s}.photo_like (
    photo_id bigint NOT NULL CHECK (((photo_id >> 10) & 8191) = {shard}),
    actor_id bigint NOT NULL,
    "on" boolean NOT NULL,
    version bigint NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (photo_id, actor_id)
);
CREATE INDEX photo_like_newest ON {s}.photo_like (photo_id, at DESC, actor_id DESC) WHERE "on";

-- A comment's truth is beside its photo; the author keeps a mirrored row, to find it again.
CREATE SEQUENCE {s}.comment_id_seq;
CREATE TABLE {s}.comment (
    id bigint PRIMARY KEY DEFAULT public.next_id({shard}, '{s}.comment_id_seq') CHECK (((id >> 10) & 8191) = {shard}),
    photo_id bigint NOT NULL CHECK (((photo_id >> 10) & 8191) = {shard}),
    author_id bigint NOT NULL,
    text text NOT NULL,
    entities jsonb NOT NULL DEFAULT '[]',
    "on" boolean NOT NULL DEFAULT true,
    version bigint NOT NULL,
    at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX comment_by_photo ON {s}.comment (photo_id, id DESC) WHERE "on";

CREATE TABLE {s}.commented (
    actor_id bigint NOT NULL CHECK (((actor_id >> 10) & 8191) = {shard}),
    comment_id bigint NOT NULL,
    photo_id bigint NOT NULL,
    "on" boolean NOT NULL,
    version bigint NOT NULL,
    PRIMARY KEY (actor_id, comment_id)
);
