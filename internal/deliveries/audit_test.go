package deliveries_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/probes"
)

const (
	auditSilent = "declared A, but none of the last 1,000 records was delivered: treated as C, no ratio is made of it; " +
		"send successes too or declare grade: C"
	auditGapped = "declared A, but 2 of the last 100 retried events lack an attempt before one that came: treated as B, " +
		"no ratio of attempts is made of it; send every attempt or declare grade: B"
)

// auditFeed hands records to an audit, one a second from noon on.
type auditFeed struct {
	*deliveries.Audit
	now    time.Time
	events int
}

func newAuditFeed(declared deliveries.Grade) *auditFeed {
	return &auditFeed{Audit: deliveries.NewAudit(declared), now: lagNoon}
}

// records sends first attempts of so many new events that end in one way.
func (f *auditFeed) records(n int, fault probes.Fault) {
	for range n {
		f.events++
		f.attempt(fmt.Sprint("evt_", f.events), 1, fault)
	}
}

func (f *auditFeed) attempt(event string, number int, fault probes.Fault) {
	f.now = f.now.Add(time.Second)
	f.Took(deliveries.Attempt{Source: "core", Endpoint: "ep", Event: event, Number: number, StartedAt: f.now, CreatedAt: f.now.Add(-time.Second)}, fault)
}

// retried sends events that were retried once, a number of them without their
// first attempt, and lets the time of grace pass.
func (f *auditFeed) retried(n, without int) {
	for i := range n {
		f.events++
		event := fmt.Sprint("evt_", f.events)
		if i >= without {
			f.attempt(event, 1, probes.FaultHTTP5xx)
		}
		f.attempt(event, 2, probes.FaultNone)
	}
	f.now = f.now.Add(12 * time.Minute)
	f.records(1, probes.FaultNone)
}

// settle lets the audit watch long enough to judge.
func (f *auditFeed) settle() {
	f.records(1, probes.FaultNone)
	f.now = f.now.Add(15 * time.Minute)
}

func (f *auditFeed) want(t *testing.T, grade deliveries.Grade, why string) {
	t.Helper()
	if got, reason := f.Grade(); got != grade || reason != why {
		t.Errorf("grade %s: %s\nwant  %s: %s", got, reason, grade, why)
	}
}

func TestAuditOfASourceThatSendsNoSuccess(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		declared deliveries.Grade
		feed     func(*auditFeed)
		want     deliveries.Grade
	}{
		"nothing came":                   {"A", func(*auditFeed) {}, "A"},
		"999 failures":                   {"A", func(f *auditFeed) { f.records(999, "http_5xx") }, "A"},
		"1,000 failures":                 {"A", func(f *auditFeed) { f.records(1000, "http_5xx") }, "C"},
		"1,000 failures of a B":          {"B", func(f *auditFeed) { f.records(1000, "http_5xx") }, "C"},
		"a C is not audited":             {"C", func(f *auditFeed) { f.records(2000, "http_5xx") }, "C"},
		"a D is not audited":             {"D", func(f *auditFeed) { f.records(2000, "http_5xx") }, "D"},
		"the sender's trouble says less": {"A", func(f *auditFeed) { f.records(2000, "sender_error"); f.records(999, "reset") }, "A"},
		"999 failures, then a success":   {"A", func(f *auditFeed) { f.records(999, "reset"); f.records(1, "none"); f.records(999, "reset") }, "A"},
		"an outage of 24 h": {"A", func(f *auditFeed) {
			f.records(1, "none")
			last := f.now
			f.records(2000, "reset")
			f.now = last.Add(24*time.Hour - time.Second)
			f.records(1, "reset")
		}, "A"},
		"just over 24 h": {"A", func(f *auditFeed) {
			f.records(1, "none")
			last := f.now
			f.records(2000, "reset")
			f.now = last.Add(24 * time.Hour)
			f.records(1, "reset")
		}, "C"},
		"over 24 h, but 999 records": {"A", func(f *auditFeed) {
			f.records(1, "none")
			f.now = f.now.Add(48 * time.Hour)
			f.records(999, "reset")
		}, "A"},
		"an outage that began before the audit": {"A", func(f *auditFeed) { f.Recall(lagNoon.Add(-time.Hour)); f.records(2000, "reset") }, "A"},
		"a delivery of two days ago":            {"A", func(f *auditFeed) { f.Recall(lagNoon.Add(-48 * time.Hour)); f.records(1000, "reset") }, "C"},
		"no delivery is known":                  {"A", func(f *auditFeed) { f.Recall(time.Time{}); f.records(1000, "reset") }, "C"},
		"manual successes do not count": {"A", func(f *auditFeed) {
			f.Took(deliveries.Attempt{Endpoint: "ep", Event: "m", StartedAt: f.now, Trigger: deliveries.Manual}, probes.FaultNone)
			f.records(1000, "reset")
		}, "C"},
		"nor do those in test mode, or pings": {"A", func(f *auditFeed) {
			f.Took(deliveries.Attempt{Endpoint: "ep", Event: "t", StartedAt: f.now, Mode: deliveries.Test}, probes.FaultNone)
			f.Took(deliveries.Attempt{Endpoint: "ep", Event: "p", StartedAt: f.now, Type: probes.PingType}, probes.FaultNone)
			f.records(1000, "reset")
		}, "C"},
		"1,000 more, 10 of them delivered": {"A", auditAfter(10, 990), "A"},
		"1,000 more, 9 of them delivered":  {"A", auditAfter(9, 991), "C"},
		"999 more, 10 of them delivered":   {"A", auditAfter(10, 989), "C"},
		"more than 1,000, 10 of the last":  {"A", func(f *auditFeed) { auditAfter(9, 991)(f); auditAfter(1, 0)(f) }, "C"},
		"lowered, raised and lowered again": {"A", func(f *auditFeed) {
			auditAfter(10, 990)(f)
			f.now = f.now.Add(48 * time.Hour)
			f.records(1000, "reset")
		}, "C"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newAuditFeed(tt.declared)
			tt.feed(f)
			why := ""
			if tt.want != tt.declared {
				why = strings.Replace(auditSilent, "declared A", "declared "+string(tt.declared), 1)
			}
			f.want(t, tt.want, why)
		})
	}
}

