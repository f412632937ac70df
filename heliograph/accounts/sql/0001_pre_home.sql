-- A person at home: the truth of what every read must agree on. The username's truth is the directory;
-- here is its copy, with which the person's card is made.
CREATE TABLE {s}.person (
    id bigint PRIMARY KEY CHECK (((id >> 10) & 8191) = {shard}),
    username text NOT NULL,
    full_name text NOT NULL DEFAULT '',
    bio text NOT NULL DEFAULT '',
    website text NOT NULL DEFAULT '',
    avatar text NOT NULL DEFAULT '',
    private boolean NOT NULL DEFAULT false,
    state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'suspended', 'deleting')),
    face_version bigint NOT NULL DEFAULT 1,
    media_generation int NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE {s}.counters (
    person_id bigint PRIMARY KEY CHECK (((person_id >> 10) & 8191) = {shard}),
    photos int NOT NULL DEFAULT 0 CHECK (photos >= 0),
    followers int NOT NULL DEFAULT 0 CHECK (followers >= 0),
    following int NOT NULL DEFAULT 0 CHECK (following >= 0)
) WITH (fillfactor = 50);
