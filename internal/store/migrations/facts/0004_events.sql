-- facts.db: pages of events that were not delivered, newest first attempt first.
-- The convention of the columns stands in migrations/state/0001_tables.sql.
-- Of events that were delivered, which are most, nothing is in here. Measured
-- with 50,000 undelivered events: 0.5 ms for a page instead of 37 ms.

-- +goose Up

CREATE INDEX open_event_undelivered ON open_event (state, first_attempt_at, exhausts_at, channel, type, product) WHERE state <> 'delivered';
CREATE INDEX open_event_undelivered_endpoint ON open_event (endpoint, state, first_attempt_at) WHERE state <> 'delivered';
