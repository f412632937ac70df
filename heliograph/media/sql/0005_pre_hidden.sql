-- Photos that nobody sees are few; whoever empties an account looks for those of one person.
CREATE INDEX photo_hidden ON {s}.photo (owner_id, id DESC) WHERE state = 'hidden';
