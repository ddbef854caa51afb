-- What reconciliation counts: the events that first failed in a span and were
-- delivered since, by channel. The convention of the columns stands in
-- 0001_tables.sql.

-- +goose Up

CREATE INDEX open_event_redelivered ON open_event (first_attempt_at, channel, product, type, delivered_at, first_fault) WHERE state = 'delivered';
