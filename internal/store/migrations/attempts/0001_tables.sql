-- attempts/<slot>.db: the attempts that started in one hour or day
-- (synchronous=NORMAL; rebuilt from the log while that lasts; dropped whole).
-- The convention of the columns stands in migrations/state/0001_tables.sql.
-- Small on purpose: 94 bytes a row were measured without the texts, and three
-- times the inserts of a table with seven indexes.

-- +goose Up

CREATE TABLE attempt (
    -- Writer: the applier. One HTTP request of one event to one endpoint. Numbers without a unit are ids of the dictionary
    -- (facts.db) of the column's name; 0: none. A second row with the same identity is a replay when its position is the
    -- same, otherwise a duplicate.
    id          INTEGER PRIMARY KEY,                                     -- rises with started_at: its milliseconds << 20, and a counter
    identity    BLOB    NOT NULL UNIQUE CHECK (length(identity) = 16),   -- deliveries.Attempt.Identity
    position    INTEGER NOT NULL,                                        -- in the log
    source      INTEGER NOT NULL,
    event       INTEGER NOT NULL,                                        -- 63-bit hash of (source, event_id)
    event_id    TEXT    NOT NULL,
    attempt_id  TEXT    NOT NULL DEFAULT '',                             -- the source's own, when the identity needs it
    merchant    INTEGER NOT NULL,
    endpoint    INTEGER NOT NULL,
    type        INTEGER NOT NULL DEFAULT 0,
    product     INTEGER NOT NULL DEFAULT 0,
    channel     INTEGER NOT NULL DEFAULT 0,
    key         TEXT    NOT NULL DEFAULT '',                             -- business key
    number      INTEGER NOT NULL,                                        -- 1, 2, ...; 0: not numbered
    manual      INTEGER NOT NULL DEFAULT 0 CHECK (manual IN (0, 1)),
    actor       INTEGER NOT NULL DEFAULT 0,                              -- of a manual one
    test        INTEGER NOT NULL DEFAULT 0 CHECK (test IN (0, 1)),       -- mode test: in no ratio
    occurred_at INTEGER,
    created_at  INTEGER,
    started_at  INTEGER NOT NULL,
    received_at INTEGER NOT NULL,                                        -- by the log
    duration_us INTEGER NOT NULL,
    status      INTEGER NOT NULL DEFAULT 0,                              -- HTTP; 0: no complete head
    fault       INTEGER NOT NULL DEFAULT 0,                              -- 0: delivered
    error       TEXT    NOT NULL DEFAULT ''                              -- of the source, at most 256 bytes; failed ones alone
) STRICT;
CREATE INDEX attempt_of_endpoint ON attempt (endpoint, id);
CREATE INDEX attempt_of_event ON attempt (event);
CREATE INDEX attempt_failed ON attempt (id, merchant, channel, status) WHERE fault > 0;
