-- state.db: what must survive (synchronous=FULL).
--
-- The convention of all columns, in this file and in those of facts.db and the
-- attempt slots:
--
--   *_at, *_until,  a moment: INTEGER, microseconds since 1970-01-01T00:00:00Z;
--   *_since,        also the plain at and until, window_start and window_end.
--   ...             NULL: it has not happened, or there is none.
--   *_us            a span: INTEGER, microseconds.
--   id, words       TEXT. An id that we make is a UUIDv7, so that ids rise with time.
--                   A word comes from a set; the sets that are closed have a CHECK.
--   yes or no       INTEGER, 0 or 1.
--   ratio           REAL in [0, 1]; nothing holds a percentage.
--   JSON            TEXT that is an object, with CHECK (json_valid()); "version" beside it
--                   is the number of its shape where it is the memory of a Go type.
--   *_sha256        BLOB of 32 bytes.
--   empty text      "none" where NULL would say nothing more; then NOT NULL DEFAULT ''.
--
-- Tables are STRICT. Those with short rows and a key of words are WITHOUT ROWID.
-- One writer each, named first in the comment inside the table, where ".schema"
-- shows it. Migrations go forward only.
--
-- PostgreSQL has the same tables: INTEGER is bigint there, BLOB bytea, JSON jsonb.

-- +goose Up

-- Group: registry.

