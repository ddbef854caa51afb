package store

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/ingest"
	"github.com/hookvigil/hookvigil/rules"
)

// model is the ledger as it is meant: of each identity the lowest attempt.
type model struct {
	kept   map[[16]byte]deliveries.Attempt
	groups []ingest.Group
	said   [][]ingest.Verdict
}

func (m *model) apply(g ingest.Group) []ingest.Verdict {
	var verdicts []ingest.Verdict
	for _, e := range g.Entries {
		a := e.Attempt
		k, ok := m.kept[a.Identity()]
		v := ingest.Contradicted
		switch {
		case !ok:
			v = ingest.Counted
		case a == k:
			v = ingest.Duplicate
		case a.Compare(k) < 0:
			v = ingest.Replaced
		}
		if v.Kept() {
			m.kept[a.Identity()] = a
		}
		verdicts = append(verdicts, v)
	}
	m.groups, m.said = append(m.groups, g), append(m.said, verdicts)
	return verdicts
}

func (m *model) tally(counts func(a deliveries.Attempt) bool) (sum ingest.Tally) {
	for _, a := range m.kept {
		if counts(a) {
			sum.Add(newTape().group(a).Entries[0].Share().Tally())
		}
	}
	return sum
}

// bucket is what the first attempts of an endpoint make.
func (m *model) bucket(endpoint string) (sum rules.Bucket) {
	for _, a := range m.kept {
		e := newTape().group(a).Entries[0]
		if a.Endpoint != endpoint || e.Share().Tally().First == 0 {
			continue
		}
		took := a.Duration.Truncate(time.Microsecond)
		if a.Status == 0 || took == 0 {
			took = -1
		}
		sum.Add(e.Fault, took)
	}
	return sum
}

// scopesOf tells one run of the property from the others in the same store.
func scopesOf(run, n int) string { return fmt.Sprintf("%d-%d", run, n) }

func anyAttempt(run int) *rapid.Generator[deliveries.Attempt] {
	return rapid.Custom(func(t *rapid.T) deliveries.Attempt {
		a := traffic(0, 1)[0]
		a.Source = fmt.Sprint("source-", run)
		a.Event = fmt.Sprint(rapid.IntRange(0, 3).Draw(t, "event"))
		a.ID = "att-" + a.Event
		a.Number = rapid.IntRange(0, 2).Draw(t, "number")
		a.Trigger = rapid.SampledFrom([]deliveries.Trigger{deliveries.Automatic, deliveries.Automatic, deliveries.Manual}).Draw(t, "trigger")
		a.Mode = rapid.SampledFrom([]deliveries.Mode{deliveries.Live, deliveries.Live, deliveries.Live, deliveries.Test}).Draw(t, "mode")
		a.Status = rapid.SampledFrom([]int{200, 503, 0}).Draw(t, "status")
		a.Error = "canceled"
		a.Duration = time.Duration(rapid.SampledFrom([]int{0, 250, 1900, 31_000_500}).Draw(t, "micros"))*time.Microsecond + 999
		a.Endpoint = scopesOf(run, rapid.IntRange(0, 1).Draw(t, "endpoint"))
		a.Channel = scopesOf(run, rapid.IntRange(0, 1).Draw(t, "channel"))
		a.Product = scopesOf(run, 0)
		a.StartedAt = midday.Add(-time.Duration(rapid.IntRange(0, 3).Draw(t, "minutes")) * 8 * time.Minute).
			Add(time.Duration(rapid.IntRange(0, 1).Draw(t, "nanos")))
		return a
	})
}

// TestTheLedgerIsTheLowestOfEach holds the ledger against a naive model: in
// whatever order attempts come, whatever is repeated, wherever a crash falls.
func TestTheLedgerIsTheLowestOfEach(t *testing.T) {
	t.Parallel()
	s, tape := openStore(t, t.TempDir()), newTape()
	followXendit(t, s)
	run, failed := 0, false
	rapid.Check(t, func(rt *rapid.T) {
		if run >= modelChecks && !failed {
			return
		}
		run++
		defer func() { failed = failed || rt.Failed() }()
		m := model{kept: map[[16]byte]deliveries.Attempt{}}
		for range rapid.IntRange(1, 5).Draw(rt, "groups") {
			g := tape.group(rapid.SliceOfN(anyAttempt(run), 1, 12).Draw(rt, "attempts")...)
			if rapid.Bool().Draw(rt, "crash between the slots and the tallies") {
				mend := failFacts(t, s)
				_, err := s.Ledger().Apply(t.Context(), g)
				mend()
				if err == nil {
					rt.Fatal("applied without tallies")
				}
				restart(t, s)
			}
			if got, want := apply(t, s, g), m.apply(g); !slices.Equal(got, want) {
				rt.Fatalf("verdicts %v, want %v", got, want)
			}
			if from := rapid.IntRange(0, 2*len(m.groups)).Draw(rt, "replay from"); from < len(m.groups) {
				for i, g := range m.groups[from:] {
					if got, want := apply(t, s, g), m.said[from+i]; !slices.Equal(got, want) {
						rt.Fatalf("replay of group %d: verdicts %v, want %v", from+i, got, want)
					}
				}
			}
		}
		source, want := fmt.Sprint("source-", run), m.events()
		for k, e := range storedEvents(t, s) {
			if k.Source != source {
				continue
			}
			if w, ok := want[k]; !ok || e != w {
				rt.Errorf("event %v is %+v, want %+v", k, e, w)
			}
			delete(want, k)
		}
		for k := range want {
			rt.Errorf("event %v is not stored", k)
		}
		minute := midday.Add(-8 * time.Minute)
		for n := range 2 {
			own := scopesOf(run, n)
			for scope, counts := range map[string]func(a deliveries.Attempt) bool{
				rules.ScopeProduct:  func(a deliveries.Attempt) bool { return a.Product == own },
				rules.ScopeChannel:  func(a deliveries.Attempt) bool { return a.Channel == own },
				rules.ScopeEndpoint: func(a deliveries.Attempt) bool { return a.Endpoint == own },
			} {
				if got, want := tallied(t, s, rules.ScopeOf(scope, own)), m.tally(counts); got != want {
					rt.Errorf("%s: %+v, want %+v", scope, got, want)
				}
			}
			if got, want := deliveriesOf(t, s, own), m.bucket(own); !sameBucket(got, want) {
				rt.Errorf("bucket of endpoint %s: %+v, want %+v", own, got, want)
			}
			a, err := s.Tally(t.Context(), ingest.TallyQuery{Scopes: []rules.Scope{rules.ScopeOf(rules.ScopeChannel, own)}, From: minute, To: minute.Add(time.Minute)})
			want := m.tally(func(a deliveries.Attempt) bool {
				return a.Channel == own && a.StartedAt.Truncate(time.Minute).Equal(minute)
			})
			if err != nil || a.Tally != want {
				rt.Errorf("one minute: %+v, %v; want %+v", a.Tally, err, want)
			}
		}
	})
}

// restart makes the ledger forget what it knows beside the files.
func restart(tb testing.TB, s *Store) {
	tb.Helper()
	if err := s.ledger.close(); err != nil {
		tb.Fatal(err)
	}
	s.ledger = newLedger(s, s.dirOf())
	followXendit(tb, s)
}
