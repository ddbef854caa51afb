package slack

import (
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"

	slackgo "github.com/slack-go/slack"

	"github.com/hookvigil/hookvigil/alerting"
)

// Wording words the facts of one kind of notice: text for notifications and
// for where blocks are refused, not escaped, and blocks (Block Kit, a JSON
// array; none: the text alone). Whatever a stranger wrote must be plain_text in
// them, or escaped. It is safe for concurrent use, and puts no secret into its
// error.
type Wording func(facts json.RawMessage) (text string, blocks json.RawMessage, err error)

// maxBlocks is Slack's bound of a message.
const maxBlocks = 50

// message is n in words; short is the form for a thread whose root says the
// rest. A wording that fails refuses the message, so that the outbox has it
// sent once more as plain text; if it fails then too, the plain text says so.
func (r *Receiver) message(n alerting.Notice, short bool) (message, error) {
	wording := r.cfg.Wordings[n.Kind]
	switch {
	case n.Kind == alerting.KindPulse:
		return message{text: "✅ hookvigil works: this channel was reached at " + utc(n.Created) + ". The message is kept up to date, and nobody needs to look at it."}, nil
	case wording == nil && short:
		return r.words(n).reply(), nil
	case wording == nil:
		return r.words(n).root(), nil
	}
	m, err := r.worded(wording, n)
	if err == nil {
		return m, nil
	}
	if !n.Reduced {
		return message{}, &alerting.SendError{Class: alerting.ClassMessage, Err: fmt.Errorf("slack: word a notice of kind %s: %w", n.Kind, err)}
	}
	return message{text: fmt.Sprintf("A message of kind %s was due at %s, and could not be put into words: %s. What it would have told is kept: hookvigil outbox ls shows notice %s.",
		alerting.Line(string(n.Kind), maxValue), utc(n.Due), alerting.Line(err.Error(), maxLine), alerting.Line(n.ID, maxValue))}, nil
}

// words is n for our own wording. Only the message that is kept up to date has
// buttons: on any other they would stay when nobody needs them any more.
func (r *Receiver) words(n alerting.Notice) words {
	w := wordsOf(n)
	w.presses = n.Kind == alerting.KindRoot && !n.Reduced && r.cfg.interactive()
	w.below = n.Kind == alerting.KindUpdate && r.cfg.interactive()
	w.silence = r.cfg.Silences
	return w
}

// worded calls a wording. One that panics harms this notice alone.
func (r *Receiver) worded(w Wording, n alerting.Notice) (m message, err error) {
	defer func() {
		if p := recover(); p != nil {
			r.log.Error("wording panicked", "kind", n.Kind, "notice", n.ID, "panic", p, "stack", string(debug.Stack()))
			m, err = message{}, errors.New("a panic, see the log")
		}
	}()
	text, raw, err := w(n.Facts)
	if err != nil {
		return message{}, err
	}
	if text == "" {
		return message{}, errors.New("no text came out")
	}
	var blocks slackgo.Blocks
	if len(raw) > 0 && !n.Reduced {
		if err := json.Unmarshal(raw, &blocks); err != nil {
			return message{}, fmt.Errorf("read its blocks: %w", err)
		}
		if len(blocks.BlockSet) > maxBlocks {
			return message{}, fmt.Errorf("%d blocks came out; Slack takes %d", len(blocks.BlockSet), maxBlocks)
		}
	}
	return message{text: alerting.Cut(text, maxPlain), blocks: blocks.BlockSet}, nil
}
