package slack

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"

	slackgo "github.com/slack-go/slack"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
)

// message is what Slack shows: text in notifications and where blocks were
// refused, not escaped yet; blocks otherwise.
type message struct {
	text   string
	blocks []slackgo.Block
}

// words puts one notice into words.
type words struct {
	n       alerting.Notice
	f       alerting.Facts
	presses bool // what is pressed arrives, and this message may have buttons
	below   bool // the message above it has them
	silence bool // one of them silences
}

// wordsOf reads the facts of n. Facts that cannot be read are said to be so:
// it is a message all the same.
func wordsOf(n alerting.Notice) words {
	w := words{n: n}
	if err := json.Unmarshal(n.Facts, &w.f); err != nil {
		w.f = alerting.Facts{Title: "a notice about " + n.Subject + " whose facts cannot be read"}
	}
	w.f.Severity = cmp.Or(w.f.Severity, n.Severity)
	if w.f.Title == "" && n.Kind == alerting.KindTest {
		w.f.Title = "test notice from hookvigil"
	}
	w.f.Title = cmp.Or(w.f.Title, "notice from hookvigil")
	return w
}

// root is the message that stands alone: all there is to know.
func (w words) root() message {
	blocks := []slackgo.Block{header(w.headline())}
	first, last := w.order()
	blocks = appendText(blocks, first, w.standing(), join(w.affects(), w.evidence()), w.outlook())
	if fields := w.fields(); len(fields) > 0 {
		blocks = append(blocks, slackgo.NewSectionBlock(nil, fields, nil))
	}
	blocks = appendText(blocks, w.members(), last, w.held())
	blocks = w.heldLinks(blocks)
	if buttons := w.buttons(); len(buttons) > 0 {
		blocks = append(blocks, slackgo.NewActionBlock("hookvigil", buttons...))
	}
	return message{text: w.plain(), blocks: w.sign(blocks)}
}

// reply is the message in a thread whose root says the rest.
func (w words) reply() message {
	line := cmp.Or(w.happened(), w.headline())
	blocks := appendText(nil, line, w.standing(), w.evidence())
	text := join(line, w.standing(), w.evidence())
	return message{text: alerting.Cut(text, maxPlain), blocks: w.sign(blocks)}
}

// plain is the whole message without blocks. What comes first is what a phone
// shows.
func (w words) plain() string {
	first, last := w.order()
	lines := []string{w.headline(), first, w.standing(), w.affects(), w.evidence(), last, w.held()}
	if w.n.Reduced {
		lines = append(lines, w.outlook())
		for _, f := range w.figures() {
			lines = append(lines, f.label+": "+f.value)
		}
		lines = append(lines, w.members())
	}
	lines = append(lines, w.command())
	if w.n.Reduced {
		lines = append(lines, alerting.Line(w.f.URL, maxValue))
	}
	return alerting.Cut(join(lines...), maxPlain)
}

// order is what happened, before or after what stands: first where it is why
// the message came here at all.
func (w words) order() (first, last string) {
	if w.n.Kind == alerting.KindDead || w.n.Kind == alerting.KindPage {
		return w.happened(), ""
	}
	return "", w.happened()
}

// headline is how bad it is, and what.
func (w words) headline() string {
	title := alerting.Line(w.f.Title, maxHeader)
	if w.f.GoesOnIn != "" {
		return alerting.Cut(fmt.Sprintf("➡️ goes on in %s: %s", alerting.Line(w.f.GoesOnIn, maxValue), title), maxHeader)
	}
	if w.f.State != "" && !w.f.State.Live() {
		return alerting.Cut(fmt.Sprintf("✅ %s: %s", w.f.State, title), maxHeader)
	}
	how := string(w.f.Severity)
	if w.f.State != "" && w.f.State != alerting.StateOpen {
		how += ", " + string(w.f.State)
	}
	if w.f.Flapping {
		how += ", flapping"
	}
	if w.n.Kind == alerting.KindTest { // nothing is wrong
		return alerting.Cut("⚪ test: "+title, maxHeader)
	}
	return alerting.Cut(strings.TrimSpace(fmt.Sprintf("%s %s: %s", light(w.f.Severity), cmp.Or(alerting.Line(how, maxHeader/2), "notice"), title)), maxHeader)
}

func light(s rules.Severity) string {
	switch s {
	case rules.Critical:
		return "🔴"
	case rules.High:
		return "🟠"
	case rules.Low:
		return "🟡"
	default:
		return "⚪"
	}
}

// late says that the message is old news.
func (w words) late() string {
	if !w.n.Late || w.n.Created.IsZero() {
		return ""
	}
	return "sent late: decided at " + utc(w.n.Created)
}

// evidence is why, and what would end it.
func (w words) evidence() string {
	text := alerting.Line(w.f.Evidence.Text, maxLine)
	if w.happened() != "" && strings.Contains(w.f.Happened, w.f.Evidence.Text) {
		text = "" // it is said there
	}
	if w.f.Evidence.Clears != "" && w.f.State.Live() {
		text = join(text, "clears after "+alerting.Line(w.f.Evidence.Clears, maxLine/2))
	}
	return text
}

// happened is the line that the notice is about; empty when it repeats what
// stands above it.
func (w words) happened() string {
	if w.f.Happened == w.f.Title+": "+w.f.Evidence.Text {
		return ""
	}
	text := alerting.Line(w.f.News(), maxLine)
	if text == "" || w.f.At.IsZero() {
		return text
	}
	return utc(w.f.At) + "  " + text
}

// join puts what is not empty on lines of its own.
func join(lines ...string) string {
	return joinWith("\n", lines...)
}
