-- The daily sweep looks for rows that say nothing any more; they are few among many.
CREATE INDEX following_off ON {s}.following (actor_id, owner_id)
    WHERE NOT wish_on OR (state = 'denied' AND answers = wish_version);
CREATE INDEX follower_off ON {s}.follower (owner_id, actor_id)
    WHERE NOT wish_on OR (state = 'denied' AND answers = wish_version);
CREATE INDEX block_off ON {s}.block (actor_id, target_id) WHERE NOT "on";
CREATE INDEX blocked_by_off ON {s}.blocked_by (target_id, actor_id) WHERE NOT "on";
