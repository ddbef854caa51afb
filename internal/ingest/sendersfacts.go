package ingest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/rules"
)

// Quiet returns for how long nothing came from each source, and what is
// ordinary at this hour, by name. listening is since when we listen at all; zero
// when nothing is known to have been missed but what [Senders.Break] told of.
func (s *Senders) Quiet(now, listening time.Time) []rules.QuietFact {
	s.mu.Lock()
	defer s.mu.Unlock()
	facts := make([]rules.QuietFact, 0, len(s.of))
	for _, name := range slices.Sorted(maps.Keys(s.of)) {
		one := s.of[name]
		f := rules.QuietFact{Scope: rules.ScopeOf(rules.ScopeSource, name), Last: one.heard.last, Excused: one.heard.excused, Listening: listening}
		f.Gap, f.Known = one.gap.Expected(now)
		facts = append(facts, f)
	}
	return facts
}

// Duplicates returns what each source sent twice within a window up to its
// newest attempt: after a success that we know the sender has seen, or as
// another event about the same. One from which nothing came for that long has
// sent nothing.
func (s *Senders) Duplicates(now time.Time, window time.Duration) []rules.DuplicatesFact {
	s.mu.Lock()
	defer s.mu.Unlock()
	facts := make([]rules.DuplicatesFact, 0, len(s.of))
	for _, name := range slices.Sorted(maps.Keys(s.of)) {
		one, c := s.of[name], deliveries.OrderCounts{}
		if now.Sub(one.received) < window {
			c = one.order.Lately(window)
		}
		facts = append(facts, rules.DuplicatesFact{Source: name, N: c.Attempts, Duplicates: c.AfterSuccess + c.Semantic})
	}
	return facts
}

// Upstream returns how many events each payment channel told late within one to
// two windows, over all sources.
func (s *Senders) Upstream(now time.Time, window time.Duration) []rules.UpstreamFact {
	s.mu.Lock()
	defer s.mu.Unlock()
	of := map[string]rules.UpstreamFact{}
	for _, one := range s.of {
		for _, channel := range one.lags.Channels() {
			c := one.lags.Count(channel, now, window)
			f := of[channel]
			of[channel] = rules.UpstreamFact{Channel: channel, N: f.N + c.Source, Late: f.Late + c.Classes[deliveries.LagChannel]}
		}
	}
	delete(of, "") // events that name none
	delete(of, deliveries.OtherChannel)
	facts := make([]rules.UpstreamFact, 0, len(of))
	for _, channel := range slices.Sorted(maps.Keys(of)) {
		facts = append(facts, of[channel])
	}
	return facts
}

// Gaps returns what was learnt of the gaps of each source, to be saved: JSON by
// source.
func (s *Senders) Gaps() (map[string][]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	saved := make(map[string][]byte, len(s.of))
	for name, one := range s.of {
		text, err := json.Marshal(&one.gap)
		if err != nil {
			return nil, fmt.Errorf("encode the gaps of source %s: %w", name, err)
		}
		saved[name] = text
	}
	return saved, nil
}

// gapsKept is how long a source that sends nothing more is known: the gaps of a
// week are learned from, and a place among the sources is worth something.
const gapsKept = 8 * 24 * time.Hour

// RecallGaps takes up what was saved, before anything is taken. The gap since
// then is nobody's: we did not listen. The error names the sources that begin
// anew.
func (s *Senders) RecallGaps(saved map[string][]byte, now time.Time) (err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(saved)) {
		var gap rules.GapLearner
		if failed := json.Unmarshal(saved[name], &gap); failed != nil {
			err = fmt.Errorf("gaps of source %s are learned anew: %w", name, failed)
			continue
		}
		if gap.Last().IsZero() || now.Sub(gap.Last()) > gapsKept {
			continue
		}
		if one := s.senderLocked(name); one != nil {
			one.gap = gap
			one.gap.Skip()
			one.gap.NotAfter(now)
			one.heard.last = one.gap.Last()
			one.heard.goOn(0, now)
		}
	}
	return err
}

// heldAtRest is what is saved of the audit of a source.
type heldAtRest struct {
	Declared deliveries.Grade     `json:"declared"`
	Held     deliveries.AuditHeld `json:"held"`
}

// Held returns what the audits hold against sources, to be saved: JSON by
// source.
func (s *Senders) Held() (map[string][]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	saved := map[string][]byte{}
	for name, one := range s.of {
		held := one.audit.Held()
		if held == (deliveries.AuditHeld{}) {
			continue
		}
		text, err := json.Marshal(heldAtRest{one.declared, held})
		if err != nil {
			return nil, fmt.Errorf("encode the audit of source %s: %w", name, err)
		}
		saved[name] = text
	}
	return saved, nil
}

// RecallHeld takes up what was saved, before anything is taken: what is held
// against a source stays so, unless it is declared otherwise now. The error
// names the sources that are audited anew.
func (s *Senders) RecallHeld(saved map[string][]byte) (err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(saved)) {
		var at heldAtRest
		if failed := json.Unmarshal(saved[name], &at); failed != nil {
			err = fmt.Errorf("source %s is audited anew: %w", name, failed)
			continue
		}
		if one := s.senderLocked(name); one != nil && one.declared == at.Declared {
			one.audit.Hold(at.Held)
			one.grade, _ = one.audit.Grade()
		}
	}
	return err
}
