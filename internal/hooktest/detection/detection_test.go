package main

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/hooktest/traffic"
	"github.com/hookvigil/hookvigil/rules"
)

func TestAPeerIsSetToItsAlarms(t *testing.T) {
	t.Parallel()
	months := [][]int64{{0, 5, 5, 0, 7, 3, 9}, {2, 0, 2, 2, 0, 0, 8}}
	for name, tt := range map[string]struct {
		most   int
		least  int64
		alarms int
	}{
		"none at all":                                      {0, 10, 0},
		"one: only the loudest":                            {1, 9, 1},
		"two: one in each month":                           {2, 8, 2},
		"three: 7 is apart from 9":                         {3, 6, 3},
		"four: the fives are one run, and 3 joins 7 and 9": {4, 3, 3},
		"as many as there are":                             {5, 1, 5},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			least, alarms := setPeer(months, tt.most)
			if least != tt.least || alarms != tt.alarms {
				t.Errorf("least %d with %d alarms, want %d with %d", least, alarms, tt.least, tt.alarms)
			}
		})
	}
}

// feed steps a peer over equal ticks and returns the tick it first fires at
// with so many failures, 0 for never.
func feed(p *peer, ticks, n, k int, least int64) int {
	s := newSums(ticks)
	for i := 1; i <= ticks; i++ {
		s.add(n, k)
		if p.step(&s) >= least {
			return i
		}
	}
	return 0
}

func TestPeersFireAsTheyAreWritten(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		peer  int
		n, k  int
		least int64
		want  int
	}{
		"a ratio at exactly 4 %":                 {0, 100, 4, 1, 1},
		"a ratio just under it":                  {0, 1000, 39, 1, 0},
		"so many failures in the window":         {0, 100, 4, 12, 3},
		"more than the window can hold":          {0, 100, 4, 121, 0},
		"held for five minutes":                  {1, 100, 4, 1, 31},
		"an hour holds 1440":                     {2, 100, 4, 1440, 360},
		"99.9: the short pair at 1.44 %":         {3, 10000, 144, 1, 1},
		"99.9: the long pair at 0.6 %":           {3, 10000, 60, 1, 1},
		"99.9: nothing under it":                 {3, 10000, 59, 1, 0},
		"99.5: 4 % is over 6 times the budget":   {4, 10000, 400, 1, 1},
		"99.5: the long pair needs 3 %":          {4, 10000, 299, 1, 0},
		"99.5: failures of the pair that fires":  {4, 100, 4, 720, 180},
		"99.5: 7.2 % fires by the short one too": {4, 10000, 720, 1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := feed(peers()[tt.peer], 3000, tt.n, tt.k, tt.least); got != tt.want {
				t.Errorf("%s fires with tick %d, want %d", peers()[tt.peer].name, got, tt.want)
			}
		})
	}
}

func TestBothWindowsOfAPairHaveToFire(t *testing.T) {
	t.Parallel()
	s, p := newSums(1000), peers()[4]
	for range 720 {
		s.add(10000, 0)
	}
	for range 30 {
		s.add(10000, 800) // the short window of 5 min is over 7.2 %, the hour is not
	}
	if got := p.step(&s); got != 0 {
		t.Errorf("fires with %d, want nothing yet", got)
	}
	s.add(0, 0)
	for range 330 {
		s.add(10000, 800)
	}
	if got := p.step(&s); got != 24000 && got != 144000 {
		t.Errorf("fires with %d, want it to fire", got)
	}
}

func TestTicksKeepEveryFirstAttempt(t *testing.T) {
	t.Parallel()
	c := traffic.Seed000(3, 1)
	c.Repeated = 0
	n, k, wantN, wantK := 0, 0, 0, 0
	last := time.Time{}
	for tk := range ticks(c, rules.TickLength) {
		if !tk.At.After(last) || tk.At.UnixNano()%int64(rules.TickLength) != 0 {
			t.Fatalf("tick of %s after that of %s", tk.At, last)
		}
		last, n, k = tk.At, n+tk.N, k+tk.K
	}
	for a := range traffic.New(c).Attempts() {
		if a.Number == 1 {
			wantN++
			if a.Status != 200 {
				wantK++
			}
		}
	}
	if n != wantN || k != wantK || k == 0 {
		t.Errorf("%d of %d in ticks, want %d of %d", k, n, wantK, wantN)
	}
}

func TestAReplayWithoutAnIncidentFindsNothing(t *testing.T) {
	t.Parallel()
	c := traffic.Seed000(3, 1)
	c.Incidents = nil
	if got, want := replayOne(rules.DefaultDetector(), c), (replay{found: day, cleared: day}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	d := rules.DefaultDetector()
	d.Doubt = 1
	for i := range d.Heights {
		d.Heights[i].Sum = 0.1 // it alarms for one failure
	}
	if got := replayOne(d, c); got.before == 0 {
		t.Errorf("%+v, want alarms before the incident", got)
	}
}

// little is a run of some seconds.
func little() settings {
	return settings{months: 1, trials: 6, seeds: 1, seed: 1, rates: []float64{1}, ratios: []float64{0.04, 0.5}, replayRates: []float64{1, 0.2}, detector: rules.DefaultDetector()}
}

func TestTheDocumentIsTheSameForTheSameSeed(t *testing.T) {
	t.Parallel()
	var one, two bytes.Buffer
	_, _ = run(&one, little()), run(&two, little()) // one month may miss a figure
	if one.String() != two.String() {
		t.Error("two runs differ")
	}
	for _, want := range []string{"| 1 | **hookvigil** |", "| 1 | burn rate, SLO 99.5 |", "| 4 % | 50 % |", "| 2 %, rough |", "| 1 | 1 |", "| 0.2 | 10 |", "-months 1 -trials 6"} {
		if !strings.Contains(one.String(), want) {
			t.Errorf("the document lacks %q", want)
		}
	}
}

func TestADeafDetectorMissesItsFigures(t *testing.T) {
	t.Parallel()
	s := little()
	s.rates = nil // the replays are enough
	s.detector.LoudTicks = 1000
	for i := range s.detector.Heights {
		s.detector.Heights[i].Sum = 1e5
	}
	var out bytes.Buffer
	if err := run(&out, s); !errors.Is(err, errMissed) || !strings.Contains(out.String(), "**missed**") {
		t.Errorf("%v, want %v", err, errMissed)
	}
}

func TestQuantilesAreOrdered(t *testing.T) {
	t.Parallel()
	delays := []time.Duration{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}
	got := []time.Duration{quantile(delays, 0), quantile(delays, 0.5), quantile(delays, 0.9), quantile(delays, 1), quantile(nil, 0.5)}
	if want := []time.Duration{1, 6, 10, 10, day}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
