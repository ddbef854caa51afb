-- attempts/<slot>.db: of which event that was which gave way, for the loss clock.
-- The convention of the columns stands in migrations/state/0001_tables.sql.

-- +goose Up

ALTER TABLE replaced ADD COLUMN event TEXT NOT NULL DEFAULT '';      -- its event_id; '': the same as that of what came in its place
