-- Somebody who asked for their account to be deleted: `deleting`, and from `leaves_at` on it is emptied (null: that has
-- begun). What stays is an empty row, `deleted`: rows of others may name its id.
ALTER TABLE {s}.person ADD COLUMN leaves_at timestamptz;
ALTER TABLE {s}.person DROP CONSTRAINT person_state_check;
ALTER TABLE {s}.person ADD CONSTRAINT person_state_check
    CHECK (state IN ('active', 'suspended', 'deleting', 'deleted'));
