-- Where the photo was taken, reduced to the level that its owner chose; '': nobody said.
ALTER TABLE {s}.photo
    ADD COLUMN place_level text NOT NULL DEFAULT '' CHECK (place_level IN ('', 'city', 'neighbourhood', 'exact')),
    ADD COLUMN place_id bigint,                   -- a town's number at GeoNames; for level city only
    ADD COLUMN place_name text NOT NULL DEFAULT '',
    ADD COLUMN place_region text NOT NULL DEFAULT '',
    ADD COLUMN place_country text NOT NULL DEFAULT '',
    ADD COLUMN lat double precision,
    ADD COLUMN lng double precision,
    ADD CHECK ((place_level = '') = (lat IS NULL) AND (lat IS NULL) = (lng IS NULL));
