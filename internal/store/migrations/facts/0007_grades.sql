-- facts.db: what the audit of a source holds against it outlives a restart.
-- The convention of the columns stands in migrations/state/0001_tables.sql.

-- +goose Up

ALTER TABLE learnt RENAME TO learnt_before;

CREATE TABLE learnt (
    -- Writer: the applier and its duty jobs. Where it is lost, the attempts teach it again.
    kind   TEXT NOT NULL CHECK (kind IN ('schedule', 'gap', 'grade')),
    source TEXT NOT NULL,
    state  TEXT NOT NULL, -- JSON of deliveries.Learner, of rules.GapLearner, of what ingest.Senders holds against it
    PRIMARY KEY (kind, source)
) STRICT;

INSERT INTO learnt (kind, source, state) SELECT kind, source, state FROM learnt_before;
DROP TABLE learnt_before;
