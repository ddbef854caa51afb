package slack

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// Action is what a button does.
type Action string

// The actions. They are the action_id of their buttons; those that have a
// message in Slack already must go on working, so that the words stay.
const (
	ActionAcknowledge Action = "hookvigil_ack"
	ActionSilence     Action = "hookvigil_silence_1h"
	actionRunbook     Action = "hookvigil_runbook" // a link: Slack tells us all the same
)

// SilenceFor is how long [ActionSilence] silences.
const SilenceFor = time.Hour

// Press is a button that somebody pressed who may.
type Press struct {
	Receiver string // whose message it was, by its name in the configuration
	Action   Action
	Incident string // ID; there may be none any more
	UserID   string // Slack's
	User     User
}

// By is who pressed, as the timeline names them: "ana (Slack)".
func (p Press) By() string { return p.User.Name + " (Slack)" }

// interaction is a payload of Slack, as far as we look at it
// (docs.slack.dev/reference/interaction-payloads/block_actions-payload).
type interaction struct {
	Type        string              `json:"type"`
	User        struct{ ID string } `json:"user"`
	Channel     struct{ ID string } `json:"channel"`
	Container   container           `json:"container"`
	App         string              `json:"api_app_id"`
	ResponseURL string              `json:"response_url"` // a secret: whoever has it may answer
	Actions     []pressed           `json:"actions"`
}

type container struct {
	Channel string `json:"channel_id"`
}

type pressed struct {
	Action string `json:"action_id"`
	Value  string `json:"value"`
	At     string `json:"action_ts"`
}

// maxInteraction bounds a payload, in bytes: a message with its blocks, and
// who pressed where.
const maxInteraction = 1 << 20

var (
	// ErrMalformed says that what Slack has signed is no interaction.
	ErrMalformed = errors.New("want a form with one field payload, an interaction of Slack as JSON")

	incidentID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
	shortWord  = regexp.MustCompile(`^[A-Za-z0-9_.:-]{1,255}$`)
)

// payloadOf takes the payload out of a body. The query of the request is not
// looked at: the signature does not cover it.
func payloadOf(body []byte) ([]byte, error) {
	form, err := url.ParseQuery(string(body))
	if err != nil || len(form["payload"]) != 1 {
		return nil, ErrMalformed
	}
	return []byte(form["payload"][0]), nil
}

// readInteraction reads a payload. ours is false for what is none of our
// buttons, and for our link: it needs an answer, see [Buttons.stranger].
func readInteraction(raw []byte) (in interaction, ours bool, err error) {
	if len(raw) > maxInteraction || json.Unmarshal(raw, &in) != nil || in.Type == "" {
		return interaction{}, false, ErrMalformed
	}
	if in.Type != "block_actions" || len(in.Actions) != 1 {
		return in, false, nil
	}
	switch Action(in.Actions[0].Action) {
	case ActionAcknowledge, ActionSilence:
	default:
		return in, false, nil
	}
	a := in.Actions[0]
	if !incidentID.MatchString(a.Value) || !shortWord.MatchString(a.At) || !userID.MatchString(in.User.ID) {
		return interaction{}, false, ErrMalformed
	}
	return in, true, nil
}

// channel is where the button was pressed.
func (in interaction) channel() string { return cmp.Or(in.Channel.ID, in.Container.Channel) }

// mark is what makes a press one: the same person cannot press the same button
// twice at one moment.
func (in interaction) mark() mark {
	a := in.Actions[0]
	return sha256.Sum256([]byte(strings.Join([]string{"press", a.At, in.User.ID, a.Action, a.Value}, "\x00")))
}

// number is the short form of the incident's ID, as commands take it.
func (in interaction) number() string {
	id := in.Actions[0].Value
	return id[max(0, len(id)-6):]
}
