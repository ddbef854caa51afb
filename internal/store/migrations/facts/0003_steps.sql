-- facts.db: how long the steps of the rollup are.
-- The convention of the columns stands in migrations/state/0001_tables.sql.

-- +goose Up

CREATE TABLE rollup_step (
    -- Writer: Open, once. The numbers in rollup.slot and tally_quarter.slot count steps of so many seconds since 1970, those in
    -- tally_minute.minute steps of the smaller of it and 60.
    one     INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    seconds INTEGER NOT NULL CHECK (seconds > 0)
) STRICT;
