package hooktest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// SlackMetadata is what an app hides in a message
// (docs.slack.dev/messaging/message-metadata).
type SlackMetadata struct {
	EventType    string         `json:"event_type"`
	EventPayload map[string]any `json:"event_payload"`
}

// Idem returns the idempotency key: the string idem of the payload, empty when
// there is none. It may be called on nil.
func (m *SlackMetadata) Idem() string {
	if m == nil {
		return ""
	}
	key, _ := m.EventPayload["idem"].(string)
	return key
}

// SlackVersion is a message as it was posted, or after an edit.
type SlackVersion struct {
	At          time.Time
	Text        string
	Blocks      json.RawMessage // as sent; nil: none
	Attachments json.RawMessage // likewise
	Metadata    *SlackMetadata  // nil: none
}

// SlackMessage is a message that arrived. It is a value of the caller's, but
// what its versions point to is shared: do not change that.
type SlackMessage struct {
	Channel   string // ID
	TS        string // seconds and six digits of microseconds, which no other message has
	Thread    string // TS of the parent; empty: a message of the channel itself
	Broadcast bool   // a reply that is shown in the channel as well
	Hook      bool   // came by an incoming webhook

	// Versions are the latest 256, oldest first; there is always one.
	Versions []SlackVersion
}

// Latest returns the message as it stands.
func (m SlackMessage) Latest() SlackVersion { return m.Versions[len(m.Versions)-1] }

// maxVersions bounds the edits that are kept of one message.
const maxVersions = 256

// slackPost is a message with what its channel knows of it.
type slackPost struct {
	SlackMessage
	replies int
	last    string // TS of the latest reply
}

// view is the message as the Web API shows it.
func (p *slackPost) view(metadata bool) map[string]any {
	v := p.Latest()
	out := map[string]any{
		"type": "message", "user": slackUser, "bot_id": slackBot, "app_id": slackApp, "team": slackTeam,
		"ts": p.TS, "text": v.Text,
	}
	if p.Hook {
		out["subtype"] = "bot_message"
	}
	if v.Blocks != nil {
		out["blocks"] = v.Blocks
	}
	if v.Attachments != nil {
		out["attachments"] = v.Attachments
	}
	if metadata && v.Metadata != nil {
		out["metadata"] = v.Metadata
	}
	if len(p.Versions) > 1 {
		out["edited"] = map[string]any{"user": slackUser, "ts": stamp(v.At.UnixMicro())}
	}
	switch {
	case p.Thread != "":
		out["thread_ts"], out["parent_user_id"] = p.Thread, slackUser
	case p.replies > 0:
		out["thread_ts"], out["reply_count"], out["latest_reply"] = p.TS, p.replies, p.last
	}
	return out
}

// edit adds a version to the message.
func (p *slackPost) edit(v SlackVersion) {
	p.Versions = keepLatest(slices.Clone(p.Versions), v, maxVersions) // the old slice may be a caller's
}

// readVersion makes a version of the arguments: over before, which is nil for
// a new message. The refusal has status 0 when all is well. Blocks go when a
// text comes without them; metadata goes by an empty object
// (docs.slack.dev/reference/methods/chat.update).
func readVersion(args slackArgs, before *SlackVersion, at time.Time) (SlackVersion, slackReply) {
	v := SlackVersion{}
	if before != nil {
		v = *before
	}
	v.At = at
	text, hasText := args["text"]
	blocks, attachments := args["blocks"], args["attachments"]
	if text == "" && blocks == "" && attachments == "" {
		return v, refused("no_text")
	}
	if utf8.RuneCountInString(text) > slackMaxText {
		return v, refused("msg_too_long")
	}
	if hasText {
		v.Text, v.Blocks = text, nil
	}
	if blocks != "" {
		if word, why := checkBlocks(blocks); word != "" {
			return v, refused(word, orElse(why, word))
		}
		v.Blocks = json.RawMessage(blocks)
	}
	if attachments != "" {
		if !json.Valid([]byte(attachments)) {
			return v, refused("invalid_attachments")
		}
		v.Attachments = json.RawMessage(attachments)
	}
	if raw := args["metadata"]; raw != "" {
		var ok bool
		if v.Metadata, ok = readMetadata(raw); !ok {
			return v, refused("invalid_metadata_format")
		}
	}
	return v, slackReply{}
}

// readMetadata returns nil for an empty object.
func readMetadata(raw string) (*SlackMetadata, bool) {
	var m SlackMetadata
	if err := json.Unmarshal([]byte(raw), &m); err != nil {
		return nil, false
	}
	if m.EventType == "" && m.EventPayload == nil {
		return nil, true
	}
	return &m, m.EventType != "" && m.EventPayload != nil
}

// stamp writes microseconds since 1970 as Slack writes a ts.
func stamp(micros int64) string {
	return fmt.Sprintf("%d.%06d", micros/1e6, micros%1e6)
}

// unstamp reads a ts; its fraction may be short or missing, as Slack allows in
// the bounds of a history.
func unstamp(ts string) (micros int64, ok bool) {
	whole, fraction, _ := strings.Cut(ts, ".")
	if len(fraction) > 6 {
		return 0, false
	}
	seconds, err := strconv.ParseUint(whole, 10, 40)
	if err != nil {
		return 0, false
	}
	rest, err := strconv.ParseUint((fraction + "000000")[:6], 10, 32)
	return int64(seconds)*1e6 + int64(rest), err == nil
}
