-- attempts/<slot>.db: the attempts that started in one hour or day
-- (synchronous=NORMAL; rebuilt from the log while that lasts; dropped whole).
-- The convention of the columns stands in migrations/state/0001_tables.sql.
-- Small on purpose: 94 bytes a row were measured without the texts, and three
-- times the inserts of a table with seven indexes. It explains itself: facts.db
-- may be made anew, and this file still has to be readable.

-- +goose Up

CREATE TABLE attempt (
    -- Writer: the applier. One HTTP request of one event to one endpoint. Numbers without a unit are ids of the table word, of
    -- the kind that the column is named after; 0: none. A second row with the same identity is a replay when its position is
    -- the same, otherwise a duplicate.
    id          INTEGER PRIMARY KEY,                                     -- rises with started_at: its milliseconds << 20, and a counter
    identity    BLOB    NOT NULL UNIQUE CHECK (length(identity) = 16),   -- deliveries.Attempt.Identity
    position    INTEGER NOT NULL,                                        -- in the log
    content     INTEGER NOT NULL,                                        -- first 8 bytes of deliveries.Attempt.ContentHash, big endian
    share       INTEGER NOT NULL,                                        -- ingest.Share: how it was counted
    source      INTEGER NOT NULL,
    event       INTEGER NOT NULL,                                        -- 63-bit hash of (source, event_id): FNV-1a, of source, a zero byte, event_id
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
    started_ns  INTEGER NOT NULL DEFAULT 0,                              -- 0 to 999: what started_at lacks, to compare contradictions exactly
    received_at INTEGER NOT NULL,                                        -- by the log
    duration_us INTEGER NOT NULL,
    status      INTEGER NOT NULL DEFAULT 0,                              -- HTTP; 0: no complete head
    fault       INTEGER NOT NULL DEFAULT 0,                              -- 0: delivered
    error       TEXT    NOT NULL DEFAULT ''                              -- of the source, at most 256 bytes; failed ones alone
) STRICT;
CREATE INDEX attempt_of_endpoint ON attempt (endpoint, id);
CREATE INDEX attempt_of_event ON attempt (event);
CREATE INDEX attempt_failed ON attempt (id, merchant, channel, status) WHERE fault > 0;

CREATE TABLE word (
    -- Writer: the applier. What the numbers in attempt and replaced stand for. Ids are this file's own.
    id    INTEGER PRIMARY KEY,
    kind  TEXT    NOT NULL,                                              -- source, merchant, endpoint, type, product, channel, fault, actor
    value TEXT    NOT NULL,
    UNIQUE (kind, value)
) STRICT;

CREATE TABLE replaced (
    -- Writer: the applier. What gave way to a row of the same identity that it contradicts, and how it was counted, so that a
    -- replay of the log says of each attempt what was said the first time.
    identity    BLOB    NOT NULL,
    position    INTEGER NOT NULL,                                        -- of the attempt that went
    by_position INTEGER NOT NULL,                                        -- of the one that came in its place
    content     INTEGER NOT NULL,
    started_at  INTEGER NOT NULL,
    share       INTEGER NOT NULL,
    endpoint    INTEGER NOT NULL,
    product     INTEGER NOT NULL,
    channel     INTEGER NOT NULL,
    PRIMARY KEY (identity, position)
) STRICT, WITHOUT ROWID;
