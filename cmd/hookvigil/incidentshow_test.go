package main

import (
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

func TestEvidenceIsSaidOnce(t *testing.T) {
	t.Parallel()
	at := time.Date(2023, 11, 11, 14, 45, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		e    evidence
		want string
	}{
		"nothing": {},
		"a text alone": {
			evidence{Text: "3 probes in a row failed"},
			"  because      3 probes in a row failed\n",
		},
		"counts that the text has": {
			evidence{Text: "22 of 360 failed", Numerator: 22, Denominator: 360, Clears: "a ratio below 1%"},
			"  because      22 of 360 failed\n  clears with  a ratio below 1%\n",
		},
		"counts that it has not": {
			evidence{Text: "too many", Numerator: 22, Denominator: 360, Low: ratio{0.039}, High: ratio{0.091}, From: at, To: at.Add(5 * time.Minute), Threshold: ratio{0.04}, Baseline: ratio{0.003}},
			"  because      too many\n               22 of 360 failed, 3.9% to 9.1% with 95% confidence\n" +
				"               seen from 2023-11-11 14:45:00 UTC to 14:50:00 UTC\n  threshold    4%, ordinarily 0.3%\n",
		},
	} {
		var b strings.Builder
		incident{Evidence: c.e}.printEvidence(&b)
		if got := b.String(); got != c.want {
			t.Errorf("%s: got\n%swant\n%s", name, got, c.want)
		}
	}
}

func TestRatiosAreReadAsNumbersAndAsPercentages(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]rules.Ratio{`0.04`: 0.04, `"4%"`: 0.04, `null`: 0, `0`: 0, `1`: 1, `1e-3`: 0.001} {
		var got ratio
		if err := (answer{raw: []byte(raw)}).decode(&got); err != nil || got.Ratio != want {
			t.Errorf("%s: %v, %v; want %v", raw, got.Ratio, err, want)
		}
	}
	for _, raw := range []string{`"x"`, `{}`, `7`} {
		var got ratio
		if err := (answer{raw: []byte(raw)}).decode(&got); err == nil {
			t.Errorf("%s is read as %v, want an error", raw, got.Ratio)
		}
	}
}

func TestATextIsFitForATerminal(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ raw, want string }{
		"plain":               {`"it is down"`, "it is down"},
		"nothing":             {`null`, ""},
		"an escape sequence":  {`"a\u001b[31mb"`, "a[31mb"},
		"lines and tabs":      {`" a\nb\tc "`, "a b c"},
		"turned direction":    {`"a\u202eb"`, "ab"},
		"what has no width":   {`"a\u200bb"`, "ab"},
		"letters of anywhere": {`"Toko Maju café 店"`, "Toko Maju café 店"},
	} {
		var got text
		if err := (answer{raw: []byte(c.raw)}).decode(&got); err != nil || string(got) != c.want {
			t.Errorf("%s: %q, %v; want %q", name, got, err, c.want)
		}
	}
}

func TestANameFitsAHeader(t *testing.T) {
	t.Parallel()
	if got := named("budi\r\nX-Evil: 1"); got != "budi  X-Evil: 1" {
		t.Errorf("got %q, want it in one line", got)
	}
	if got := named("\x00"); !strings.HasPrefix(got, "uid ") {
		t.Errorf("got %q, want the number of the user", got)
	}
	if got := named(strings.Repeat("ö", 100)); got != strings.Repeat("ö", maxActor) {
		t.Errorf("got %q, want %d letters", got, maxActor)
	}
}

func TestLastingAndClockAreShortAndClear(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		-time.Second: "under 1 second", time.Second - 1: "under 1 second", time.Second: "1 second", time.Minute - 1: "59 seconds",
		time.Minute: "1 minute", 90 * time.Minute: "1 hour", 48 * time.Hour: "2 days",
	} {
		if got := lasting(d); got != want {
			t.Errorf("%s: %q, want %q", d, got, want)
		}
	}
	noon := time.Date(2023, 11, 11, 12, 0, 0, 0, time.UTC)
	if got := clock(noon.Add(12*time.Hour-1), noon); got != "23:59:59 UTC" {
		t.Errorf("the same day: %q", got)
	}
	if got := clock(noon.Add(12*time.Hour), noon); got != "2023-11-12 00:00:00 UTC" {
		t.Errorf("the next day: %q", got)
	}
}
