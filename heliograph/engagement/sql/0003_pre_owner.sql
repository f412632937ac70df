-- Whose photo it is, beside each like and comment: so that what people did to one person's photos is one range of an
-- index, however many photos there are. What one does to one's own photos is left out.
ALTER TABLE {s}.photo_like ADD COLUMN owner_id bigint NOT NULL DEFAULT 0;
CREATE INDEX photo_like_of_owner ON {s}.photo_like (owner_id, at DESC, photo_id DESC, actor_id DESC)
    WHERE "on" AND actor_id <> owner_id;
ALTER TABLE {s}.comment ADD COLUMN owner_id bigint NOT NULL DEFAULT 0;
CREATE INDEX comment_of_owner ON {s}.comment (owner_id, at DESC, id DESC) WHERE "on" AND author_id <> owner_id;
