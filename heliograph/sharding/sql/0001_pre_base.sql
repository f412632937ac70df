-- The base of every shard: versions of truth rows, and answers to requests that may come twice.
CREATE SEQUENCE {s}.version_seq;

CREATE TABLE {s}.idempotency (
    person_id bigint NOT NULL CHECK (((person_id >> 10) & 8191) = {shard}),
    route text NOT NULL,
    key text NOT NULL,
    body_hash bytea NOT NULL,
    answer jsonb NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (person_id, route, key)
);
