package slack

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"

	slackgo "github.com/slack-go/slack"

	"github.com/hookvigil/hookvigil/alerting"
)

// held lists what the summary of a storm stands for, the worst first.
func (w words) held() string {
	var lines []string
	for _, h := range w.f.Held {
		head := alerting.Line(strings.Trim(string(h.Severity)+", "+string(h.State), ", "), maxMember)
		if h.Number != "" {
			head = strings.TrimSpace(alerting.Line(h.Number, maxMember/4) + "  " + head)
		}
		line := fmt.Sprintf("• %s: %s", cmp.Or(head, "notice"), alerting.Line(h.Title, maxMember))
		if h.Messages > 1 {
			line += fmt.Sprintf(" (%s)", count(h.Messages, "message"))
		}
		lines = append(lines, line)
	}
	if more := w.f.HeldMore(); more > 0 && len(lines) > 0 {
		lines = append(lines, fmt.Sprintf("and %s about others: hookvigil incident ls", count(more, "message")))
	}
	return strings.Join(lines, "\n")
}

// plainNumber is an incident's number: what else came from elsewhere is no label.
var plainNumber = regexp.MustCompile(`^[a-z0-9]{1,32}$`)

// mostLinks is what Slack takes in one block of context.
const mostLinks = 10

// heldLinks adds the links to what was held back.
func (w words) heldLinks(blocks []slackgo.Block) []slackgo.Block {
	var links []slackgo.MixedElement
	for _, h := range w.f.Held[:min(len(w.f.Held), mostLinks)] {
		if plainNumber.MatchString(h.Number) {
			if link := linkTo(h.URL, h.Number); link != "" {
				links = append(links, verbatim(link))
			}
		}
	}
	if len(links) == 0 {
		return blocks
	}
	return append(blocks, slackgo.NewContextBlock("", links...))
}
