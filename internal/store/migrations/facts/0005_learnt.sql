-- facts.db: what was learnt of the schedules of sources.
-- The convention of the columns stands in migrations/state/0001_tables.sql.

-- +goose Up

CREATE TABLE learnt (
    -- Writer: the applier's duty job. Where it is lost, the attempts teach it again.
    source TEXT NOT NULL PRIMARY KEY,
    state  TEXT NOT NULL -- JSON of deliveries.Learner
) STRICT;
