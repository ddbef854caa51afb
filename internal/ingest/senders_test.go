package ingest_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/ingest"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// sent makes one group of n first attempts, one a second from at on; change may
// alter each.
func sent(at time.Time, from, n int, change func(i int, a *deliveries.Attempt)) (ingest.Group, []ingest.Verdict) {
	g := ingest.Group{At: at.Add(time.Duration(n) * time.Second)}
	for i := range n {
		a := deliveries.Attempt{
			Source: "core", Event: fmt.Sprint("evt-", from+i), Endpoint: "ep", Channel: "QR", Number: 1, Status: 200, Duration: 400 * time.Millisecond,
			StartedAt: at.Add(time.Duration(i) * time.Second), Trigger: deliveries.Automatic, Mode: deliveries.Live,
		}
		a.CreatedAt, a.OccurredAt = a.StartedAt.Add(-2*time.Second), a.StartedAt.Add(-3*time.Second)
		if change != nil {
			change(i, &a)
		}
		g.Entries = append(g.Entries, ingest.Entry{Attempt: a, Received: a.StartedAt.Add(time.Second), Kind: a.Kind(), Fault: a.Outcome(0)})
	}
	return g, make([]ingest.Verdict, n)
}

func counted(v []ingest.Verdict) []ingest.Verdict {
	for i := range v {
		v[i] = ingest.Counted
	}
	return v
}

// A source that is declared to send all and sends failures alone is no longer
// taken for one of all: that is told once, and taken back when successes come.
func TestASourceThatSendsFailuresAlone(t *testing.T) {
	t.Parallel()
	var told []ingest.SenderReport
	s := ingest.NewSenders(func(string) deliveries.Grade { return deliveries.GradeAll }, func(r ingest.SenderReport) { told = append(told, r) })
	failed := func(_ int, a *deliveries.Attempt) { a.Status = 503 }
	g, v := sent(noon, 0, 999, failed)
	s.Took(g, counted(v))
	if got := s.Grade("core"); got != deliveries.GradeAll || len(told) != 0 {
		t.Fatalf("after 999 failures its grade is %s, told %v; want A and nothing", got, told)
	}
	g, v = sent(noon.Add(time.Hour), 999, 2, failed)
	s.Took(g, counted(v))
	if got := s.Grade("core"); got != deliveries.GradeFailures || len(told) != 1 || told[0].Why == "" {
		t.Fatalf("after 1,001 failures its grade is %s, told %+v; want C, and why", got, told)
	}
	g, v = sent(noon.Add(2*time.Hour), 2000, 1100, nil)
	s.Took(g, counted(v))
	if got := s.Grade("core"); got != deliveries.GradeAll || len(told) != 2 {
		t.Errorf("after 1,100 deliveries its grade is %s, told %d times; want A and twice", got, len(told))
	}
}

// What is known from before the start keeps an outage from looking like a
// source of failures.
func TestAnOutageIsNoSourceOfFailures(t *testing.T) {
	t.Parallel()
	s := ingest.NewSenders(func(string) deliveries.Grade { return deliveries.GradeAll }, nil)
	s.Recall(map[string]time.Time{"core": noon.Add(-time.Minute)})
	g, v := sent(noon, 0, 3000, func(_ int, a *deliveries.Attempt) { a.Status = 503 })
	s.Took(g, counted(v))
	if got := s.Grade("core"); got != deliveries.GradeAll {
		t.Errorf("an outage of 50 min after a delivery makes grade %s, want A", got)
	}
}

func TestReportOfASource(t *testing.T) {
	t.Parallel()
	s := ingest.NewSenders(func(string) deliveries.Grade { return deliveries.GradeAll }, nil)
	g, v := sent(noon, 0, 200, func(i int, a *deliveries.Attempt) {
		if i >= 190 { // ten that waited for ten minutes
			a.CreatedAt, a.OccurredAt = a.StartedAt.Add(-10*time.Minute), a.StartedAt.Add(-10*time.Minute)
		}
	})
	v = counted(v)
	v[0], v[1] = ingest.Duplicate, ingest.Contradicted
	s.Took(g, v)
	s.Told(deliveries.Event{
		Source: "core", Channel: "QR", State: deliveries.EventDelivered, OccurredAt: noon, CreatedAt: noon, FirstAttemptAt: noon,
		LastAttemptAt: noon.Add(time.Hour), DeliveredAt: noon.Add(time.Hour + time.Second),
	})
	list := s.Report(noon.Add(5 * time.Minute))
	if len(list) != 1 {
		t.Fatalf("%d sources, want one", len(list))
	}
	r := list[0]
	if r.Counted != 198 || r.Duplicates != 1 || r.Contradicted != 1 || r.Newest != noon.Add(199*time.Second) {
		t.Errorf("counted %+v", r)
	}
	if r.Lags[deliveries.LagDispatcher] != 10 || r.Lags[deliveries.LagEndpoint] != 1 || r.Lags[deliveries.LagNone] != 188 {
		t.Errorf("lags %v, want 10 late by the dispatcher, 1 by the endpoint, 188 on time", r.Lags)
	}
	if q := r.Spans["queue"]; q.Events != 199 || q.P50 < 2*time.Second || q.P50 > 3*time.Second || q.P99 < 10*time.Minute || q.P99 > 13*time.Minute {
		t.Errorf("queue %+v, want 2 s for most and 10 min for some", q)
	}
	if a := r.Spans["ack"]; a.P50 < 400*time.Millisecond || a.P50 > 500*time.Millisecond {
		t.Errorf("ack %+v, want about 400 ms", a)
	}
}