// auditAfter sends what lowers the grade, unless it was lowered before, then
// so many records.
func auditAfter(delivered, failed int) func(*auditFeed) {
	return func(f *auditFeed) {
		if grade, _ := f.Grade(); grade != deliveries.GradeFailures {
			f.records(1000, probes.FaultHTTP5xx)
		}
		f.records(delivered, probes.FaultNone)
		f.records(failed, probes.FaultHTTP5xx)
	}
}

func TestAuditOfASourceThatLosesAttempts(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		declared deliveries.Grade
		feed     func(*auditFeed)
		want     deliveries.Grade
		why      string
	}{
		"1 of 100":                {"A", func(f *auditFeed) { f.retried(100, 1) }, "A", ""},
		"2 of 100":                {"A", func(f *auditFeed) { f.retried(100, 2) }, "B", auditGapped},
		"99 of 99 are too few":    {"A", func(f *auditFeed) { f.retried(99, 99) }, "A", ""},
		"a B need not send them":  {"B", func(f *auditFeed) { f.retried(200, 200) }, "B", ""},
		"later numbers count too": {"A", func(f *auditFeed) { f.retried(98, 0); auditJump(f, 2) }, "B", auditGapped},
		"within the time of grace": {"A", func(f *auditFeed) {
			for i := range 100 {
				f.attempt(fmt.Sprint("late_", i), 2, "none")
			}
			f.now = f.now.Add(5 * time.Minute)
			f.records(1, "none")
		}, "A", ""},
		"out of order within the time of grace": {"A", func(f *auditFeed) {
			for i := range 100 {
				f.attempt(fmt.Sprint("late_", i), 2, "none")
			}
			f.now = f.now.Add(5 * time.Minute)
			for i := range 100 {
				f.attempt(fmt.Sprint("late_", i), 1, "reset")
			}
			f.now = f.now.Add(time.Hour)
			f.records(1, "none")
		}, "A", ""},
		"the missing one was manual, or not sent": {"A", func(f *auditFeed) {
			for i := range 100 {
				event := fmt.Sprint("odd_", i)
				f.Took(deliveries.Attempt{Source: "core", Endpoint: "ep", Event: event, Number: 1, StartedAt: f.now, Trigger: deliveries.Manual}, "reset")
				f.attempt(event, 2, "sender_error")
				f.attempt(event, 3, "none")
			}
			f.now = f.now.Add(time.Hour)
			f.records(1, "none")
		}, "A", ""},
		"events from before the audit": {"A", func(f *auditFeed) {
			for i := range 200 {
				f.now = f.now.Add(time.Second)
				f.Took(deliveries.Attempt{Source: "core", Endpoint: "ep", Event: fmt.Sprint("old_", i), Number: 4, StartedAt: f.now, CreatedAt: lagNoon.Add(-time.Hour)}, "none")
			}
			f.now = f.now.Add(time.Hour)
			f.records(1, "none")
		}, "A", ""},
		"nobody says when they were created":       {"A", func(f *auditFeed) { auditUndated(f, 2) }, "A", ""},
		"nobody says it, a day later":              {"A", func(f *auditFeed) { auditLongAfter(f); auditUndated(f, 2) }, "B", strings.Replace(auditGapped, "2 of", "100 of", 1)},
		"nobody says it, and it is no first retry": {"A", func(f *auditFeed) { auditLongAfter(f); auditUndated(f, 3) }, "A", ""},
		"an event too old to be known in full": {"A", func(f *auditFeed) {
			f.now = f.now.Add(26 * time.Hour)
			for i := range 200 {
				f.now = f.now.Add(time.Second)
				f.Took(deliveries.Attempt{Source: "core", Endpoint: "ep", Event: fmt.Sprint("long_", i), Number: 9, StartedAt: f.now, CreatedAt: f.now.Add(-25*time.Hour - time.Minute)}, "none")
			}
			f.now = f.now.Add(time.Hour)
			f.records(1, "none")
		}, "A", ""},
		"no numbers": {"A", func(f *auditFeed) {
			for i := range 200 {
				f.attempt(fmt.Sprint("e_", i), 0, "reset")
				f.attempt(fmt.Sprint("e_", i), 0, "none")
			}
			f.now = f.now.Add(time.Hour)
			f.records(1, "none")
		}, "A", ""},
		"1,000 records on, 0 of 100":    {"A", func(f *auditFeed) { f.retried(100, 2); f.retried(100, 0); f.records(799, "none") }, "A", ""},
		"1,000 records on, 1 of 200":    {"A", func(f *auditFeed) { f.retried(100, 2); f.retried(200, 1); f.records(800, "none") }, "A", ""},
		"1,000 records on, 1 of 199":    {"A", func(f *auditFeed) { f.retried(100, 2); f.retried(199, 1); f.records(800, "none") }, "B", auditGapped},
		"1,000 records on, 0 of 99":     {"A", func(f *auditFeed) { f.retried(100, 2); f.retried(99, 0); f.records(800, "none") }, "B", auditGapped},
		"999 records on":                {"A", func(f *auditFeed) { f.retried(100, 2); f.retried(100, 0); f.records(798, "none") }, "B", auditGapped},
		"bad again, good the next":      {"A", func(f *auditFeed) { f.retried(100, 2); f.retried(500, 9); f.retried(100, 0); f.records(900, "none") }, "A", ""},
		"nothing delivered either":      {"A", func(f *auditFeed) { f.retried(100, 2); f.now = f.now.Add(48 * time.Hour); f.records(1000, "reset") }, "C", auditSilent},
		"counting starts anew at 1,000": {"A", func(f *auditFeed) { f.retried(1000, 1); f.retried(100, 2) }, "B", auditGapped},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newAuditFeed(tt.declared)
			f.settle()
			tt.feed(f)
			f.want(t, tt.want, tt.why)
		})
	}
}

