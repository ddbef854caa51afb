package store

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/ingest"
	"github.com/hookvigil/hookvigil/rules"
)

func TestTallyWindows(t *testing.T) {
	t.Parallel()
	s := openStore(t, t.TempDir())
	var all []deliveries.Attempt
	for i, at := range []time.Duration{0, time.Minute - 1, time.Minute, 14 * time.Minute, 15 * time.Minute, -8*24*time.Hour - 12*time.Hour} {
		a := traffic(0, 1)[0] // failed
		a.Event, a.StartedAt, a.Endpoint = fmt.Sprint(i), midday.Add(at), "ep"
		a.Channel = []string{"ID_BCA", "QR"}[i%2]
		all = append(all, a)
	}
	apply(t, s, newTape().group(all...))
	if got := column(t, s.facts.r, `SELECT count(*) FROM tally_minute WHERE minute * 60 < ?`, midday.AddDate(0, 0, -8).Unix())[0]; got != "0" {
		t.Errorf("%s minutes are kept that are too old", got)
	}
	platform := []rules.Scope{rules.ScopePlatform}
	tests := map[string]struct {
		scopes   []rules.Scope
		from, to time.Duration // after midday
		want     int
		step     time.Duration
		wantFrom time.Duration
		wantTo   time.Duration
	}{
		"a minute":                        {platform, 0, time.Minute, 2, time.Minute, 0, time.Minute},
		"parts of two minutes":            {platform, 30 * time.Second, time.Minute + 1, 3, time.Minute, 0, 2 * time.Minute},
		"a quarter":                       {platform, 0, 15 * time.Minute, 4, time.Minute, 0, 15 * time.Minute},
		"nothing":                         {platform, -time.Hour, 0, 0, time.Minute, -time.Hour, 0},
		"an empty window":                 {platform, time.Minute, time.Minute, 0, time.Minute, time.Minute, time.Minute},
		"two channels together":           {[]rules.Scope{"channel:QR", "channel:ID_BCA"}, 0, time.Hour, 5, time.Minute, 0, time.Hour},
		"one twice":                       {[]rules.Scope{"channel:QR", "channel:QR"}, 0, time.Hour, 2, time.Minute, 0, time.Hour},
		"one that nobody knows":           {[]rules.Scope{"channel:none"}, 0, time.Hour, 0, time.Minute, 0, time.Hour},
		"an endpoint, in quarters":        {[]rules.Scope{"endpoint:ep"}, time.Minute, 2 * time.Minute, 4, 15 * time.Minute, 0, 15 * time.Minute},
		"an endpoint and a channel":       {[]rules.Scope{"endpoint:ep", "channel:QR"}, 0, 15 * time.Minute, 6, 15 * time.Minute, 0, 15 * time.Minute},
		"the last day with minutes":       {platform, -7*24*time.Hour - 12*time.Hour, time.Hour, 5, time.Minute, -7*24*time.Hour - 12*time.Hour, time.Hour},
		"longer ago than minutes stay":    {platform, -9 * 24 * time.Hour, time.Hour, 6, 15 * time.Minute, -9 * 24 * time.Hour, time.Hour},
		"a year, and no endless counting": {platform, -400 * 24 * time.Hour, time.Hour, 6, 15 * time.Minute, -400 * 24 * time.Hour, time.Hour},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := s.Tally(t.Context(), ingest.TallyQuery{Scopes: tc.scopes, From: midday.Add(tc.from), To: midday.Add(tc.to)})
			want := ingest.TallyAnswer{
				Tally: ingest.Tally{First: tc.want, FailedFirst: tc.want}, Step: tc.step, From: midday.Add(tc.wantFrom), To: midday.Add(tc.wantTo),
			}
			if err != nil || got != want {
				t.Errorf("got %+v, %v\nwant %+v", got, err, want)
			}
		})
	}
}

func TestScopesThatAreNotCountedAreRefused(t *testing.T) {
	t.Parallel()
	s := openStore(t, t.TempDir())
	for _, scope := range []rules.Scope{"", "merchant:acme", "platform:", "channel:", "endpoint:", "target:x"} {
		_, err := s.Tally(t.Context(), ingest.TallyQuery{Scopes: []rules.Scope{scope}, From: midday, To: midday.Add(time.Hour)})
		if err == nil || !strings.Contains(err.Error(), "want platform, product:X, channel:X or endpoint:ID") {
			t.Errorf("%q: %v", scope, err)
		}
	}
}

func TestOldTalliesGo(t *testing.T) {
	t.Parallel()
	s := openStore(t, t.TempDir())
	tape := newTape()
	g := tape.group(traffic(0, 10)...)
	apply(t, s, g)
	rows := func(table string) string { return column(t, s.facts.r, `SELECT count(*) FROM `+table)[0] }
	later := func(days int) {
		next := tape.group(traffic(1000, 1)...) // in the end too old to be kept: it moves the time of the log alone
		next.At = midday.AddDate(0, 0, days)
		for i := range next.Entries {
			next.Entries[i].Received = next.At
		}
		apply(t, s, next)
		for range 4 { // a little each time
			if err := s.Ledger().Sync(t.Context(), next.Next); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, step := range []struct{ days, minutes, quarters int }{{7, 1, 1}, {8, 0, 1}, {400, 0, 1}, {401, 0, 0}} {
		later(step.days)
		minutes, quarters, endpoints := rows("tally_minute") != "0", rows("tally_quarter") != "0", rows("rollup") != "0"
		if minutes != (step.minutes > 0) || quarters != (step.quarters > 0) || endpoints != (step.quarters > 0) {
			t.Errorf("after %d days: minutes %v, quarters %v, endpoints %v", step.days, minutes, quarters, endpoints)
		}
	}
}

func TestTooManyScopes(t *testing.T) {
	t.Parallel()
	s := openStore(t, t.TempDir())
	var said bytes.Buffer
	s.log = slog.New(slog.NewTextHandler(&said, nil))
	if _, err := s.facts.w.ExecContext(t.Context(), `WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < ?)
		INSERT INTO dictionary (kind, id, value, seen_at) SELECT 'scope', i, iif(i = 1, 'platform', 'channel:' || i), 0 FROM n`, maxScopes); err != nil {
		t.Fatal(err)
	}
	all := traffic(0, 3)
	all[0].Channel = "77"
	apply(t, s, newTape().group(all...))
	for scope, want := range map[rules.Scope]int{rules.ScopePlatform: 3, "channel:77": 1, "product:PAYOUT": 0, "channel:QR": 0} {
		if got := tallied(t, s, scope).First; got != want {
			t.Errorf("%s: %d, want %d", scope, got, want)
		}
	}
	if got := said.String(); strings.Count(got, "level=WARN") != 1 {
		t.Errorf("log %q, want one warning", got)
	}
}
