package config

import (
	"slices"
	"strings"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/ingest/promquery"
	"github.com/hookvigil/hookvigil/internal/ingest/tail"
)

// Source is a system that attempts come from: the sender of webhooks, a
// queue, a log.
type Source struct {
	ID string // as in an attempt's source; unique

	// Grade says how complete what it sends is: A every attempt, those that
	// succeeded too; B each event's final result; C failures alone; D a
	// sample. Default A. Only A yields ratios of first attempts.
	Grade deliveries.Grade

	// Discover says that endpoints which its attempts name and nobody
	// registered are registered as seen: shown, and neither probed nor mailed.
	// Default false: they are counted for platform, product and channel alone.
	Discover bool

	// Tail is a file that its attempts are read from, beside what it sends; nil:
	// none. It is valid, and its path is that of no other source.
	Tail *tail.Config

	// Prometheus counts its first attempts: ratios without history. nil: none.
	// It is valid. No attempts of grade A come from the same source, by whichever
	// way that the file names.
	Prometheus *promquery.Config
}

// sourceLayout is one entry of sources.
type sourceLayout struct {
	ID       string `yaml:"id"`
	Grade    string `yaml:"grade"`
	Discover bool   `yaml:"discover"`

	Tail       *node             `yaml:"tail"` // a path, or a mapping
	Prometheus *prometheusLayout `yaml:"prometheus"`
}

// sources takes the sources that the file declares.
func (l *loader) sources() {
	for i, in := range l.in.Sources {
		p := l.item("sources", i, in.ID)
		if l.out.spoilt(p.node.at.src, p.path) {
			continue
		}
		if l.unique("source", in.ID, p); in.ID != "" {
			l.reportAll(p, checkID(in.ID))
		}
		grade := l.word(p, "grade", "a grade of completeness", or(in.Grade, "A"), []string{"A", "B", "C", "D"})
		s := Source{ID: in.ID, Grade: deliveries.Grade(grade), Discover: in.Discover, Tail: l.tailed(p, in), Prometheus: l.asked(p, in)}
		l.countedTwice(p, s)
		l.cfg.Sources = append(l.cfg.Sources, s)
	}
}

// tokenSource checks whose attempts a token may send.
func (l *loader) tokenSource(path string, in tokenLayout) {
	path += ".source"
	switch declared := l.sourceIDs(); {
	case in.Role != "ingest" && in.Source != "":
		l.warn(path, "remove it, or set role: ingest", "only a token of role ingest has a source")
	case in.Role != "ingest":
	case in.Source == "":
		l.bad(path, "give source: core, the name of the system that sends", "an ingest token needs a source")
	case len(l.in.Sources) > 0 && !slices.Contains(declared, in.Source):
		l.bad(path, "one of "+strings.Join(declared, ", "), "%q is not an ID of sources", clip(in.Source))
	case slices.ContainsFunc(l.cfg.Sources, func(s Source) bool { return s.ID == in.Source && s.countsTwice() }):
		l.bad(path, "grade: C for that source, when it sends failures alone; or leave its prometheus out", "the first attempts of %q are counted by its prometheus: they would be in the ratios twice", clip(in.Source))
	default:
		for _, f := range checkID(in.Source) {
			l.bad(path, f.Hint, "%s", f.Message)
		}
	}
}

func (l *loader) sourceIDs() []string {
	var ids []string
	for _, s := range l.cfg.Sources {
		if s.ID != "" && !slices.Contains(ids, s.ID) {
			ids = append(ids, s.ID)
		}
	}
	return ids
}