CREATE TABLE merchant (
    -- Writer: registry. Who receives webhooks and reads digests.
    id          TEXT    NOT NULL PRIMARY KEY,
    origin      TEXT    NOT NULL CHECK (origin IN ('file', 'api', 'seen')),
    spec        TEXT    NOT NULL CHECK (json_valid(spec)),               -- registry.Merchant
    fingerprint BLOB    NOT NULL CHECK (length(fingerprint) = 32),       -- over all of the row that people wrote: unchanged records are known by it, damaged ones too
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE endpoint (
    -- Writer: registry. One URL of a merchant.
    id          TEXT    NOT NULL PRIMARY KEY,
    merchant    TEXT    NOT NULL REFERENCES merchant (id),
    origin      TEXT    NOT NULL CHECK (origin IN ('file', 'api', 'seen')),
    spec        TEXT    NOT NULL CHECK (json_valid(spec)),               -- registry.Endpoint, without its token
    token       TEXT,                                                    -- secret; NULL for what comes from a file: the file keeps it
    fingerprint BLOB    NOT NULL CHECK (length(fingerprint) = 32),       -- as in merchant
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX endpoint_of_merchant ON endpoint (merchant);

CREATE TABLE unsubscribe (
    -- Writer: registry. Mail that an address no longer gets. A row is deleted when it subscribes again (audit keeps it).
    merchant TEXT    NOT NULL,
    address  TEXT    NOT NULL,                                           -- lower case
    kind     TEXT    NOT NULL CHECK (kind IN ('digest', 'incident', 'all')), -- all: the address bounces
    reason   TEXT    NOT NULL CHECK (reason IN ('one_click', 'page', 'operator', 'bounce', 'complaint')),
    detail   TEXT    NOT NULL DEFAULT '',                                -- the server's enhanced code, or who did it
    at       INTEGER NOT NULL,
    PRIMARY KEY (merchant, address, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE token (
    -- Writer: registry. A bearer token of the API; only its hash is kept. Names repeat while one rotates.
    id            TEXT    NOT NULL PRIMARY KEY,                          -- the public prefix of the token: how it is found
    name          TEXT    NOT NULL,
    role          TEXT    NOT NULL CHECK (role IN ('viewer', 'operator', 'admin', 'ingest')),
    merchants     TEXT    NOT NULL DEFAULT '[]' CHECK (json_valid(merchants)), -- ids it may see; []: all
    source        TEXT    NOT NULL DEFAULT '',                           -- role ingest: the only source it may write
    secret_sha256 BLOB    NOT NULL UNIQUE CHECK (length(secret_sha256) = 32),
    created_at    INTEGER NOT NULL,
    created_by    TEXT    NOT NULL,
    expires_at    INTEGER,
    revoked_at    INTEGER,
    used_at       INTEGER                                                -- last use, written at most once a minute
) STRICT;
CREATE INDEX token_by_name ON token (name);

CREATE TABLE audit (
    -- Writer: whoever commits a change, in the same transaction. Append only. Hashes alone: never a value, never a secret.
    seq           INTEGER PRIMARY KEY AUTOINCREMENT,
    at            INTEGER NOT NULL,
    actor         TEXT    NOT NULL,                                      -- a token's name, a person, or "file"
    action        TEXT    NOT NULL,                                      -- create, update, delete; people's commands add theirs
    kind          TEXT    NOT NULL,                                      -- merchant, endpoint, incident, silence, ...
    id            TEXT    NOT NULL,
    before_sha256 BLOB CHECK (length(before_sha256) = 32),               -- of the spec; NULL: there was none
    after_sha256  BLOB CHECK (length(after_sha256) = 32),
    detail        TEXT    NOT NULL DEFAULT ''                            -- what the hashes do not show: "token changed"
) STRICT;
CREATE INDEX audit_of_record ON audit (kind, id, seq);

-- Group: rules.

CREATE TABLE rule_state (
    -- Writer: the shard's owner, every 60 s. Detector state of one series; with the log from position on it is exact.
    shard    INTEGER NOT NULL CHECK (shard BETWEEN 0 AND 255),
    series   TEXT    NOT NULL,                                           -- rule and scope: endpoint_failing/endpoint:ep_9
    version  INTEGER NOT NULL,                                           -- of the shape of state
    state    BLOB    NOT NULL,                                           -- rules.State
    position INTEGER NOT NULL,                                           -- log position that state includes
    at       INTEGER NOT NULL,
    PRIMARY KEY (shard, series)
) STRICT, WITHOUT ROWID;

CREATE TABLE condition (
    -- Writer: the shard's owner. A rule that is, or was, met in a scope.
    rule       TEXT    NOT NULL,
    scope      TEXT    NOT NULL,                                         -- platform, product:PAYOUT, channel:ID_BCA, merchant:m_1, endpoint:ep_9, ...
    episode    INTEGER NOT NULL CHECK (episode > 0),                     -- 1, 2, ... of this rule in this scope
    shard      INTEGER NOT NULL,
    epoch      INTEGER NOT NULL,                                         -- of the lease under which it was written last
    merchant   TEXT    NOT NULL DEFAULT '',                              -- whom the scope belongs to, when to one
    state      TEXT    NOT NULL CHECK (state IN ('pending', 'open', 'cleared')),
    severity   TEXT    NOT NULL CHECK (severity IN ('critical', 'high', 'low')),
    fault      TEXT    NOT NULL DEFAULT '',                              -- the fault that decides, when one does
    since_at   INTEGER NOT NULL,                                         -- first bad fact
    opened_at  INTEGER,                                                  -- NULL: pending, or dropped while pending
    cleared_at INTEGER,
    updated_at INTEGER NOT NULL,
    changes    INTEGER NOT NULL DEFAULT 0,                               -- rows in condition_change
    evidence   TEXT    NOT NULL CHECK (json_valid(evidence)),            -- rules.Evidence, the last
    CHECK ((state = 'cleared') = (cleared_at IS NOT NULL)),
    PRIMARY KEY (rule, scope, episode)
) STRICT;
CREATE UNIQUE INDEX condition_live ON condition (rule, scope) WHERE cleared_at IS NULL; -- one episode at a time
CREATE INDEX condition_of_shard ON condition (shard) WHERE cleared_at IS NULL;
CREATE INDEX condition_of_merchant ON condition (merchant, since_at) WHERE merchant <> '';
CREATE INDEX condition_cleared ON condition (cleared_at) WHERE cleared_at IS NOT NULL;      -- retention

CREATE TABLE condition_change (
    -- Writer: the shard's owner, with the condition. What the desk reads, in order of seq (its cursor is in table cursor).
    seq      INTEGER PRIMARY KEY AUTOINCREMENT,
    rule     TEXT    NOT NULL,
    scope    TEXT    NOT NULL,
    episode  INTEGER NOT NULL,
    number   INTEGER NOT NULL CHECK (number > 0),                        -- 1, 2, ... within the episode: a replay that decides again meets the unique key
    shard    INTEGER NOT NULL,
    epoch    INTEGER NOT NULL,
    open     INTEGER NOT NULL CHECK (open IN (0, 1)),
    severity TEXT    NOT NULL CHECK (severity IN ('critical', 'high', 'low')),
    fault    TEXT    NOT NULL DEFAULT '',
    since_at INTEGER NOT NULL,
    at       INTEGER NOT NULL,                                           -- the tick that decided
    evidence TEXT    NOT NULL CHECK (json_valid(evidence)),              -- rules.Evidence, of this moment
    UNIQUE (rule, scope, episode, number)
) STRICT;

CREATE TABLE lease (
    -- Writer: the shard's owner, by compare-and-swap of epoch. Shards 0..255; 256 is the desk.
    shard    INTEGER NOT NULL PRIMARY KEY CHECK (shard BETWEEN 0 AND 256),
    owner    TEXT    NOT NULL,                                           -- '': nobody
    epoch    INTEGER NOT NULL,                                           -- grows with each new owner: the fence of all it writes
    until    INTEGER NOT NULL,                                           -- a moment
    position INTEGER NOT NULL DEFAULT 0                                  -- log position up to which rule_state of this shard is complete
) STRICT;

-- Group: incidents.

CREATE TABLE incident (
    -- Writer: the desk; people by compare-and-swap of version. Conditions with one cause.
    -- "<group_key>:<generation>" is the pager's dedup key and the root of every thread.
    id               TEXT    NOT NULL PRIMARY KEY,
    group_key        TEXT    NOT NULL,                                   -- v1:<kind>:<scope>
    generation       INTEGER NOT NULL CHECK (generation > 0),            -- grows when it opens anew after the reopen window
    version          INTEGER NOT NULL DEFAULT 1 CHECK (version > 0),     -- grows with every change
    kind             TEXT    NOT NULL,                                   -- the rule that leads
    cause            TEXT    NOT NULL DEFAULT '',                        -- word of the cause matrix
    scope            TEXT    NOT NULL,
    merchant         TEXT    NOT NULL DEFAULT '',                        -- when it concerns one alone
    parent           TEXT    REFERENCES incident (id),                   -- folded into that one: keeps its own timeline, sends nothing
    severity         TEXT    NOT NULL CHECK (severity IN ('critical', 'high', 'low')),
    state            TEXT    NOT NULL CHECK (state IN ('open', 'acknowledged', 'mitigated', 'recovering', 'resolved', 'reconciled')),
    title            TEXT    NOT NULL,
    facts            TEXT    NOT NULL CHECK (json_valid(facts)),         -- evidence, counts (affected, at risk, lost), attribution: what notices are made of
    share_peak       REAL    NOT NULL DEFAULT 0 CHECK (share_peak BETWEEN 0 AND 1), -- of traffic, at worst
    share_now        REAL    NOT NULL DEFAULT 0 CHECK (share_now BETWEEN 0 AND 1),
    started_at       INTEGER NOT NULL,                                   -- first bad fact of any member
    detected_at      INTEGER NOT NULL,                                   -- when a rule said so
    opened_at        INTEGER NOT NULL,
    alerted_at       INTEGER,                                            -- first notice accepted by a receiver
    acknowledged_at  INTEGER,
    acknowledged_by  TEXT    NOT NULL DEFAULT '',
    ack_until        INTEGER,                                            -- then it counts as open again
    mitigated_at     INTEGER,                                            -- first fix
    recovering_at    INTEGER,
    resolved_at      INTEGER,                                            -- NULL while it is live; cleared again when it reopens
    resolved_by      TEXT    NOT NULL DEFAULT '',                        -- '': by the rules
    reconciled_at    INTEGER,
    reopens          INTEGER NOT NULL DEFAULT 0,
    flapping_since   INTEGER,                                            -- NULL: it does not flap
    held_until       INTEGER,                                            -- notices wait until then (our side in doubt)
    held_reason      TEXT    NOT NULL DEFAULT '',
    silence          TEXT    NOT NULL DEFAULT '',                        -- id of the silence or maintenance that keeps it quiet
    step             INTEGER NOT NULL DEFAULT 0,                         -- of the escalation ladder, done
    next_step_at     INTEGER,                                            -- NULL: none is due (acknowledged, resolved, silenced, folded)
    updated_at       INTEGER NOT NULL,
    UNIQUE (group_key, generation)
) STRICT;
CREATE INDEX incident_live ON incident (opened_at) WHERE resolved_at IS NULL;
CREATE INDEX incident_by_time ON incident (opened_at);
CREATE INDEX incident_of_merchant ON incident (merchant, opened_at) WHERE merchant <> '';
CREATE INDEX incident_children ON incident (parent) WHERE parent IS NOT NULL;
CREATE INDEX incident_next_step ON incident (next_step_at) WHERE next_step_at IS NOT NULL;
CREATE INDEX incident_unreconciled ON incident (resolved_at) WHERE resolved_at IS NOT NULL AND reconciled_at IS NULL;

CREATE TABLE incident_entry (
    -- Writer: the desk, people. The timeline: append only; mails, Slack and the report are made from it.
    incident    TEXT    NOT NULL REFERENCES incident (id) ON DELETE CASCADE,
    seq         INTEGER NOT NULL CHECK (seq > 0),                        -- 1, 2, ... within the incident
    at          INTEGER NOT NULL,                                        -- when it happened
    recorded_at INTEGER NOT NULL,                                        -- when we wrote it down
    kind        TEXT    NOT NULL,                                        -- opened, alerted, acknowledged, first_fix, member_joined, note, withheld, ...
    actor       TEXT    NOT NULL DEFAULT '',                             -- '': hookvigil
    text        TEXT    NOT NULL DEFAULT '',                             -- a person's words
    facts       TEXT    NOT NULL DEFAULT '{}' CHECK (json_valid(facts)),
    PRIMARY KEY (incident, seq)
) STRICT;

CREATE TABLE incident_member (
    -- Writer: the desk. Which episodes of which conditions an incident is made of.
    incident     TEXT    NOT NULL REFERENCES incident (id) ON DELETE CASCADE,
    rule         TEXT    NOT NULL,
    scope        TEXT    NOT NULL,
    episode      INTEGER NOT NULL,
    joined_at    INTEGER NOT NULL,
    left_at      INTEGER,                                                -- cleared, or moved to another incident
    explained_by TEXT    NOT NULL DEFAULT '',                            -- "rule/scope" of the condition that inhibits it; '': it speaks for itself
    PRIMARY KEY (incident, rule, scope, episode)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX incident_member_of_condition ON incident_member (rule, scope, episode) WHERE left_at IS NULL; -- one cause at a time

CREATE TABLE reconciliation (
    -- Writer: the desk; people by compare-and-swap of the incident's version. Is what failed made good, per payment channel?
    incident    TEXT    NOT NULL REFERENCES incident (id) ON DELETE CASCADE,
    channel     TEXT    NOT NULL,                                        -- ID_BCA, QR; '' for events without one
    state       TEXT    NOT NULL CHECK (state IN ('in_progress', 't_plus_1', 'done')),
    failed      INTEGER NOT NULL DEFAULT 0,                              -- events
    redelivered INTEGER NOT NULL DEFAULT 0,
    exhausted   INTEGER NOT NULL DEFAULT 0,                              -- last automatic try done, undelivered
    written_off INTEGER NOT NULL DEFAULT 0,
    expected_at INTEGER,
    done_at     INTEGER,
    updated_at  INTEGER NOT NULL,
    updated_by  TEXT    NOT NULL DEFAULT '',                             -- '': hookvigil
    note        TEXT    NOT NULL DEFAULT '',
    PRIMARY KEY (incident, channel)
) STRICT, WITHOUT ROWID;

CREATE TABLE cursor (
    -- Writer: the desk, in the transaction that used what it read. How far a reader has come. The row "writable" is the
    -- store's own: when a write was last proven to work.
    name     TEXT    NOT NULL PRIMARY KEY,
    position INTEGER NOT NULL,
    at       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Group: silences.

CREATE TABLE silence (
    -- Writer: API. No notice for what matches, until then. What happens meanwhile is recorded.
    id         TEXT    NOT NULL PRIMARY KEY,
    matcher    TEXT    NOT NULL CHECK (json_valid(matcher)),
    starts_at  INTEGER NOT NULL,
    ends_at    INTEGER NOT NULL CHECK (ends_at > starts_at),
    author     TEXT    NOT NULL,
    reason     TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    removed_at INTEGER,
    removed_by TEXT    NOT NULL DEFAULT '',
    told_at    INTEGER                                                   -- its end was told
) STRICT;
CREATE INDEX silence_by_end ON silence (ends_at) WHERE removed_at IS NULL;

CREATE TABLE maintenance (
    -- Writer: API. Planned work of a merchant, endpoint or channel; excluded from availability. Occurrences are computed.
    id         TEXT    NOT NULL PRIMARY KEY,
    matcher    TEXT    NOT NULL CHECK (json_valid(matcher)),
    timezone   TEXT    NOT NULL DEFAULT 'UTC',                           -- IANA name, in which it recurs
    starts_at  INTEGER NOT NULL,                                         -- of the first occurrence
    length_us  INTEGER NOT NULL CHECK (length_us > 0),                   -- of each
    recurrence TEXT    NOT NULL DEFAULT '',                              -- RFC 5545 RRULE; '': once
    ends_at    INTEGER,                                                  -- no occurrence starts after; NULL: for ever
    author     TEXT    NOT NULL,
    reason     TEXT    NOT NULL,
    version    INTEGER NOT NULL DEFAULT 1,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    removed_at INTEGER,
    removed_by TEXT    NOT NULL DEFAULT ''
) STRICT;

-- Group: outbox.

CREATE TABLE notice (
    -- Writers: the desk and the digest insert, with the state that they tell; senders claim and finish. One message to one
    -- recipient. Class "event": each goes, in order of id within (lane, subject). Class "state": only wanted_version goes.
    -- Kept facts, not rendered text; no secret, no webhook body, no URL query.
    id             TEXT    NOT NULL PRIMARY KEY,                         -- rises: the order within (lane, subject)
    idem_key       TEXT    NOT NULL UNIQUE,                              -- the same on every try: Message-ID, dedup key, Slack metadata
    lane           TEXT    NOT NULL,                                     -- lane.id; the row of lane may come later
    subject        TEXT    NOT NULL,                                     -- what it is about: an incident's id, "digest/<merchant>/<kind>/<window_start>"
    incident       TEXT    REFERENCES incident (id),                     -- NULL: about none
    class          TEXT    NOT NULL CHECK (class IN ('event', 'state')),
    kind           TEXT    NOT NULL,                                     -- page, root, update, resolve, mail, digest, summary, dead_letter, pulse, test, ...
    severity       TEXT    NOT NULL CHECK (severity IN ('critical', 'high', 'low')),
    recipient      TEXT    NOT NULL,                                     -- as the receiver understands it
    payload        TEXT    NOT NULL CHECK (json_valid(payload)),         -- the facts at wanted_version
    wanted_version INTEGER NOT NULL DEFAULT 1,
    sent_version   INTEGER NOT NULL DEFAULT 0,
    state          TEXT    NOT NULL CHECK (state IN ('waiting', 'sending', 'sent', 'replaced', 'withheld', 'dead', 'dropped')),
    reason         TEXT    NOT NULL DEFAULT '',                          -- of waiting (held), withheld, dead, dropped
    replaced_by    TEXT    REFERENCES notice (id),                       -- a newer state, or the summary of a storm
    fallback_of    TEXT    REFERENCES notice (id),                       -- sent here because that one's lane fails
    created_at     INTEGER NOT NULL,                                     -- decided
    due_at         INTEGER NOT NULL,                                     -- not before: hold, back-off, Retry-After
    expires_at     INTEGER,                                              -- then dead; NULL: tried for ever
    attempts       INTEGER NOT NULL DEFAULT 0,
    first_tried_at INTEGER,
    tried_at       INTEGER,                                              -- the last time
    lease_owner    TEXT    NOT NULL DEFAULT '',
    lease_until    INTEGER,
    fence          INTEGER NOT NULL DEFAULT 0,                           -- grows with each claim; a finish with an older one changes nothing
    error_class    TEXT    NOT NULL DEFAULT '' CHECK (error_class IN ('', 'transient', 'limited', 'ambiguous', 'destination', 'message', 'auth')),
    error_text     TEXT    NOT NULL DEFAULT '',                          -- of the last try; holds no secret
    reduced        INTEGER NOT NULL DEFAULT 0 CHECK (reduced IN (0, 1)), -- goes as plain text: the full form was refused
    provider_ref   TEXT    NOT NULL DEFAULT '',                          -- Slack ts, SMTP queue id, pager key
    finished_at    INTEGER,                                              -- sent, replaced, withheld, dead or dropped
    finished_by    TEXT    NOT NULL DEFAULT '',                          -- who dropped or retried it; '': hookvigil
    CHECK (sent_version <= wanted_version),
    CHECK (state <> 'sending' OR lease_until IS NOT NULL)
) STRICT;
CREATE INDEX notice_due ON notice (lane, due_at) WHERE state = 'waiting';
CREATE INDEX notice_order ON notice (lane, subject, id) WHERE state IN ('waiting', 'sending');
CREATE INDEX notice_claimed ON notice (lease_until) WHERE state = 'sending';
CREATE INDEX notice_dead ON notice (finished_at) WHERE state = 'dead';
CREATE INDEX notice_finished ON notice (finished_at) WHERE finished_at IS NOT NULL;          -- retention
CREATE INDEX notice_of_subject ON notice (subject, id);
CREATE INDEX notice_of_incident ON notice (incident) WHERE incident IS NOT NULL;
CREATE INDEX notice_replaced ON notice (replaced_by) WHERE replaced_by IS NOT NULL;
CREATE INDEX notice_fallback ON notice (fallback_of) WHERE fallback_of IS NOT NULL;

CREATE TABLE thread (
    -- Writer: senders, when they finish a notice. Where an incident's messages hang together in one lane.
    incident     TEXT    NOT NULL,                                       -- incident.id, or the subject of what has no incident ("pulse", "digest/...")
    lane         TEXT    NOT NULL,
    root_ref     TEXT    NOT NULL,                                       -- of the message that started it
    last_ref     TEXT    NOT NULL,                                       -- what the next Send is given
    sent_version INTEGER NOT NULL DEFAULT 0,                             -- of the root message, as it stands there
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    PRIMARY KEY (incident, lane)
) STRICT, WITHOUT ROWID;

CREATE TABLE lane (
    -- Writer: senders; the desk and the digest insert. The queue of one destination of one receiver.
    id            TEXT    NOT NULL PRIMARY KEY,                          -- "<receiver>/<destination>"
    receiver      TEXT    NOT NULL,                                      -- name in the configuration
    kind          TEXT    NOT NULL,                                      -- slack, email, pagerduty, ...
    destination   TEXT    NOT NULL,
    paused_until  INTEGER,                                               -- Retry-After
    failing_since INTEGER,                                               -- no success since; NULL: the last try was good. Over 60 s with a critical row: fall-back
    stopped_at    INTEGER,                                               -- auth: nothing is tried until a person or a reload starts it again
    error_class   TEXT    NOT NULL DEFAULT '' CHECK (error_class IN ('', 'transient', 'limited', 'ambiguous', 'destination', 'message', 'auth')),
    error_text    TEXT    NOT NULL DEFAULT '',
    sent_at       INTEGER,                                               -- last success
    proved_at     INTEGER,                                               -- last silent proof (pulse)
    storm_at      INTEGER,                                               -- start of the present window of the storm cap
    storm_sent    INTEGER NOT NULL DEFAULT 0,                            -- messages in it
    storm_held    INTEGER NOT NULL DEFAULT 0,                            -- messages that its summary counts
    updated_at    INTEGER NOT NULL
) STRICT;

-- Group: digests.

CREATE TABLE digest (
    -- Writer: the digest's tick, with its notice. The ledger: one row for each window, one final state, never two.
    merchant     TEXT    NOT NULL,                                       -- '': the platform's own
    kind         TEXT    NOT NULL,                                       -- health, summary
    window_start INTEGER NOT NULL,                                       -- a moment; the next window starts where this one ends
    window_end   INTEGER NOT NULL,
    timezone     TEXT    NOT NULL DEFAULT 'UTC',
    state        TEXT    NOT NULL CHECK (state IN ('waiting', 'sent', 'skipped_green', 'merged', 'suppressed', 'stale', 'dead')),
    verdict      TEXT    NOT NULL DEFAULT '' CHECK (verdict IN ('', 'ok', 'attention', 'action')),
    covered_us   INTEGER NOT NULL DEFAULT 0 CHECK (covered_us >= 0),     -- of the window, with data
    version      INTEGER NOT NULL DEFAULT 1,                             -- of the shape of snapshot
    snapshot     TEXT CHECK (json_valid(snapshot)),                      -- the facts, frozen when the window closed; preview and mail are made from it; NULL when merged
    merged_into  INTEGER,                                                -- window_start of the one that tells this one too
    closed_at    INTEGER NOT NULL,
    due_at       INTEGER NOT NULL,                                       -- closed_at and the merchant's share of the spread
    finished_at  INTEGER,
    CHECK (window_end > window_start),
    CHECK ((state = 'waiting') = (finished_at IS NULL)),
    PRIMARY KEY (merchant, kind, window_start)
) STRICT;
CREATE INDEX digest_due ON digest (due_at) WHERE state = 'waiting';
CREATE INDEX digest_by_window ON digest (kind, window_start, state);
