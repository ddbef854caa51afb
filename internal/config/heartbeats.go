package config

import (
	"time"

	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/probes"
)

// longestWatchGrace is the longest that something may be overdue unsaid.
const longestWatchGrace = 7 * 24 * time.Hour

// Heartbeat is something that must call in (POST /api/v1/heartbeats/{id})
// again and again: when it stays out for Every and Grace, a silence opens.
type Heartbeat struct {
	ID    string
	Every time.Duration // in [1s, 24h]
	Grace time.Duration // on top of Every, in [1s, 7d]; default Every
}

// watchLayout is one entry of watch.
type watchLayout struct {
	ID        string             `yaml:"id"`
	URL       string             `yaml:"url"`
	Heartbeat bool               `yaml:"heartbeat"`
	Every     *registry.Duration `yaml:"every"`
	Grace     *registry.Duration `yaml:"grace"`
}

// heartbeats takes the heartbeats of watch. Entries with a URL are checked and
// not used yet.
func (l *loader) heartbeats() {
	for i, in := range l.in.Watch {
		p := l.item("watch", i, in.ID)
		if l.out.spoilt(p.node.at.src, p.path) {
			continue
		}
		if l.unique("watch entry", in.ID, p); in.ID != "" {
			l.reportAll(p, checkID(in.ID))
		}
		l.watched(p, in)
		every := l.watchSpan(p, "every", in.Every, longestSpan)
		grace := l.watchSpan(p, "grace", in.Grace, longestWatchGrace)
		if in.Every == nil {
			l.needs(p, "every", "", "1m")
		}
		if in.Grace == nil {
			grace = every
		}
		if in.Heartbeat {
			l.cfg.Heartbeats = append(l.cfg.Heartbeats, Heartbeat{ID: in.ID, Every: every, Grace: grace})
		}
	}
}

// watched checks that an entry is one thing: a heartbeat or a URL.
func (l *loader) watched(p place, in watchLayout) {
	switch {
	case in.Heartbeat && in.URL != "":
		l.report(p, registry.Fault{Path: "url", Message: "heartbeat and url exclude each other", Hint: "a heartbeat calls hookvigil; a URL is called by it"})
	case !in.Heartbeat && in.URL == "":
		l.report(p, registry.Fault{Path: "heartbeat", Message: "says neither what calls in nor what to call", Hint: "give heartbeat: true, and POST to /api/v1/heartbeats/" + or(clip(in.ID), "{id}")})
	case in.URL != "":
		if _, err := probes.ParseURL(in.URL); err != nil {
			l.report(p, registry.Fault{Path: "url", Message: err.Error()})
		}
	}
}

func (l *loader) watchSpan(p place, key string, v *registry.Duration, most time.Duration) time.Duration {
	if v == nil {
		return 0
	}
	if v.Std() < time.Second || v.Std() > most {
		l.report(p, registry.Fault{Path: key, Message: v.String() + " is outside [1s, " + registry.Duration(most).String() + "]"})
	}
	return v.Std()
}
