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

// heldNotice names messages that were about no incident.
const heldNotice = "notice"

// HeldWords is a line of a summary, in the parts that a receiver lays out.
type HeldWords struct {
	Name  string // the incident's number; "notice": the messages were about none
	Said  string // severity and state: "critical, open"; empty: none is known
	About string // the title, and how many messages when it is more than one
	URL   string // empty: there is none
}

// Words says what a summary names, in the one wording that all receivers share.
// What strangers wrote goes through clean, with how long it may be: name for the
// number and the state, title for the title. The address can stand anywhere as it
// is, see [Link].
func (h HeldBack) Words(clean func(s string, most int) string, name, title int) HeldWords {
	w := HeldWords{
		Name: cmp.Or(clean(h.Number, name), heldNotice), Said: clean(strings.Trim(string(h.Severity)+", "+string(h.State), ", "), name),
		About: clean(h.Title, title), URL: Link(h.URL, mostHeldLink),
	}
	if h.Messages > 1 {
		w.About += fmt.Sprintf(", %s messages", grouped(h.Messages))
	}
	return w
}

// What is all but name and address: "critical, open: a is down, 3 messages".
func (w HeldWords) What() string { return phrase(w.Said, w.About) }

// String is all but the address: "kq72ma critical, open: a is down, 3 messages",
// "notice, high: a message could not be delivered".
func (w HeldWords) String() string {
	between := " "
	if w.Name == heldNotice && w.Said != "" {
		between = ", "
	}
	return phrase(strings.TrimSpace(w.Name+between+w.Said), w.About)
}

// Line is the whole as plain text: "kq72ma critical, open: a is down, 3 messages,
// https://...".
func (w HeldWords) Line() string {
	if w.URL == "" {
		return w.String()
	}
	return w.String() + ", " + w.URL
}

// HeldRest says how many held messages are about none of those that a summary
// names, and where these are: "3 messages about others: hookvigil incident ls";
// empty: there are none, or it names none.
func (f Facts) HeldRest() string {
	more := f.HeldMore()
	if more == 0 || len(f.Held) == 0 {
		return ""
	}
	return fmt.Sprintf("%s %s about others: hookvigil incident ls", grouped(more), oneOrMany(more, "message", "messages"))
}