// auditJump sends events of which the second of three attempts is missing.
func auditJump(f *auditFeed, n int) {
	for i := range n {
		event := fmt.Sprint("jump_", i)
		f.attempt(event, 1, probes.FaultHTTP5xx)
		f.attempt(event, 3, probes.FaultNone)
	}
	f.now = f.now.Add(12 * time.Minute)
	f.records(1, probes.FaultNone)
}

// auditUndated sends 100 retries alone of events without a time of creation.
func auditUndated(f *auditFeed, number int) {
	for i := range 100 {
		f.now = f.now.Add(time.Second)
		f.Took(deliveries.Attempt{Source: "core", Endpoint: "ep", Event: fmt.Sprint("undated_", i), Number: number, StartedAt: f.now}, probes.FaultNone)
	}
	f.now = f.now.Add(12 * time.Minute)
	f.records(1, probes.FaultNone)
}

func auditLongAfter(f *auditFeed) { f.now = f.now.Add(26 * time.Hour) }

// TestAuditFindsGapsAmongMoreEventsThanItRemembers: at a hundred thousand
// events it looks at a part of them, and still finds who is right.
func TestAuditFindsGapsAmongMoreEventsThanItRemembers(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		without int // of each 100 retried events
		want    deliveries.Grade
	}{
		"a complete source": {0, deliveries.GradeAll},
		"a tenth is lost":   {10, deliveries.GradeFinal},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newAuditFeed(deliveries.GradeAll)
			f.settle()
			for range 100 {
				for range 1000 {
					f.events++
					f.now = f.now.Add(10 * time.Millisecond)
					f.Took(deliveries.Attempt{Source: "core", Endpoint: "ep", Event: fmt.Sprint("evt_", f.events), Number: 1, StartedAt: f.now, CreatedAt: f.now}, probes.FaultNone)
				}
				f.retried(100, tt.without)
			}
			if got, why := f.Grade(); got != tt.want {
				t.Errorf("grade %s (%s), want %s", got, why, tt.want)
			}
		})
	}
}

