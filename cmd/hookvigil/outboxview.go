package main

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
)

// notice is the API's row of the outbox, as far as it is shown. A moment that
// has not come is zero.
type notice struct {
	ID         text
	Lane       text
	Recipient  text
	Subject    text
	Incident   text
	Kind       text
	State      string
	Reason     text
	FallbackOf text      `json:"fallback_of"`
	Created    time.Time `json:"created_at"`
	Due        time.Time `json:"due_at"`
	Attempts   int
	Tried      time.Time      `json:"tried_at"`
	Class      alerting.Class `json:"error_class"`
	Text       text           `json:"error_text"`
	Finished   time.Time      `json:"finished_at"`
	FinishedBy text           `json:"finished_by"` // empty: hookvigil
}

const outboxPath = "/api/v1/outbox"

// noticeStates are where a notice may stand, the worst first.
func noticeStates() []string {
	return []string{"dead", "waiting", "sending", "withheld", "sent", "replaced", "dropped"}
}

// unsent are the states of a notice that has not ended well, or not yet.
func unsent() []string { return noticeStates()[:3] }

// maxUnsent bounds the notices among which a beginning of an ID is looked for.
const maxUnsent = 10_000

// retriable reads every notice that a person can retry or drop.
func (d daemonAt) retriable(ctx context.Context) ([]notice, error) {
	var all []notice
	for _, state := range []string{"dead", "waiting"} {
		found, err := listOf[notice](ctx, d, outboxPath, url.Values{"state": {state}}, maxUnsent)
		if err != nil {
			return nil, err
		}
		all = append(all, found.items...)
	}
	return all, nil
}

// worstNotices orders notices: dead before waiting before being sent before
// those that are done with, and the newest first.
func worstNotices(list []notice) {
	rank := func(n notice) int {
		if i := slices.Index(unsent(), n.State); i >= 0 {
			return i
		}
		return len(unsent())
	}
	slices.SortStableFunc(list, func(a, b notice) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), b.Created.Compare(a.Created), cmp.Compare(b.ID, a.ID))
	})
}

// handle is the notice's ID as people give it: that of an incident's begins
// with the number of the incident.
func (n notice) handle() string {
	if id, ok := strings.CutPrefix(string(n.ID), string(n.Incident)); ok && n.Incident != "" {
		return numberOf(n.Incident) + id
	}
	return string(n.ID)
}

// shortHandle is the least that a handle is cut to, so that it has the same
// shape in every list: "kq72ma-000003-0".
const shortHandle = 15

// short returns how much of a notice's handle tells it from the others.
func (n notice) short(others []notice) string {
	own := []rune(n.handle())
	for size := shortHandle; size < len(own); size++ {
		part := string(own[:size])
		if !slices.ContainsFunc(others, func(o notice) bool { return o.ID != n.ID && o.begins(part) }) {
			return part
		}
	}
	return string(own)
}

// begins reports whether the notice's ID or handle begins with part.
func (n notice) begins(part string) bool {
	return strings.HasPrefix(string(n.ID), part) || strings.HasPrefix(n.handle(), part)
}

// is reports whether id is all of the notice's ID or handle.
func (n notice) is(id string) bool { return id == string(n.ID) || id == n.handle() }

// subject is what the notice is about, as short as it can be.
func (n notice) subject() string {
	if n.Incident != "" {
		return numberOf(n.Incident)
	}
	switch alerting.Kind(n.Kind) {
	case alerting.KindTest, alerting.KindDead:
		return "" // their subject is a key of their own
	default:
		return string(n.Subject)
	}
}

// fate is what became of the notice, or will.
func (n notice) fate(now time.Time) string {
	switch n.State {
	case stateSent:
		return "after " + awaited(n.Finished.Sub(n.Created))
	case "waiting":
		return n.waits(now)
	case "dropped":
		by := ""
		if n.FinishedBy != "" {
			by = "by " + string(n.FinishedBy)
		}
		if n.Reason != "" && string(n.Reason) != string(n.Class) { // not how it failed before a person dropped it
			return strings.TrimSpace(string(n.Reason) + " " + by)
		}
		if by != "" {
			return by
		}
	case "replaced":
		return cmp.Or(string(n.Reason), "by a newer one")
	}
	return cmp.Or(n.why(), string(n.Reason))
}

// awaited spells how long a notice was under way.
func awaited(d time.Duration) string {
	if d < time.Minute {
		return took(d)
	}
	return lasting(d)
}

func (n notice) waits(now time.Time) string {
	next := "due"
	if d := n.Due.Sub(now); d > 0 {
		next = "next try in " + lasting(d)
	}
	if why := n.why(); why != "" {
		return next + "; " + why
	}
	return next
}

// why is the last failure: "transient: 421 try again later".
func (n notice) why() string {
	switch {
	case n.Class == "":
		return string(n.Text)
	case n.Text == "":
		return string(n.Class)
	default:
		return fmt.Sprintf("%s: %s", n.Class, n.Text)
	}
}
