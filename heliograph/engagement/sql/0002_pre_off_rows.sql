-- The daily sweep looks for rows that say nothing any more; they are few among many.
CREATE INDEX liked_off ON {s}.liked (actor_id, photo_id) WHERE NOT "on";
CREATE INDEX photo_like_off ON {s}.photo_like (photo_id, actor_id) WHERE NOT "on";
CREATE INDEX comment_off ON {s}.comment (id, author_id) WHERE NOT "on";
CREATE INDEX commented_off ON {s}.commented (actor_id, comment_id) WHERE NOT "on";
-- A tombstone goes when nothing names it any more, deleted comments included.
CREATE INDEX comment_of_photo ON {s}.comment (photo_id) WHERE NOT "on";
