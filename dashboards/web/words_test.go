package web

import (
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting/digest"
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
		"in its last second":   {now, "under a minute left"},
		"the second after":     {now.Add(-time.Second), "expired under a minute ago"},
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

func TestWindowText(t *testing.T) {
	t.Parallel()
	at := func(s string) time.Time {
		v, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for name, tt := range map[string]struct{ start, end, zone, want string }{
		"east of UTC":              {"2026-11-21T05:00:00Z", "2026-11-21T11:00:00Z", "Asia/Jakarta", "2026-11-21 12:00 to 18:00 Asia/Jakarta"},
		"to midnight":              {"2026-11-21T11:00:00Z", "2026-11-21T17:00:00Z", "Asia/Jakarta", "2026-11-21 18:00 to 2026-11-22 00:00 Asia/Jakarta"},
		"when the clocks go back":  {"2026-10-24T22:00:00Z", "2026-10-25T05:00:00Z", "Europe/Berlin", "2026-10-25 00:00 to 06:00 Europe/Berlin"},
		"no zone":                  {"2026-11-21T06:00:00Z", "2026-11-21T12:00:00Z", "", "2026-11-21 06:00 to 12:00 UTC"},
		"a zone of nowhere":        {"2026-11-21T06:00:00Z", "2026-11-21T12:00:00Z", "Mars/Phobos", "2026-11-21 06:00 to 12:00 UTC"},
		"a zone out of the folder": {"2026-11-21T06:00:00Z", "2026-11-21T12:00:00Z", "../../etc/passwd", "2026-11-21 06:00 to 12:00 UTC"},
		"the machine's own zone":   {"2026-11-21T06:00:00Z", "2026-11-21T12:00:00Z", "Local", "2026-11-21 06:00 to 12:00 UTC"},
		"seconds":                  {"2026-11-21T06:00:30Z", "2026-11-21T06:02:30Z", "UTC", "2026-11-21 06:00:30 to 06:02:30 UTC"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := windowText(digest.Window{Start: at(tt.start), End: at(tt.end)}, tt.zone); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

func TestClockAndLasting(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	jakarta := time.FixedZone("WIB", 7*3600)
	for at, want := range map[time.Time]string{
		noon.Add(-time.Second):                "11:59:59",
		noon.Add(-12 * time.Hour):             "00:00:00",
		noon.Add(-12*time.Hour - time.Second): "2026-11-20 23:59:59 UTC",
		noon.Add(12 * time.Hour):              "2026-11-22 00:00:00 UTC",
		noon.Add(-time.Minute).In(jakarta):    "11:59:00",
		noon.Add(-365 * 24 * time.Hour):       "2025-11-21 12:00:00 UTC",
	} {
		if got := clock(noon.In(jakarta), at); got != want {
			t.Errorf("%v: %q, want %q", at, got, want)
		}
	}
	for d, want := range map[time.Duration]string{
		-1: "", 0: "0 seconds", 119*time.Second + 999*time.Millisecond: "119 seconds", 2 * time.Minute: "2 minutes",
		2*time.Hour - 1: "119 minutes", 2 * time.Hour: "2 hours", 47 * time.Hour: "47 hours", 48 * time.Hour: "2 days",
	} {
		if got := lasting(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}
