-- How the photo is cut and how strong its filter is, so that another try makes the same; {}: as a plain one.
ALTER TABLE {s}.photo ADD COLUMN recipe jsonb NOT NULL DEFAULT '{}';
