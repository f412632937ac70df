-- How far versions had come on which day: a row whose version is not above an old mark has not changed since.
CREATE TABLE {s}.version_mark (
    at timestamptz PRIMARY KEY,
    version bigint NOT NULL
);
