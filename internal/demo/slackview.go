package demo

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/internal/hooktest"
)

// thread is a message of the channel with what was replied to it.
type thread struct {
	post
	Replies []post
}

// post is one message as it stands.
type post struct {
	At     time.Time
	Edits  int // how often it was changed
	Edited time.Time
	Blocks []block
}

// block is one part of a message, drawn simply: of its parts those that are
// there.
type block struct {
	Head   string
	Mark   string // class of the coloured mark in front of Head; empty: none
	Text   string
	Fields []field
	Small  []span
}

// field is one fact with its name.
type field struct{ Name, Value string }

// span is a piece of a line, with an address when it is a link.
type span struct{ Text, Link string }

// threadsOf puts replies under what they reply to; the newest thread first, and
// above it what is critical now: the story is about that.
func threadsOf(list []hooktest.SlackMessage) []thread {
	var threads []thread
	byTS := map[string]int{}
	for _, m := range list {
		if i, ok := byTS[m.Thread]; ok && m.Thread != "" {
			threads[i].Replies = append(threads[i].Replies, postOf(m))
			continue
		}
		byTS[m.TS] = len(threads)
		threads = append(threads, thread{post: postOf(m)})
	}
	slices.Reverse(threads)
	slices.SortStableFunc(threads, func(a, b thread) int { return a.rank() - b.rank() })
	return threads
}

// rank is 0 of what stands above the rest; a message that is resolved has
// another mark.
func (t thread) rank() int {
	if t.Mark() == "critical" {
		return 0
	}
	return 1
}

func postOf(m hooktest.SlackMessage) post {
	latest := m.Latest()
	p := post{At: m.Versions[0].At, Edits: len(m.Versions) - 1, Edited: latest.At, Blocks: blocksOf(latest.Blocks)}
	if len(p.Blocks) == 0 {
		p.Blocks = []block{{Text: unescape(latest.Text)}}
	}
	return p
}

// wireText is a text object of Slack's.
type wireText struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

// blocksOf reads the blocks that we know how to draw; none of what cannot be
// read.
func blocksOf(raw json.RawMessage) []block {
	var wire []struct {
		Type     string     `json:"type"`
		Text     *wireText  `json:"text"`
		Fields   []wireText `json:"fields"`
		Elements []wireText `json:"elements"`
	}
	if json.Unmarshal(raw, &wire) != nil {
		return nil // the text says the same
	}
	var list []block
	for _, w := range wire {
		var b block
		if w.Text != nil && w.Type == "header" {
			b.Mark, b.Head = markOf(w.Text.plain())
		} else if w.Text != nil {
			b.Text = w.Text.plain()
		}
		for _, f := range w.Fields {
			name, value, _ := strings.Cut(f.plain(), "\n")
			b.Fields = append(b.Fields, field{name, value})
		}
		if w.Type == "context" {
			for _, e := range w.Elements {
				b.Small = append(b.Small, e.spans()...)
			}
		}
		list = append(list, b)
	}
	return list
}

// markOf takes the light off a headline: not every system has its picture.
func markOf(head string) (mark, rest string) {
	for light, mark := range map[string]string{"🔴": "critical", "🟠": "high", "🟡": "low", "✅": "resolved"} {
		if rest, ok := strings.CutPrefix(head, light); ok {
			return mark, strings.TrimSpace(rest)
		}
	}
	return "", head
}

// Mark returns the mark of the message: that of its headline.
func (p post) Mark() string {
	for _, b := range p.Blocks {
		if b.Mark != "" {
			return b.Mark
		}
	}
	return ""
}

// plain returns the text without markup.
func (t wireText) plain() string {
	var b strings.Builder
	for _, s := range t.spans() {
		b.WriteString(s.Text)
	}
	return b.String()
}

// spans cuts a text at its links, <address|label>. Plain text has none.
func (t wireText) spans() []span {
	if t.Type != "mrkdwn" {
		return []span{{Text: t.Text}}
	}
	var list []span
	for rest := t.Text; rest != ""; {
		before, after, found := strings.Cut(rest, "<")
		if before != "" {
			list = append(list, span{Text: unescape(before)})
		}
		inside, next, closed := strings.Cut(after, ">")
		if !found || !closed {
			break
		}
		list, rest = append(list, linkOf(inside)), next
	}
	return list
}

// linkOf reads address|label. Only an address of the web becomes a link.
func linkOf(inside string) span {
	address, label, ok := strings.Cut(unescape(inside), "|")
	if !ok {
		label = address
	}
	if !strings.HasPrefix(address, "http://") && !strings.HasPrefix(address, "https://") {
		return span{Text: label}
	}
	return span{Text: label, Link: address}
}

func unescape(s string) string {
	return strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(s)
}
