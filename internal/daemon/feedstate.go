package daemon

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/hookvigil/hookvigil/dashboards"
	"github.com/hookvigil/hookvigil/internal/ingest"
	"github.com/hookvigil/hookvigil/internal/ingest/promquery"
	"github.com/hookvigil/hookvigil/internal/ingest/tail"
)

// How long a feed may bring nothing before the watcher is off duty.
const (
	feedLimit  = time.Minute     // a tick of attempts closes 60 s after its end: what comes later decides nothing
	emptyLimit = 5 * time.Minute // a Prometheus may answer without counters: it has just been started, or scrapes again
)

// feedState is how one feed goes.
type feedState struct {
	feed
	upToDate time.Time // a file: was read to its end; a Prometheus: gave data; before the first time: was begun
	answered time.Time // a Prometheus: answered at all
	behind   int64     // bytes
	err      error     // what stands in the way; nil: nothing does
}

func (f *feeds) begun(key feedKey, one feed) {
	now := time.Now()
	f.note(key, func(s *feedState) { *s = feedState{feed: one, upToDate: now, answered: now} })
}

func (f *feeds) ended(key feedKey) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.states, key)
	f.showLocked()
}

// read follows the reading of a file.
func (f *feeds) read(key feedKey, p tail.Progress, now time.Time) {
	f.d.metrics.TailRead(p.Accepted, p.Duplicate, p.Rejected)
	f.note(key, func(s *feedState) {
		s.upToDate, s.behind, s.err = now.Add(-p.Lag), p.Behind, p.Err
	})
}

// asked follows the asks of a Prometheus.
func (f *feeds) asked(key feedKey, a promquery.Asked, now time.Time) {
	f.d.metrics.SourceAsked(a.Err == nil)
	f.note(key, func(s *feedState) {
		s.err = a.Err
		if a.Err == nil {
			s.answered = now
		}
		if !a.LastData.IsZero() {
			s.upToDate = a.LastData
		}
	})
}

func (f *feeds) note(key feedKey, change func(*feedState)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.states[key]
	change(&s)
	f.states[key] = s
	f.showLocked()
}

// showLocked gives the metrics all feeds together.
func (f *feeds) showLocked() {
	behind, oldest := int64(0), map[dashboards.FeedKind]time.Time{}
	for key, s := range f.states {
		behind += s.behind
		if at, ok := oldest[key.kind]; !ok || s.upToDate.Before(at) {
			oldest[key.kind] = s.upToDate
		}
	}
	f.d.metrics.FeedsStand(behind, oldest)
}

// problems says which feeds bring nothing, one line each, by source.
func (f *feeds) problems(now time.Time) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var list []string
	for key, s := range f.states {
		problem := s.asking(now)
		if s.tail != nil {
			problem = s.reading(now)
		}
		if problem != "" {
			list = append(list, fmt.Sprintf("source %s: %s", key.source, problem))
		}
	}
	slices.SortFunc(list, cmp.Compare[string])
	return list
}

// reading says what is wrong with the reading of a file; empty: nothing is.
func (s feedState) reading(now time.Time) string {
	lag := now.Sub(s.upToDate)
	if lag <= feedLimit {
		return ""
	}
	since, path := lag.Round(time.Second), s.tail.Path
	switch {
	case errors.Is(s.err, fs.ErrNotExist):
		return fmt.Sprintf("%s has not been there for %s; does its writer run, and is tail.path right?", path, since)
	case errors.Is(s.err, fs.ErrPermission):
		return fmt.Sprintf("%s could not be opened for %s; let the user that hookvigil runs as read it and its folder", path, since)
	case errors.Is(s.err, ingest.ErrFull):
		return fmt.Sprintf("what was appended to %s is not taken for %s: there is no space in data_dir; it stays in the file meanwhile", path, since)
	case s.err != nil:
		return fmt.Sprintf("%s could not be read for %s: %v; it is tried again, see the log", path, since, s.err)
	default:
		return fmt.Sprintf("the reading of %s is %s late, with %d bytes to go; more is appended than is taken, or this disk is slow", path, since, s.behind)
	}
}

// asking says what is wrong with the asking of a Prometheus; empty: nothing is.
func (s feedState) asking(now time.Time) string {
	silent, empty := now.Sub(s.answered), now.Sub(s.upToDate)
	switch {
	case s.err != nil && silent > feedLimit:
		return fmt.Sprintf("its Prometheus has not answered for %s: %v; nobody watches the ratios that it counts, see prometheus.url", silent.Round(time.Second), s.err)
	case silent > 2*feedLimit: // an ask ends within a minute
		return fmt.Sprintf("its Prometheus has not been asked for %s; see the log", silent.Round(time.Second))
	case empty > emptyLimit:
		return fmt.Sprintf("its Prometheus answers, and has given no counters for %s; try prometheus.total there", empty.Round(time.Second))
	default:
		return ""
	}
}
