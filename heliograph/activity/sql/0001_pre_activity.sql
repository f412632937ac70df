-- Somebody was named in a caption (comment_id = 0) or a comment: a mirror of what the text says, with the person named.
CREATE TABLE {s}.mention (
    person_id bigint NOT NULL CHECK (((person_id >> 10) & 8191) = {shard}),
    photo_id bigint NOT NULL,
    comment_id bigint NOT NULL DEFAULT 0,
    actor_id bigint NOT NULL,
    "on" boolean NOT NULL,
    version bigint NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),          -- of its first arrival: naming somebody again is no news
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (person_id, photo_id, comment_id)
);
CREATE INDEX mention_newest ON {s}.mention (person_id, at DESC, photo_id DESC, comment_id DESC) WHERE "on";
CREATE INDEX mention_off ON {s}.mention (changed_at) WHERE NOT "on";

-- Until when somebody has looked at what happened to them.
CREATE TABLE {s}.activity_seen (
    person_id bigint PRIMARY KEY CHECK (((person_id >> 10) & 8191) = {shard}),
    until timestamptz NOT NULL
) WITH (fillfactor = 50);
