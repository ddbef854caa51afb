package backtest

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"github.com/hookvigil/hookvigil/internal/conditions"
	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/probes"
)

// DefaultSource is the source of records that name none: as of those that come
// by POST /api/v1/attempts with a token that is bound to no source.
const DefaultSource = "default"

// World is what a log is read by, as far as a daemon would have known it. The
// zero value knows no endpoint and takes every source for one that sends all.
type World struct {
	// Known are the endpoints: by them an attempt that names merchant and URL
	// finds its endpoint, and each has its deadline and its policy of probes. nil:
	// none.
	Known *registry.Snapshot
	// Policy is that of probes of endpoints that are not known. The zero value:
	// probes.DefaultPolicy.
	Policy probes.Policy

	Source   string                               // of records that name none; empty: DefaultSource
	Takes    func(source string) bool             // whether its records are taken; nil: those of all are
	Declared func(source string) deliveries.Grade // how complete a source is declared to be; nil: each GradeAll
	Failing  time.Duration                        // window of what is lately known of an endpoint; 0: ingest.Quarter

	// Schedule says by which schedule failed events of an endpoint are sent again.
	// nil: it is that of Known, and of others deliveries.Unknown, by which nothing
	// is missed and nothing lost.
	Schedule func(endpoint string) deliveries.Schedule
}

// Settings are what a replay decides by.
type Settings struct {
	World World

	// Rules are decided by side by side, each by itself. None: the defaults.
	// Heartbeats and Committed are left aside: nobody beats, nobody is told.
	Rules []conditions.Config

	Window    time.Duration // within which records are put in order; 0: DefaultWindow; at most 24 h
	MostHeld  int           // records that wait for that at most, about 0.5 KB each; 0: DefaultMostHeld
	MostKnown int           // records that repeats are found among, and events that were delivered, 20 bytes each; 0: DefaultMostKnown
	MostOpen  int           // events that failed and are not delivered, about 0.7 KB each; 0: DefaultMostOpen. Further ones are not followed
	Group     int           // records that are decided together; 0: 4,096. It changes nothing but the speed
}

func (s Settings) withDefaults() Settings {
	if len(s.Rules) == 0 {
		s.Rules = []conditions.Config{conditions.DefaultConfig()}
	}
	s.Window = cmp.Or(s.Window, DefaultWindow)
	s.MostHeld = cmp.Or(s.MostHeld, DefaultMostHeld)
	s.MostKnown = cmp.Or(s.MostKnown, DefaultMostKnown)
	s.MostOpen = cmp.Or(s.MostOpen, DefaultMostOpen)
	s.Group = cmp.Or(s.Group, 4096)
	s.World = s.World.withDefaults()
	return s
}

func (w World) withDefaults() World {
	if w.Known == nil {
		w.Known = &registry.Snapshot{}
	}
	if w.Policy == (probes.Policy{}) {
		w.Policy = probes.DefaultPolicy()
	}
	w.Source = cmp.Or(w.Source, DefaultSource)
	if w.Declared == nil {
		w.Declared = func(string) deliveries.Grade { return deliveries.GradeAll }
	}
	if w.Schedule == nil {
		w.Schedule = scheduleOf(w.Known)
	}
	return w
}

// scheduleOf says the schedules of those that are known.
func scheduleOf(known *registry.Snapshot) func(endpoint string) deliveries.Schedule {
	unknown, _ := deliveries.Preset(deliveries.Unknown)
	return func(endpoint string) deliveries.Schedule {
		if w, ok := known.Endpoint(endpoint); ok {
			return w.Schedule
		}
		return unknown
	}
}

// Validate reports every fault at once, each with its field.
func (s Settings) Validate() error {
	s = s.withDefaults()
	var faults []error
	when := func(bad bool, format string, args ...any) {
		if bad {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	when(s.Window < 0 || s.Window > 24*time.Hour, "window: %s is outside [0s, 24h]", s.Window)
	when(s.MostHeld < 1, "most held: %d is less than 1", s.MostHeld)
	when(s.MostKnown < 2, "most known: %d is less than 2", s.MostKnown)
	when(s.MostOpen < 1, "most open: %d is less than 1", s.MostOpen)
	when(s.Group < 1, "group: %d is less than 1", s.Group)
	when(s.World.Failing < 0 || s.World.Failing%time.Second != 0, "failing: %s is no whole number of seconds", s.World.Failing)
	for i, r := range s.Rules {
		if err := r.Validate(); err != nil {
			faults = append(faults, fmt.Errorf("rules[%d]: %w", i, err))
		}
	}
	return errors.Join(faults...)
}
