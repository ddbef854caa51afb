package email

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
)

// Letter is a mail in words, complete: what is in it is sent as it is.
type Letter struct {
	Subject string // one line; what would not fit into one is taken out
	Text    string // required
	HTML    string // empty: the mail has no HTML twin

	// Unsubscribe is where the recipient leaves, for the header List-Unsubscribe
	// (RFC 2369); when it is https, mail programs are told that a POST to it is
	// enough (RFC 8058). Empty, or no address that a browser opens: no header.
	Unsubscribe string
}

// Wording words the facts of one kind of notice, for its recipient: the same
// notice gives the same letter. It is safe for concurrent use, and puts no
// secret into its error.
type Wording func(n alerting.Notice) (Letter, error)

// words is the letter of n, and what its headers say. A wording that fails
// refuses the message, so that the outbox has it sent once more as plain text;
// if it fails then too, the plain text says so.
func (r *Receiver) words(n alerting.Notice, now time.Time) (Letter, alerting.Facts, error) {
	wording := r.cfg.Wordings[n.Kind]
	if wording == nil {
		return ordinary(n, now)
	}
	l, err := attempt(wording, n, r.log)
	switch {
	case err == nil:
		l.Subject = alerting.Line(l.Subject, longText)
	case n.Reduced:
		l = unworded(n, err)
	default:
		return Letter{}, alerting.Facts{}, fmt.Errorf("word a notice of kind %s: %w", n.Kind, err)
	}
	if n.Reduced {
		l.HTML = ""
	}
	var about struct {
		Merchant string `json:"merchant"`
	}
	_ = json.Unmarshal(n.Facts, &about) // facts of another shape have no merchant for the header
	return l, alerting.Facts{Merchant: about.Merchant}, nil
}

// ordinary words what an incident's notice tells.
func ordinary(n alerting.Notice, now time.Time) (Letter, alerting.Facts, error) {
	var f alerting.Facts
	if err := json.Unmarshal(n.Facts, &f); err != nil {
		return Letter{}, f, fmt.Errorf("read facts: %w", err)
	}
	l := newLetter(n, f, now)
	out := Letter{Subject: l.Subject, Text: l.text()}
	if n.Reduced {
		return out, f, nil
	}
	html, err := l.html()
	out.HTML = html
	return out, f, err
}

// attempt calls a wording. One that panics harms this notice alone.
func attempt(w Wording, n alerting.Notice, log *slog.Logger) (l Letter, err error) {
	defer func() {
		if p := recover(); p != nil {
			log.Error("wording panicked", "kind", n.Kind, "notice", n.ID, "panic", p, "stack", string(debug.Stack()))
			err = errors.New("a panic, see the log")
		}
	}()
	l, err = w(n)
	if err == nil && l.Text == "" {
		err = errors.New("no text came out")
	}
	return l, err
}

// unworded says that there is something to say, and where it stands.
func unworded(n alerting.Notice, why error) Letter {
	return Letter{
		Subject: fmt.Sprintf("[%s] This message could not be worded", alerting.Line(string(n.Kind), longName)),
		Text: fmt.Sprintf("A message of kind %s was due on %s, and could not be put into words: %s.\n\nWhat it would have told is kept: hookvigil outbox ls shows notice %s.\n\n-- \nSent by hookvigil. All times are UTC.\n",
			alerting.Line(string(n.Kind), longName), utc(n.Due), alerting.Line(why.Error(), longText), alerting.Line(n.ID, longName)),
	}
}
