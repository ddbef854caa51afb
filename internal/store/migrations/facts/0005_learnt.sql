-- facts.db: what was learnt of sources.
-- The convention of the columns stands in migrations/state/0001_tables.sql.

-- +goose Up

CREATE TABLE learnt (
    -- Writer: the applier's duty job. Where it is lost, the attempts teach it again.
    kind   TEXT NOT NULL CHECK (kind IN ('schedule', 'gap')),
    source TEXT NOT NULL,
    state  TEXT NOT NULL, -- JSON of deliveries.Learner, of rules.GapLearner
    PRIMARY KEY (kind, source)
) STRICT;
