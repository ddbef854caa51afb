-- facts.db: what the log and a few minutes of looking give again
-- (synchronous=NORMAL; a damaged file is moved aside and made anew).
-- The convention of the columns stands in migrations/state/0001_tables.sql.

-- +goose Up

CREATE TABLE open_event (
    -- Writer: the applier. An event whose first attempt failed; goes once it is delivered and told. The loss clock reads this.
    source           TEXT    NOT NULL,
    event            TEXT    NOT NULL,
    endpoint         TEXT    NOT NULL,
    merchant         TEXT    NOT NULL,
    type             TEXT    NOT NULL DEFAULT '',
    product          TEXT    NOT NULL DEFAULT '',
    channel          TEXT    NOT NULL DEFAULT '',
    key              TEXT    NOT NULL DEFAULT '',                        -- business key
    schedule         TEXT    NOT NULL DEFAULT '',                        -- retry preset by which next_retry_at and exhausts_at were computed
    state            TEXT    NOT NULL CHECK (state IN ('pending', 'retrying', 'delivered', 'exhausted', 'canceled')),
    occurred_at      INTEGER,
    created_at       INTEGER,
    expires_at       INTEGER,
    first_attempt_at INTEGER NOT NULL,
    last_attempt_at  INTEGER NOT NULL,
    attempts         INTEGER NOT NULL,                                   -- automatic
    manual_attempts  INTEGER NOT NULL DEFAULT 0,
    first_fault      TEXT    NOT NULL,
    last_fault       TEXT    NOT NULL,
    last_status      INTEGER NOT NULL DEFAULT 0,
    next_retry_at    INTEGER,                                            -- NULL: no automatic try is left
    exhausts_at      INTEGER,                                            -- last automatic try; NULL: the schedule is not known
    delivered_at     INTEGER,
    delivered_by     TEXT    NOT NULL DEFAULT '',                        -- automatic, or the person
    position         INTEGER NOT NULL,                                   -- of the last attempt applied
    PRIMARY KEY (source, event, endpoint)
) STRICT;
CREATE INDEX open_event_at_risk ON open_event (exhausts_at) WHERE state IN ('pending', 'retrying');
CREATE INDEX open_event_next ON open_event (next_retry_at) WHERE state IN ('pending', 'retrying');
CREATE INDEX open_event_of_endpoint ON open_event (endpoint, state, exhausts_at);
CREATE INDEX open_event_of_merchant ON open_event (merchant, first_attempt_at);
CREATE INDEX open_event_done ON open_event (last_attempt_at) WHERE state IN ('delivered', 'exhausted', 'canceled'); -- retention

CREATE TABLE rollup (
    -- Writer: the applier. Fifteen minutes of one endpoint, mergeable. The slot leads the key: a slot is written and dropped
    -- as one run of pages instead of a page for each endpoint; who wants one endpoint joins it with a list of slots.
    slot            INTEGER NOT NULL,                                    -- number of the 15 minutes since 1970: unix seconds / 900
    endpoint        INTEGER NOT NULL,                                    -- dictionary, kind endpoint
    version         INTEGER NOT NULL,                                    -- of the shape of both buckets
    probe           BLOB,                                                -- rules.Bucket of the probes; NULL: none
    deliveries      BLOB,                                                -- rules.Bucket of the attempts; NULL: none
    covered_us      INTEGER NOT NULL DEFAULT 0,                          -- with probe results
    probes          INTEGER NOT NULL DEFAULT 0,                          -- plain counts, for sums in SQL
    probes_down     INTEGER NOT NULL DEFAULT 0,
    first_attempts  INTEGER NOT NULL DEFAULT 0,
    failed_first    INTEGER NOT NULL DEFAULT 0,
    retries         INTEGER NOT NULL DEFAULT 0,
    failed_retries  INTEGER NOT NULL DEFAULT 0,
    manual          INTEGER NOT NULL DEFAULT 0,
    excluded        INTEGER NOT NULL DEFAULT 0,                          -- sender_error, canceled: in no ratio
    PRIMARY KEY (slot, endpoint)
) STRICT, WITHOUT ROWID;

CREATE TABLE applied (
    -- Writer: the applier, in the transaction that applied. How far each log is in the tables above.
    log      TEXT    NOT NULL PRIMARY KEY,
    position INTEGER NOT NULL,
    at       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE dictionary (
    -- Writer: the applier. Numbers for words that repeat in attempts and rollups; also the list of facets.
    kind    TEXT    NOT NULL,                                            -- source, merchant, endpoint, type, product, channel, fault, actor
    id      INTEGER NOT NULL,                                            -- 1, 2, ... within the kind; never used twice
    value   TEXT    NOT NULL,
    seen_at INTEGER NOT NULL,                                            -- first
    PRIMARY KEY (kind, id),
    UNIQUE (kind, value)
) STRICT, WITHOUT ROWID;

CREATE TABLE certificate_seen (
    -- Writer: the signal's owner; up to 60 s may be lost. The certificate last served at each address.
    kind        TEXT    NOT NULL CHECK (kind IN ('endpoint', 'target', 'file')), -- whose id endpoint is
    endpoint    TEXT    NOT NULL,
    address     TEXT    NOT NULL,                                        -- ip:port, or the path of a file
    fingerprint TEXT    NOT NULL,                                        -- sha256 of the leaf, hex
    version     INTEGER NOT NULL,                                        -- of the shape of memory
    memory      TEXT    NOT NULL CHECK (json_valid(memory)),             -- certificate.Remembered
    not_after   INTEGER,                                                 -- of the leaf, when the last report has it
    seen_at     INTEGER NOT NULL,
    PRIMARY KEY (kind, endpoint, address)
) STRICT;
CREATE INDEX certificate_seen_where ON certificate_seen (fingerprint);
CREATE INDEX certificate_seen_ending ON certificate_seen (not_after) WHERE not_after IS NOT NULL;

CREATE TABLE last_result (
    -- Writer: the signal's owner; up to 60 s may be lost. What both signals last said: the start after a restart.
    kind     TEXT    NOT NULL CHECK (kind IN ('endpoint', 'target', 'file')), -- whose id endpoint is
    endpoint TEXT    NOT NULL,
    url      TEXT    NOT NULL,                                           -- what was looked at; all that is remembered belongs to it
    version  INTEGER NOT NULL,                                           -- of the shape of probe and report
    probe    TEXT CHECK (json_valid(probe)),                             -- probes.Memory; NULL: never probed
    report   TEXT CHECK (json_valid(report)),                            -- certificate.Report; NULL: never judged
    saved_at INTEGER NOT NULL,
    PRIMARY KEY (kind, endpoint)
) STRICT;
