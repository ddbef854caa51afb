package alerting

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/hookvigil/hookvigil/rules"
)

// HeldBack is what the summary of a storm names: an incident whose messages
// were held back, as the last of them told it.
type HeldBack struct {
	Incident string         `json:"incident,omitempty"` // ID; empty: the messages were about none
	Number   string         `json:"number,omitempty"`
	Title    string         `json:"title"`
	Severity rules.Severity `json:"severity"`
	State    State          `json:"state,omitempty"`
	URL      string         `json:"url,omitempty"`
	Messages int            `json:"messages"` // of it that were held back, at least
}

// mostHeld bounds the incidents that a summary names.
const mostHeld = 10

// heldBack is what a summary says of one message.
func heldBack(n Notice) HeldBack {
	f := unpack(n)
	return HeldBack{f.Incident, f.Number, f.Title, cmp.Or(f.Severity, n.Severity), f.State, f.URL, 1}
}

// Gathered returns the summary next, which stands for one message more than
// before, the facts of the same summary until now: it names what both name, the
// worst first, and of those that are alike what was named first. Whoever keeps
// the queue calls it where a summary grows ([Outcome].Extra). It is pure.
func Gathered(before json.RawMessage, next Notice) Notice {
	f := unpack(next)
	list := unpack(Notice{Facts: before}).Held
	for _, h := range f.Held {
		i := slices.IndexFunc(list, h.same)
		if i < 0 {
			list = append(list, h)
			continue
		}
		h.Messages += list[i].Messages
		list[i] = h
	}
	slices.SortStableFunc(list, func(a, b HeldBack) int { return a.rank() - b.rank() })
	f.Held = list[:min(len(list), mostHeld)]
	next.Facts = pack(f)
	return next
}

// same reports whether two are about one incident, or alike without any.
func (h HeldBack) same(o HeldBack) bool {
	return h.Incident == o.Incident && (h.Incident != "" || h.Title == o.Title)
}

// rank orders what lives before what is over, and the loud before the quiet.
func (h HeldBack) rank() int {
	rank := slices.Index([]rules.Severity{rules.Critical, rules.High, rules.Low}, h.Severity)
	if rank < 0 {
		rank = 3
	}
	if h.State != "" && !h.State.Live() {
		rank += 4
	}
	return rank
}

// HeldMore is how many held messages of a summary are about none of those that
// it names.
func (f Facts) HeldMore() int {
	more := f.MemberCount
	for _, h := range f.Held {
		more -= h.Messages
	}
	return max(more, 0)
}

// mostHeldLink bounds the address in a line of a summary, in bytes.
const mostHeldLink = 2000

// Line says what a summary names as plain text: "kq72ma critical, open: a is
// down, 3 messages, https://...". What strangers wrote goes through clean, with
// how long it may be: name for the number and the state, title for the title.
func (h HeldBack) Line(clean func(s string, most int) string, name, title int) string {
	line := strings.TrimSpace(clean(h.Number, name)+" "+clean(strings.Trim(string(h.Severity)+", "+string(h.State), ", "), name)) + ": " + clean(h.Title, title)
	if h.Messages > 1 {
		line += fmt.Sprintf(", %d messages", h.Messages)
	}
	if at := Link(h.URL, mostHeldLink); at != "" {
		line += ", " + at
	}
	return line
}