// Senders' names are their own: a thousand of them take no more room than a
// few.
func TestSourcesAreBounded(t *testing.T) {
	t.Parallel()
	s := ingest.NewSenders(func(string) deliveries.Grade { return deliveries.GradeAll }, nil)
	g, v := sent(noon, 0, 1000, func(i int, a *deliveries.Attempt) { a.Source = fmt.Sprint("source-", i) })
	s.Took(g, counted(v))
	if n := len(s.Report(noon)); n > 32 {
		t.Errorf("%d sources are followed, want 32 at most", n)
	}
	if got := s.Grade("source-999"); got != deliveries.GradeAll {
		t.Errorf("one beyond is of grade %q, want as declared", got)
	}
}

// What is held against a source outlives a restart, and is raised as ever.
func TestWhatIsHeldAgainstASourceOutlivesARestart(t *testing.T) {
	t.Parallel()
	grade := deliveries.GradeAll
	declared := func(string) deliveries.Grade { return grade }
	s := ingest.NewSenders(declared, nil)
	g, v := sent(noon, 0, 1001, func(_ int, a *deliveries.Attempt) { a.Status = 503 })
	s.Took(g, counted(v))
	saved, err := s.Held()
	if err != nil || len(saved) != 1 {
		t.Fatalf("saved %s, %v; want one source", saved, err)
	}
	saved["broken"] = []byte("{")

	s = ingest.NewSenders(declared, nil)
	if err := s.RecallHeld(saved); err == nil {
		t.Error("no error for what cannot be read")
	}
	if got := s.Grade("core"); got != deliveries.GradeFailures {
		t.Errorf("after a restart its grade is %s, want C", got)
	}
	if got := s.Grade("broken"); got != deliveries.GradeAll {
		t.Errorf("one that cannot be read is %s, want as declared", got)
	}
	g, v = sent(noon.Add(time.Hour), 2000, 1100, nil)
	s.Took(g, counted(v))
	if got := s.Grade("core"); got != deliveries.GradeAll {
		t.Errorf("after 1,100 deliveries its grade is %s, want A", got)
	}
	if saved, err := s.Held(); err != nil || len(saved) != 0 {
		t.Errorf("still saved %s, %v; want nothing", saved, err)
	}

	grade = deliveries.GradeFinal
	s = ingest.NewSenders(declared, nil)
	_ = s.RecallHeld(saved) // the broken one
	if got := s.Grade("core"); got != deliveries.GradeFinal {
		t.Errorf("one that is declared otherwise now is %s, want B", got)
	}
}

// What arrived by a clock that was ahead does not keep a source from being missed.
func TestNothingArrivedAheadOfNow(t *testing.T) {
	t.Parallel()
	all := func(string) deliveries.Grade { return deliveries.GradeAll }
	ahead := func() *ingest.Senders {
		s := ingest.NewSenders(all, nil)
		g, v := sent(noon.Add(time.Hour), 0, 10, nil)
		s.Took(g, counted(v))
		return s
	}
	last := func(s *ingest.Senders) time.Time { return s.Quiet(noon, noon)[0].Last }
	s := ahead()
	if !last(s).After(noon) {
		t.Fatal("the last arrival is not ahead; the test tells nothing")
	}
	saved, err := s.Gaps()
	if err != nil {
		t.Fatal(err)
	}
	if s.Break(noon.Add(time.Hour), noon); !last(s).Equal(noon) {
		t.Errorf("after the clock was set the last arrival is at %s, want now", last(s))
	}
	s = ingest.NewSenders(all, nil)
	if err := s.RecallGaps(saved, noon); err != nil || !last(s).Equal(noon) {
		t.Errorf("after a start the last arrival is at %s (%v), want now", last(s), err)
	}
}

// Time in which nobody listened is nobody's silence, and a silence goes on
// after it.
func TestASilenceCountsWhileWeListen(t *testing.T) {
	t.Parallel()
	all := func(string) deliveries.Grade { return deliveries.GradeAll }
	at := func(minutes int) time.Time { return noon.Add(time.Duration(minutes) * time.Minute) }
	for name, tt := range map[string]struct {
		before, now int // the break
		late        int // an attempt of then is applied after it; 0: none
		look        int
		want        time.Duration // silent
	}{
		"no break":                             {10, 10, 0, 15, 15 * time.Minute},
		"we stood still for an hour":           {10, 70, 0, 75, 15 * time.Minute},
		"the clock was set back":               {10, -20, 0, -15, 15 * time.Minute},
		"one that came before it, applied now": {10, 70, 11, 75, 5 * time.Minute},
		"one that came after it":               {10, 70, 72, 75, 3 * time.Minute},
	} {
		s := ingest.NewSenders(all, nil)
		g, v := sent(noon, 0, 1, nil)
		g.Entries[0].Received = noon
		s.Took(g, counted(v))
		s.Break(at(tt.before), at(tt.now))
		if tt.late != 0 {
			g, v = sent(noon, 1, 1, nil)
			g.Entries[0].Received = at(tt.late)
			s.Took(g, counted(v))
		}
		again := ingest.NewSenders(all, nil) // and over a restart of an hour
		gaps, err := s.Gaps()
		if err != nil {
			t.Fatal(err)
		}
		if err := again.RecallGaps(gaps, at(tt.look+60)); err != nil {
			t.Fatal(err)
		}
		again.RecallArrivals(s.Arrivals(at(tt.look)), at(tt.look+60))
		for which, look := range map[*ingest.Senders]time.Time{s: at(tt.look), again: at(tt.look + 60)} {
			f := which.Quiet(look, time.Time{})[0]
			if got := look.Sub(f.Last) - f.Excused; got != tt.want {
				t.Errorf("%s: silent for %s at %s, want %s", name, got, look.Sub(noon), tt.want)
			}
		}
	}
}
