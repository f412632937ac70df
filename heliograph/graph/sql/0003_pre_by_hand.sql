-- Part of the permit half: whether the owner let them in themself, so that whoever asked can be told.
ALTER TABLE {s}.follower ADD COLUMN by_hand boolean NOT NULL DEFAULT false;
ALTER TABLE {s}.following ADD COLUMN by_hand boolean NOT NULL DEFAULT false;
CREATE INDEX following_let_in ON {s}.following (actor_id, since DESC, owner_id DESC)
    WHERE by_hand AND wish_on AND state = 'granted' AND answers = wish_version;
