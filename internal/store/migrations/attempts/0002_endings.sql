-- attempts/<slot>.db: how that ended which gave way, for the buckets of the rollup.
-- The convention of the columns stands in migrations/state/0001_tables.sql.

-- +goose Up

ALTER TABLE replaced ADD COLUMN fault INTEGER NOT NULL DEFAULT 0;    -- as in attempt
ALTER TABLE replaced ADD COLUMN took_us INTEGER NOT NULL DEFAULT -1; -- until the answer; below 0: there was none, or nobody said
