-- facts.db: attempts counted by platform, product and channel.
-- The convention of the columns stands in migrations/state/0001_tables.sql.

-- +goose Up

CREATE TABLE tally_minute (
    -- Writer: the applier. One minute of one scope, by the start of the attempts; the rollup of endpoints would be no rollup in
    -- minutes. Seven days, gone in small steps. The minute leads the key: rows are written and dropped as one run of pages.
    minute          INTEGER NOT NULL,                                    -- number of the minute since 1970: unix seconds / 60
    scope           INTEGER NOT NULL,                                    -- dictionary, kind scope: platform, product:PAYOUT, channel:ID_BCA
    first_attempts  INTEGER NOT NULL DEFAULT 0,
    failed_first    INTEGER NOT NULL DEFAULT 0,
    retries         INTEGER NOT NULL DEFAULT 0,                          -- and those without a number
    failed_retries  INTEGER NOT NULL DEFAULT 0,
    manual          INTEGER NOT NULL DEFAULT 0,
    excluded        INTEGER NOT NULL DEFAULT 0,                          -- sender_error, canceled: in no ratio
    PRIMARY KEY (minute, scope)
) STRICT, WITHOUT ROWID;

CREATE TABLE tally_quarter (
    -- Writer: the applier, together with tally_minute. Fifteen minutes of one scope; 400 days, as the rollup of endpoints.
    slot            INTEGER NOT NULL,                                    -- as in rollup: unix seconds / 900
    scope           INTEGER NOT NULL,
    first_attempts  INTEGER NOT NULL DEFAULT 0,
    failed_first    INTEGER NOT NULL DEFAULT 0,
    retries         INTEGER NOT NULL DEFAULT 0,
    failed_retries  INTEGER NOT NULL DEFAULT 0,
    manual          INTEGER NOT NULL DEFAULT 0,
    excluded        INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (slot, scope)
) STRICT, WITHOUT ROWID;
