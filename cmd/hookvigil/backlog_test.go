package main

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// backlogs makes the fake answer for one backlog, whosever.
func (f *fakeDaemon) backlogs(t *testing.T) {
	t.Helper()
	for _, path := range []string{"backlog", "endpoints/acme-payouts/backlog", "merchants/acme/backlog"} {
		f.says(t, "GET /api/v1/"+path, "backlog.json")
	}
}

func TestABacklogReadsWell(t *testing.T) {
	t.Parallel()
	f := startFake(t)
	f.backlogs(t)
	f.mux.HandleFunc("GET /api/v1/endpoints/quiet/backlog", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"undelivered":0,"next_loss":null,"lost":0,"wave":{"per_minute":[],"factor":null}}`))
	})
	golden(t, "backlog", f.transcript(t, "backlog acme-payouts", "backlog --merchant acme", "backlog", "backlog quiet",
		"backlog nobody", "backlog acme-payouts --merchant acme", "backlog a b"))
}

func TestABacklogAsJSONIsTheAPIs(t *testing.T) {
	t.Parallel()
	f := startFake(t)
	f.backlogs(t)
	if got := f.call(t, "backlog", "--json"); got.status != exitGood || strings.Count(got.stdout, "\n") != 1 || !sameJSON(t, got.stdout, string(answerFile(t, "backlog.json"))) {
		t.Errorf("got %+v, want the answer in one line", got)
	}
}

func TestTheLossClockInWords(t *testing.T) {
	t.Parallel()
	now := time.Date(2023, 11, 11, 10, 49, 30, 0, time.UTC)
	for name, c := range map[string]struct {
		change func(b *backlog)
		want   []string
	}{
		"nothing": {func(*backlog) {}, []string{"nothing waits to be delivered"}},
		"one event, one try left": {
			func(b *backlog) {
				b.Undelivered, b.Oldest, b.NextRetryAt, b.AtRisk24h = 1, now.Add(-23*time.Hour), now.Add(time.Hour), 1
				b.NextLoss.At, b.NextLoss.Events, b.Recovery.P50, b.Recovery.Max, b.Wave.Peak, b.Wave.PeakAt = now.Add(time.Hour), 1, 3600, 3600, 1, now.Add(time.Hour)
			},
			[]string{
				"1 event undelivered, the oldest since 2023-11-10 11:49 UTC", "next try 11:49 UTC, in 1 h",
				"1 event gets its last automatic try at 11:49 UTC (in 1 h, maybe before the next digest)", "if it recovers now: tried again by 11:49 UTC",
			},
		},
		"nothing but lost": {func(b *backlog) { b.Lost = 1 }, []string{"nothing waits to be delivered", "1 event is lost: only a person can resend it"}},
		"the sender is late": {
			func(b *backlog) {
				b.Undelivered, b.NextRetryAt, b.MissingRetries = 2, now.Add(-5*time.Minute), 1
				b.NextLoss.At, b.NextLoss.Events, b.Wave.Peak, b.Wave.PeakAt = now.Add(-time.Minute), 2, 2, now
			},
			[]string{
				"2 events undelivered", "the next try was due 10:44 UTC, 5 min ago", "2 events get their last automatic try now: it was due 10:48 UTC",
				"the sender is late with a try of 1 event", "if it recovers now: tried again by 10:49 UTC", "peak then: 2 retries a minute, at 10:49 UTC",
			},
		},
		"a schedule that nobody knows": {func(b *backlog) { b.Undelivered = 3 }, []string{"3 events undelivered", "when the next try comes is not known"}},
		"far away": {
			func(b *backlog) {
				b.Undelivered, b.NextRetryAt, b.DigestsLeft = 2, now.Add(time.Hour), 1
				b.NextLoss.At, b.NextLoss.Events, b.Recovery.P50, b.Recovery.Max, b.Wave.Peak, b.Wave.PeakAt, b.Wave.Factor = now.Add(9*time.Hour), 2, 3600, 7200, 1, now, 60.2
			},
			[]string{
				"2 events undelivered", "next try 11:49 UTC, in 1 h", "2 events get their last automatic try at 19:49 UTC (in 9 h, at least 1 digest before that)",
				"if it recovers now: half are tried again by 11:49 UTC, the last by 12:49 UTC", "peak then: 60 times the usual rate, at 10:49 UTC",
			},
		},
	} {
		b := backlog{At: now}
		c.change(&b)
		if got := append([]string{b.headline()}, b.sentences()...); !slices.Equal(got, c.want) {
			t.Errorf("%s: got\n%s\nwant\n%s", name, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
	}
}

func TestAnExplainedEndpointHasItsBacklog(t *testing.T) {
	t.Parallel()
	const healthy = "acme-payouts: healthy\n  url          http://a.example/\n  probe        nothing yet\n  certificate  none: http://\n  deliveries   none in the last half hour\n"
	for name, c := range map[string]struct {
		status       int
		answer       string
		added, warns string
	}{
		"what waits":                  {200, "", "  backlog      212 events undelivered, the oldest since 2023-11-10 21:48 UTC\n               next try 11:03 UTC, in 13 min 30 s\n", ""},
		"nothing waits":               {200, `{"undelivered":0,"lost":0}`, "", ""},
		"a daemon that keeps none":    {404, `{"detail":"this daemon does not serve that"}`, "", ""},
		"a daemon that cannot say it": {503, `{"detail":"the facts could not be read"}`, "", "hookvigil: warning: what waits to be delivered is not known: the facts could not be read\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := startFake(t)
			f.mux.HandleFunc("GET /api/v1/endpoints/acme-payouts", func(w http.ResponseWriter, _ *http.Request) {
				_, _ = w.Write([]byte(`{"id":"acme-payouts","url":"http://a.example/","state":"healthy","reasons":[]}`))
			})
			answer := []byte(c.answer)
			if c.answer == "" {
				answer = answerFile(t, "backlog.json")
			}
			f.mux.HandleFunc("GET /api/v1/endpoints/acme-payouts/backlog", func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(c.status)
				_, _ = w.Write(answer)
			})
			got := f.call(t, "explain", "acme-payouts")
			rest, ok := strings.CutPrefix(got.stdout, healthy+c.added)
			if !ok || c.added == "" && rest != "" || got.stderr != c.warns || got.status != exitGood {
				t.Errorf("got %+v, want it with %q and %q", got, c.added, c.warns)
			}
		})
	}
}
