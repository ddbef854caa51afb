package alerting_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hookvigil/hookvigil/alerting"
)

// TestSpansAreWhereThePlanLasts holds Spans against At, minute by minute, in
// zones whose clocks change.
func TestSpansAreWhereThePlanLasts(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 3, 20, 0, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		minutes := func(name string, most int) time.Duration {
			return time.Duration(rapid.IntRange(0, most).Draw(t, name)) * time.Minute
		}
		m := alerting.Maintenance{
			ID: "work", Matcher: alerting.Matcher{Merchant: []string{"toko"}}, By: "ana", Reason: "backup",
			Zone:  rapid.SampledFrom([]string{"UTC", "Asia/Jakarta", "Europe/Berlin", "America/Santiago", "Asia/Kathmandu"}).Draw(t, "zone"),
			Start: begin.Add(minutes("start", 3*24*60)), Length: time.Minute + minutes("length", 20*60),
			Recurrence: rapid.SampledFrom([]string{"", "FREQ=DAILY", "FREQ=DAILY;COUNT=5", "FREQ=DAILY;INTERVAL=2", "FREQ=WEEKLY"}).Draw(t, "rule"),
			Created:    begin.Add(minutes("created", 6*24*60)),
		}
		m, faults := m.Settled(begin)
		if len(faults) > 0 {
			t.Skip(faults)
		}
		in := alerting.Span{From: begin.Add(minutes("from", 14*24*60))}
		in.Until = in.From.Add(minutes("for", 30*60))
		removed := time.Time{}
		if rapid.Bool().Draw(t, "removed") {
			removed = m.Created.Add(minutes("after", 10*24*60))
		}
		dropped := m
		dropped.RemovedAt = removed
		spans := dropped.Spans(in)
		if joined := alerting.Joined(spans); !slices.Equal(joined, alerting.Joined(joined)) || total(joined) > total(spans) {
			t.Fatalf("%v joined are %v", spans, joined)
		}
		for at := in.From; at.Before(in.Until); at = at.Add(time.Minute) {
			_, _, want := m.At(at)
			want = want && !at.Before(m.Created) && (removed.IsZero() || at.Before(removed))
			got := slices.ContainsFunc(spans, func(s alerting.Span) bool { return !at.Before(s.From) && at.Before(s.Until) })
			if got != want {
				t.Fatalf("%s, %q: at %s in a span %t, want %t; spans %v", m.Zone, m.Recurrence, at, got, want, spans)
			}
		}
		for _, s := range spans {
			if _, ok := s.Within(in); !ok || s.From.Before(in.From) || s.Until.After(in.Until) {
				t.Fatalf("%v is not within %v", s, in)
			}
		}
	})
}

func total(spans []alerting.Span) (sum time.Duration) {
	for _, s := range spans {
		sum += s.Until.Sub(s.From)
	}
	return sum
}

func TestSpansThatTouchAreOne(t *testing.T) {
	t.Parallel()
	at := func(h int) time.Time { return time.Date(2026, 6, 7, h, 0, 0, 0, time.UTC) }
	span := func(from, until int) alerting.Span { return alerting.Span{From: at(from), Until: at(until)} }
	for sentence, tc := range map[string]struct{ spans, want []alerting.Span }{
		"nothing":               {nil, nil},
		"what overlaps":         {[]alerting.Span{span(3, 5), span(1, 4)}, []alerting.Span{span(1, 5)}},
		"what touches":          {[]alerting.Span{span(1, 2), span(2, 3)}, []alerting.Span{span(1, 3)}},
		"one inside another":    {[]alerting.Span{span(1, 6), span(2, 3)}, []alerting.Span{span(1, 6)}},
		"what stands apart":     {[]alerting.Span{span(4, 5), span(1, 2)}, []alerting.Span{span(1, 2), span(4, 5)}},
		"what is empty is none": {[]alerting.Span{span(2, 2), span(4, 3)}, nil},
	} {
		if got := alerting.Joined(tc.spans); !slices.Equal(got, tc.want) {
			t.Errorf("%s: %v, want %v", sentence, got, tc.want)
		}
	}
}
