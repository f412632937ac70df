-- Rows of older code do not say whose photo it is.
UPDATE {s}.photo_like l SET owner_id = p.owner_id FROM {s}.photo p WHERE p.id = l.photo_id AND l.owner_id = 0;
UPDATE {s}.comment c SET owner_id = p.owner_id FROM {s}.photo p WHERE p.id = c.photo_id AND c.owner_id = 0;
