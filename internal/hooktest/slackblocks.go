package hooktest

import (
	"encoding/json"
	"fmt"
	"slices"
	"unicode/utf8"
)

// Bounds of messages, in characters unless said otherwise
// (docs.slack.dev/reference/block-kit/blocks, .../methods/chat.postMessage).
const (
	slackMaxText     = 40_000
	slackMaxBlocks   = 50 // blocks
	slackMaxSection  = 3000
	slackMaxField    = 2000
	slackMaxFields   = 10 // fields of a section, elements of a context
	slackMaxActions  = 25 // elements
	slackMaxHeader   = 150
	slackMaxMarkdown = 12_000
	slackMaxBlockID  = 255 // of an action_id too
	slackMaxButton   = 75
	slackMaxValue    = 2000
	slackMaxLink     = 3000
)

// slackBlock is what is looked at of a block.
type slackBlock struct {
	Type     string            `json:"type"`
	ID       string            `json:"block_id"`
	Text     json.RawMessage   `json:"text"` // an object; a string in markdown
	Fields   []slackText       `json:"fields"`
	Elements []json.RawMessage `json:"elements"`
}

type slackText struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

// messageBlocks are the kinds of blocks that a message may hold. An alert is
// for modals only.
func messageBlocks() []string {
	return []string{
		"actions", "card", "carousel", "context", "context_actions", "data_table", "data_visualization", "divider",
		"file", "header", "image", "input", "markdown", "plan", "rich_text", "section", "table", "task_card", "video",
	}
}

// checkBlocks returns Slack's word for what is wrong with blocks, and what it
// would explain to a developer.
func checkBlocks(raw string) (word, why string) {
	var blocks []slackBlock
	if err := json.Unmarshal([]byte(raw), &blocks); err != nil {
		return "invalid_blocks_format", ""
	}
	if len(blocks) > slackMaxBlocks {
		return "invalid_blocks", fmt.Sprintf("[ERROR] no more than %d items allowed [json-pointer:/blocks]", slackMaxBlocks)
	}
	seen := map[string]bool{}
	for i, b := range blocks {
		if b.ID != "" && seen[b.ID] {
			return "invalid_blocks", fmt.Sprintf("[ERROR] `block_id` %q already exists [json-pointer:/blocks/%d/block_id]", b.ID, i)
		}
		seen[b.ID] = true
		if why := b.wrong(); why != "" {
			return "invalid_blocks", fmt.Sprintf("[ERROR] %s [json-pointer:/blocks/%d]", why, i)
		}
	}
	return "", ""
}

// wrong says what is wrong with one block; empty: nothing that we know of.
func (b slackBlock) wrong() string {
	if !slices.Contains(messageBlocks(), b.Type) {
		return "unsupported type: " + b.Type
	}
	if utf8.RuneCountInString(b.ID) > slackMaxBlockID {
		return fmt.Sprintf("block_id must be less than %d characters", slackMaxBlockID+1)
	}
	switch b.Type {
	case "section":
		return b.wrongSection()
	case "header":
		text, why := readText(b.Text, slackMaxHeader)
		if why == "" && text.Type != "plain_text" {
			why = "must be plain_text"
		}
		return why
	case "markdown":
		var text string
		if json.Unmarshal(b.Text, &text) != nil {
			return "text must be a string"
		}
		return fits(text, slackMaxMarkdown)
	case "context":
		return countOf(len(b.Elements), slackMaxFields)
	case "actions":
		return b.wrongActions()
	default:
		return ""
	}
}

// slackButton is what is looked at of an element that can be pressed.
type slackButton struct {
	Type     string          `json:"type"`
	ActionID string          `json:"action_id"`
	Value    string          `json:"value"`
	URL      string          `json:"url"`
	Text     json.RawMessage `json:"text"`
}

func (b slackBlock) wrongActions() string {
	if why := countOf(len(b.Elements), slackMaxActions); why != "" {
		return why
	}
	seen := map[string]bool{}
	for _, raw := range b.Elements {
		var e slackButton
		if json.Unmarshal(raw, &e) != nil {
			return "an element must be an object"
		}
		if e.Type != "button" {
			continue
		}
		if why := e.wrong(); why != "" {
			return why
		}
		if seen[e.ActionID] {
			return fmt.Sprintf("`action_id` %q already exists", e.ActionID)
		}
		seen[e.ActionID] = true
	}
	return ""
}

func (e slackButton) wrong() string {
	text, why := readText(e.Text, slackMaxButton)
	switch {
	case why != "":
		return why
	case text.Type != "plain_text":
		return "must be plain_text"
	case utf8.RuneCountInString(e.ActionID) > slackMaxBlockID:
		return fmt.Sprintf("action_id must be less than %d characters", slackMaxBlockID+1)
	case utf8.RuneCountInString(e.Value) > slackMaxValue:
		return fmt.Sprintf("value must be less than %d characters", slackMaxValue+1)
	case utf8.RuneCountInString(e.URL) > slackMaxLink:
		return fmt.Sprintf("url must be less than %d characters", slackMaxLink+1)
	default:
		return ""
	}
}

func (b slackBlock) wrongSection() string {
	if b.Text == nil && len(b.Fields) == 0 {
		return "missing required field: text or fields"
	}
	if b.Text != nil {
		if _, why := readText(b.Text, slackMaxSection); why != "" {
			return why
		}
	}
	if len(b.Fields) > slackMaxFields {
		return fmt.Sprintf("no more than %d items allowed", slackMaxFields)
	}
	for _, f := range b.Fields {
		if why := f.wrong(slackMaxField); why != "" {
			return why
		}
	}
	return ""
}

func readText(raw json.RawMessage, limit int) (slackText, string) {
	var t slackText
	if json.Unmarshal(raw, &t) != nil {
		return t, "text must be an object"
	}
	return t, t.wrong(limit)
}

func (t slackText) wrong(limit int) string {
	if t.Type != "mrkdwn" && t.Type != "plain_text" {
		return "unsupported type of text: " + t.Type
	}
	return fits(t.Text, limit)
}

func fits(text string, limit int) string {
	switch n := utf8.RuneCountInString(text); {
	case n == 0:
		return "must be more than 0 characters"
	case n > limit:
		return fmt.Sprintf("must be less than %d characters", limit+1)
	default:
		return ""
	}
}

func countOf(n, limit int) string {
	if n < 1 || n > limit {
		return fmt.Sprintf("must have 1 to %d elements", limit)
	}
	return ""
}
