-- What conditions and the desk read: the host of an endpoint, and the ways to
-- find failing endpoints, incidents that were just resolved, and open
-- conditions that are in no incident. The convention of the columns stands in
-- 0001_tables.sql.

-- +goose Up

ALTER TABLE condition ADD COLUMN host TEXT NOT NULL DEFAULT ''; -- of the endpoint, when the scope is one: for the common cause

CREATE INDEX condition_failing ON condition (rule, fault, since_at) WHERE cleared_at IS NULL;
CREATE INDEX notice_by_time ON notice (created_at, id);
CREATE INDEX incident_resolved ON incident (resolved_at) WHERE resolved_at IS NOT NULL;
CREATE INDEX incident_member_by_condition ON incident_member (rule, scope, episode, left_at);
