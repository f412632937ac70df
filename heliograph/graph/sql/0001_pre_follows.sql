-- A follow is two mirrored rows, each half owned by one side. In force: wish_on AND state = 'granted'
-- AND answers = wish_version. `answers = 0` means that nobody has answered any wish yet.
CREATE TABLE {s}.following (
    actor_id bigint NOT NULL CHECK (((actor_id >> 10) & 8191) = {shard}),
    owner_id bigint NOT NULL,
    wish_on boolean NOT NULL DEFAULT false,          -- the wish half: truth
    wish_version bigint NOT NULL DEFAULT 0,
    state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'granted', 'denied')),  -- the permit half: mirrored
    answers bigint NOT NULL DEFAULT 0,
    permit_version bigint NOT NULL DEFAULT 0,
    since timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (actor_id, owner_id)
);
CREATE INDEX following_in_force ON {s}.following (actor_id, since DESC, owner_id DESC)
    WHERE wish_on AND state = 'granted' AND answers = wish_version;

CREATE TABLE {s}.follower (
    owner_id bigint NOT NULL CHECK (((owner_id >> 10) & 8191) = {shard}),
    actor_id bigint NOT NULL,
    wish_on boolean NOT NULL DEFAULT false,          -- the wish half: mirrored
    wish_version bigint NOT NULL DEFAULT 0,
    state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'granted', 'denied')),  -- the permit half: truth
    answers bigint NOT NULL DEFAULT 0,
    permit_version bigint NOT NULL DEFAULT 0,
    since timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (owner_id, actor_id)
);
CREATE INDEX follower_in_force ON {s}.follower (owner_id, since DESC, actor_id DESC)
    WHERE wish_on AND state = 'granted' AND answers = wish_version;
CREATE INDEX follower_requests ON {s}.follower (owner_id, since DESC, actor_id DESC)
    WHERE wish_on AND state = 'pending' AND answers = wish_version;

CREATE TABLE {s}.block (
    actor_id bigint NOT NULL CHECK (((actor_id >> 10) & 8191) = {shard}),
    target_id bigint NOT NULL,
    "on" boolean NOT NULL,
    version bigint NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (actor_id, target_id)
);
CREATE INDEX block_newest ON {s}.block (actor_id, at DESC, target_id DESC) WHERE "on";

CREATE TABLE {s}.blocked_by (
    target_id bigint NOT NULL CHECK (((target_id >> 10) & 8191) = {shard}),
    actor_id bigint NOT NULL,
    "on" boolean NOT NULL,
    version bigint NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (target_id, actor_id)
);
