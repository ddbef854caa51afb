package web

import (
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/probes/certificate"
	"github.com/hookvigil/hookvigil/rules"
)

func TestLeft(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		end  time.Time
		want string
	}{
		"never seen":           {time.Time{}, "no end known"},
		"61 days":              {now.Add(61 * 24 * time.Hour), "61 days left"},
		"just under 61 days":   {now.Add(61*24*time.Hour - time.Second), "60 days left"},
		"two days":             {now.Add(48 * time.Hour), "2 days left"},
		"just under two days":  {now.Add(48*time.Hour - time.Second), "47 hours left"},
		"an hour":              {now.Add(time.Hour), "1 hour left"},
		"a minute and a half":  {now.Add(90 * time.Second), "1 minute left"},
		"in its last second":   {now, "0 minutes left"},
		"the second after":     {now.Add(-time.Second), "expired 0 minutes ago"},
		"three days ago":       {now.Add(-3 * 24 * time.Hour), "expired 3 days ago"},
		"a day and a half ago": {now.Add(-36 * time.Hour), "expired 36 hours ago"},
	} {
		if got := left(now, tt.end); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

func TestTookShortAndRough(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		-time.Second: "0 ms", 0: "0 ms", time.Microsecond: "under 1 ms", time.Millisecond: "1 ms",
		999 * time.Millisecond: "999 ms", time.Second: "1.00 s", 30 * time.Second: "30.00 s",
	} {
		if got := took(d); got != want {
			t.Errorf("took(%s) = %q, want %q", d, got, want)
		}
	}
	for d, want := range map[time.Duration]string{
		time.Minute: "1m", time.Hour: "1h", 90 * time.Minute: "1h30m", 45 * time.Second: "45s", 61 * time.Second: "1m1s",
	} {
		if got := short(d); got != want {
			t.Errorf("short(%s) = %q, want %q", d, got, want)
		}
	}
	for r, want := range map[rules.Ratio]string{
		22.0 / 360: "6.1%", 0: "0%", 1: "100%", 0.0003: "0.03%", 0.99964: "99.964%", 0.04: "4%",
	} {
		if got := rough(r).String(); got != want {
			t.Errorf("rough(%v) = %q, want %q", float64(r), got, want)
		}
	}
}

func TestTitleOf(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		counts map[rules.Word]int
		want   string
	}{
		"nothing configured":     {nil, "nothing watched"},
		"all healthy":            {map[rules.Word]int{rules.StateHealthy: 12}, "all 12 healthy"},
		"some never probed":      {map[rules.Word]int{rules.StateHealthy: 2, rules.StateNoData: 1}, "nothing down, 2 of 3 healthy"},
		"trouble, most urgent":   {map[rules.Word]int{rules.StateDegraded: 1, rules.StateDown: 2, rules.StateHealthy: 9}, "2 down, 1 degraded"},
		"an all suspended fleet": {map[rules.Word]int{rules.StateSuspended: 3}, "nothing down, 0 of 3 healthy"},
	} {
		if got := titleOf(tt.counts); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

func TestClip(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ in, want string }{
		"short":            {"Acme", "Acme"},
		"exactly as much":  {strings.Repeat("é", maxShown), strings.Repeat("é", maxShown)},
		"one more":         {strings.Repeat("é", maxShown+1), strings.Repeat("é", maxShown) + "…"},
		"not UTF-8":        {"a\xffb", "a\uFFFDb"},
		"10 kB of nothing": {strings.Repeat("\xff", 10_000), "\uFFFD"},
	} {
		if got := clip(tt.in); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

func TestEveryStateHasItsPlace(t *testing.T) {
	t.Parallel()
	order := byUrgency()
	if len(order) != len(rules.Words()) {
		t.Errorf("%d states in order, want %d", len(order), len(rules.Words()))
	}
	seen := map[rules.Word]bool{}
	for _, w := range order {
		seen[w] = true
	}
	for _, w := range rules.Words() {
		if !seen[w] {
			t.Errorf("%s has no place in the order of urgency: its endpoints would be lost", w)
		}
	}
}

func TestEveryWordHasAdvice(t *testing.T) {
	t.Parallel()
	check := func(word string, a Advice) {
		if !strings.HasSuffix(a.Means, ".") || !strings.HasSuffix(a.Do, ".") || len(a.Means) < 15 {
			t.Errorf("%s: no whole sentences: %+v", word, a)
		}
	}
	for _, f := range probes.Faults() {
		if _, ok := probeAdvice[f]; !ok {
			t.Errorf("probe fault %s has no advice", f)
		}
		check(string(f), OnProbe(f))
	}
	for _, f := range certificate.Faults() {
		if _, ok := certificateAdvice[f]; !ok {
			t.Errorf("certificate fault %s has no advice", f)
		}
		check(string(f), OnCertificate(f))
	}
	for _, w := range (^probes.NoteSet(0)).Words() {
		check(w, OnNote(w))
	}
	check("foreign probe word", OnProbe("never_heard_of"))
	check("foreign certificate word", OnCertificate("never_heard_of"))
	if len(probeAdvice) != len(probes.Faults()) || len(certificateAdvice) != len(certificate.Faults()) || len(noteAdvice) != len((^probes.NoteSet(0)).Words()) {
		t.Error("there is advice on a word that is in no set")
	}
}
