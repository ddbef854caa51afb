package digest

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Bounds of a Slack message, in characters
// (docs.slack.dev/reference/block-kit/blocks). Ours has at most 14 of the 50
// blocks.
const (
	slackHeader  = 150
	slackSection = 3000
	slackText    = 3500
	slackEntries = 10
)

// block is one of Slack's, as far as a digest needs it.
type block struct {
	Type     string      `json:"type"`
	Text     *slackWords `json:"text,omitempty"`
	Elements []any       `json:"elements,omitempty"`
}

// slackWords is plain text: Slack looks for no mention, link or markup in it.
type slackWords struct {
	Type  string `json:"type"`
	Text  string `json:"text"`
	Emoji bool   `json:"emoji"`
}

// Slack words f, which [Judge] has judged, as blocks, and as a text for
// notifications and for where blocks are refused. The text is not escaped:
// whoever sends it does that. It is pure and safe for concurrent use.
func Slack(f Facts) (text string, blocks json.RawMessage, err error) {
	p := newPage(f, slackEntries)
	list := []block{{Type: "header", Text: plain(cut(fmt.Sprintf("%s %s: %s", light(p.Class), p.Word, p.Headline), slackHeader))}}
	add := func(title string, parts []string) {
		if s := gather(title, parts); s != "" {
			list = append(list, block{Type: "section", Text: plain(s)})
		}
	}
	add(p.Title, p.Lines)
	var steps, entries []string
	for i, s := range p.Steps {
		steps = append(steps, fmt.Sprintf("%d. %s: %s", i+1, s.Name, s.Text))
	}
	for _, e := range p.Entries {
		entries = append(entries, strings.TrimSuffix(e.text(), "\n"))
	}
	if p.EntriesMore != "" {
		entries = append(entries, p.EntriesMore)
	}
	if len(steps) > 0 {
		add(p.StepsTitle, steps)
	}
	if len(entries) > 0 {
		add(p.EntriesTitle, entries)
	}
	for _, t := range p.Tables {
		add(t.Title, []string{strings.TrimSuffix(t.text(), "\n")})
	}
	list = append(list, p.slackFooter())
	blocks, err = json.Marshal(list)
	return cut(p.Subject+"\n"+p.text(), slackText), blocks, err
}

// gather puts parts under a title, as many as a section holds.
func gather(title string, parts []string) string {
	room := slackSection - utf8.RuneCountInString(title) - 8
	kept := []string{title}
	for _, part := range parts {
		n := utf8.RuneCountInString(part) + 1
		if n > room {
			kept = append(kept, cut(part, max(room, 1)))
			break
		}
		kept, room = append(kept, part), room-n
	}
	return strings.Join(kept, "\n")
}

func (p page) slackFooter() block {
	b := block{Type: "context", Elements: []any{plain(cut(strings.Join(p.Footer, " "), slackSection))}}
	if p.Link != "" { // a link of the configuration, without what could break out of it
		link := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(p.Link)
		b.Elements = append(b.Elements, map[string]any{"type": "mrkdwn", "text": "<" + link + "|" + p.Open + ">", "verbatim": true})
	}
	return b
}

func plain(s string) *slackWords { return &slackWords{Type: "plain_text", Text: s} }

func light(v Verdict) string {
	switch v {
	case OK:
		return "🟢"
	case Act:
		return "🔴"
	default:
		return "🟠"
	}
}