// TestAuditThatLooksAtMoreEventsAgain: of those that it begins to look at a
// day after a flood, it does not hold against the source what it passed over.
func TestAuditThatLooksAtMoreEventsAgain(t *testing.T) {
	t.Parallel()
	f := newAuditFeed(deliveries.GradeAll)
	f.settle()
	for i := range 100_000 {
		f.now = f.now.Add(10 * time.Millisecond)
		f.Took(deliveries.Attempt{Source: "core", Endpoint: "ep", Event: fmt.Sprint("flood_", i), Number: 1, StartedAt: f.now, CreatedAt: f.now}, probes.FaultNone)
	}
	f.now = f.now.Add(24*time.Hour + 50*time.Minute)
	created := f.now
	for number := 1; number <= 2; number++ {
		for i := range 600 {
			f.Took(deliveries.Attempt{Source: "core", Endpoint: "ep", Event: fmt.Sprint("after_", i), Number: number, StartedAt: f.now, CreatedAt: created}, probes.FaultReset)
		}
		f.now = f.now.Add(30 * time.Minute)
		f.records(1, probes.FaultNone) // at the first one, the flood is forgotten
	}
	f.want(t, deliveries.GradeAll, "")

	f.retried(300, 30)
	if got, why := f.Grade(); got != deliveries.GradeFinal {
		t.Errorf("grade %s (%s) of a source with gaps, want B", got, why)
	}
}

func TestAuditIsDeterministicAndNeverOverWhatIsDeclared(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		declared := rapid.SampledFrom([]deliveries.Grade{"A", "B", "C", "D", "", "Z"}).Draw(rt, "declared")
		x, y := deliveries.NewAudit(declared), deliveries.NewAudit(declared)
		for part := range rapid.IntRange(1, 5).Draw(rt, "parts") {
			fault := rapid.SampledFrom([]probes.Fault{"none", "http_5xx", "sender_error"}).Draw(rt, "fault")
			number := rapid.IntRange(-1, 1000).Draw(rt, "number")
			start := lagNoon.Add(time.Duration(rapid.IntRange(-100, 100).Draw(rt, "hour")) * time.Hour)
			for i := range rapid.IntRange(1, 700).Draw(rt, "records") {
				a := deliveries.Attempt{Endpoint: "ep", Event: fmt.Sprint(part%2, i), Number: number, StartedAt: start.Add(time.Duration(i) * time.Second), CreatedAt: start}
				x.Took(a, fault)
				y.Took(a, fault)
				got, why := x.Grade()
				if again, reason := y.Grade(); again != got || reason != why {
					rt.Fatalf("%s (%s) and %s (%s)", got, why, again, reason)
				}
				if got < declared || (got == declared) != (why == "") {
					rt.Fatalf("declared %s, treated as %s: %q", declared, got, why)
				}
			}
		}
	})
}

func TestGradesAreFour(t *testing.T) {
	t.Parallel()
	for grade, want := range map[deliveries.Grade]bool{"A": true, "B": true, "C": true, "D": true, "": false, "E": false, "a": false} {
		if got := grade.Known(); got != want {
			t.Errorf("%q known %t, want %t", grade, got, want)
		}
	}
}

func BenchmarkAudit(b *testing.B) {
	audit := deliveries.NewAudit(deliveries.GradeAll)
	a := deliveries.Attempt{Source: "core", Endpoint: "ep", Number: 1, CreatedAt: lagNoon}
	names := make([]string, 100_000)
	for i := range names {
		names[i] = fmt.Sprint("evt_", i)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		a.Event, a.StartedAt = names[i%len(names)], lagNoon.Add(time.Duration(i)*10*time.Millisecond)
		audit.Took(a, probes.FaultNone)
	}
}

func TestAnAuditGoesOnWithWhatItHolds(t *testing.T) {
	t.Parallel()
	silent := deliveries.AuditHeld{Undelivered: true}
	gapped := deliveries.AuditHeld{Judged: 100, Gapped: 2}
	for name, tt := range map[string]struct {
		declared deliveries.Grade
		held     deliveries.AuditHeld
		want     deliveries.Grade
		why      string
	}{
		"nothing":                    {deliveries.GradeAll, deliveries.AuditHeld{}, deliveries.GradeAll, ""},
		"nothing was delivered":      {deliveries.GradeAll, silent, deliveries.GradeFailures, auditSilent},
		"attempts are missing":       {deliveries.GradeAll, gapped, deliveries.GradeFinal, auditGapped},
		"B says nothing of attempts": {deliveries.GradeFinal, gapped, deliveries.GradeFinal, ""},
		"C and D are not audited":    {deliveries.GradeSample, silent, deliveries.GradeSample, ""},
	} {
		a := deliveries.NewAudit(tt.declared)
		a.Hold(tt.held)
		if grade, why := a.Grade(); grade != tt.want || why != tt.why {
			t.Errorf("%s: %s because %q, want %s because %q", name, grade, why, tt.want, tt.why)
		}
		if tt.why != "" && a.Held() != tt.held {
			t.Errorf("%s: holds %+v, want %+v", name, a.Held(), tt.held)
		}
	}
}
