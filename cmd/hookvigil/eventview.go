package main

import (
	"cmp"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/probes"
)

// event is the API's event at one endpoint, as far as it is shown. A moment
// that is not known, or has not come, is zero.
type event struct {
	Source, ID, Endpoint, Merchant text
	Type, Product, Channel, Key    text

	State          text
	OccurredAt     time.Time `json:"occurred_at"`
	CreatedAt      time.Time `json:"created_at"`
	ExpiresAt      time.Time `json:"expires_at"`
	FirstAttemptAt time.Time `json:"first_attempt_at"`
	LastAttemptAt  time.Time `json:"last_attempt_at"`
	NextRetryAt    time.Time `json:"next_retry_at"`
	ExhaustsAt     time.Time `json:"exhausts_at"`
	DeliveredAt    time.Time `json:"delivered_at"`
	DeliveredBy    text      `json:"delivered_by"`
	Attempts       int
	ManualAttempts int    `json:"manual_attempts"`
	LastFault      text   `json:"last_fault"`
	LastStatus     int    `json:"last_status"`
	Schedule       text   `json:"schedule"`
	LagClasses     []text `json:"lag_classes"`
}

// told is one attempt of the API.
type told struct {
	Endpoint  text
	Number    int
	By        text
	Status    int
	Fault     text
	Error     text
	StartedAt time.Time `json:"started_at"`
	Duration  float64   `json:"duration_seconds"`
}

// eventStory is the API's answer about one event.
type eventStory struct {
	Source, ID text
	Endpoints  []event
	Attempts   []told
}

const eventsPath = "/api/v1/events"

// eventPath is where an event is.
func eventPath(source, id string) string {
	return eventsPath + "/" + pathSegment(source) + "/" + pathSegment(id)
}

// pathSegment makes s one segment of a path, also when it is made of dots,
// which mean another folder.
func pathSegment(s string) string {
	if s == "." || s == ".." {
		return strings.ReplaceAll(s, ".", "%2E")
	}
	return url.PathEscape(s)
}

// eventStates are what --state takes, what needs somebody first.
func eventStates() []string {
	return []string{
		string(deliveries.EventExhausted), string(deliveries.EventRetrying), string(deliveries.EventPending),
		string(deliveries.EventCanceled), string(deliveries.EventDelivered),
	}
}

// markOf is a state in one character.
func markOf(s deliveries.EventState) string {
	switch s {
	case deliveries.EventExhausted:
		return "X"
	case deliveries.EventRetrying:
		return "*"
	case deliveries.EventDelivered:
		return "✓"
	case deliveries.EventCanceled:
		return "-"
	default:
		return "?"
	}
}

// triesMade is how often it was tried: "3", and "3+1" with one that a person
// asked for.
func (e event) triesMade() string {
	if e.ManualAttempts == 0 {
		return strconv.Itoa(e.Attempts)
	}
	return fmt.Sprintf("%d+%d", e.Attempts, e.ManualAttempts)
}

// is reports whether the event is in that state.
func (e event) is(s deliveries.EventState) bool { return e.State == text(s) }

// resultOf is what came of a try: "503", "timeout_response", "200
// malformed". A word that says no more than the status is left out.
func resultOf(status int, fault text) string {
	word := string(fault)
	if status != 0 && (word == string(probes.FaultNone) || strings.HasPrefix(word, "http_")) {
		word = ""
	}
	if status == 0 {
		return cmp.Or(word, "-")
	}
	return strings.TrimSpace(strconv.Itoa(status) + " " + word)
}

// next is what comes, in a column.
func (e event) next(now time.Time) string {
	switch {
	case e.is(deliveries.EventExhausted):
		return "lost"
	case !e.is(deliveries.EventRetrying):
		return "-"
	case e.NextRetryAt.IsZero():
		return "not known"
	case e.NextRetryAt.After(now):
		return "in " + brief(e.NextRetryAt.Sub(now))
	default:
		return brief(now.Sub(e.NextRetryAt)) + " late"
	}
}

// what names the kind of event and its business.
func (e event) what() string {
	words := []string{}
	for _, w := range []text{e.Type, e.Product, e.Channel} {
		if w != "" {
			words = append(words, string(w))
		}
	}
	if e.Key != "" {
		words = append(words, "key "+string(e.Key))
	}
	return strings.Join(words, ", ")
}

// from names who sent it, and whose it is.
func (e event) from() string {
	said := "source " + string(e.Source)
	if e.Merchant != "" {
		said += ", merchant " + string(e.Merchant)
	}
	return said
}

// brief writes a length of time in a column: "38s", "12m", "4h12m", "5d".
func brief(d time.Duration) string {
	switch d = max(d, 0); {
	case d < time.Minute:
		return strconv.Itoa(int(d/time.Second)) + "s"
	case d < time.Hour:
		return strconv.Itoa(int(d/time.Minute)) + "m"
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh%02dm", d/time.Hour, d%time.Hour/time.Minute)
	default:
		return strconv.Itoa(int(d/(24*time.Hour))) + "d"
	}
}

// spell writes a length of time in a sentence, by its two largest units:
// "4 h 12 min". It is rounded down.
func spell(d time.Duration) string {
	units := []struct {
		name string
		size time.Duration
	}{{"d", 24 * time.Hour}, {"h", time.Hour}, {"min", time.Minute}, {"s", time.Second}}
	for i, u := range units {
		if d < u.size {
			continue
		}
		said := fmt.Sprintf("%d %s", d/u.size, u.name)
		if i+1 == len(units) {
			return said
		}
		if rest := d % u.size / units[i+1].size; rest > 0 {
			said += fmt.Sprintf(" %d %s", rest, units[i+1].name)
		}
		return said
	}
	return "under 1 s"
}
