-- facts.db: what was learnt of sources; pages of the undelivered events of a channel.
-- The convention of the columns stands in migrations/state/0001_tables.sql.

-- +goose Up

CREATE TABLE learnt (
    -- Writer: the applier's duty job. Where it is lost, the attempts teach it again.
    kind   TEXT NOT NULL CHECK (kind IN ('schedule', 'gap')),
    source TEXT NOT NULL,
    state  TEXT NOT NULL, -- JSON of deliveries.Learner, of rules.GapLearner
    PRIMARY KEY (kind, source)
) STRICT;

CREATE INDEX open_event_undelivered_channel ON open_event (channel, state, first_attempt_at, type, product) WHERE state <> 'delivered';
