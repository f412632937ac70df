-- Since when a photo is a tombstone; its row is swept a while later.
ALTER TABLE {s}.photo ADD COLUMN deleted_at timestamptz;
CREATE INDEX photo_deleted ON {s}.photo (id) WHERE state = 'deleted';
