package slack

import (
	"regexp"
	"strings"

	slackgo "github.com/slack-go/slack"

	"github.com/hookvigil/hookvigil/alerting"
)

// held lists what the summary of a storm stands for, the worst first.
func (w words) held() string {
	var lines []string
	for _, h := range w.f.Held {
		lines = append(lines, "• "+h.Words(alerting.Line, maxMember/4, maxMember).String()) // its link stands below, see heldLinks
	}
	if rest := w.f.HeldRest(); rest != "" {
		lines = append(lines, "and "+rest)
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
