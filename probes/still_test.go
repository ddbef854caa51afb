package probes

import (
	"net/url"
	"testing"
	"time"
)

func TestAProbeThatOversleptSaysNothing(t *testing.T) {
	t.Parallel()
	for sentence, tc := range map[string]struct {
		took time.Duration
		want Verdict
	}{
		"in time":                               {time.Second, Down},
		"at its bound, the body's time with it": {32 * time.Second, Down},
		"a busy machine":                        {36 * time.Second, Down},
		"stopped for a while":                   {38 * time.Second, Unknown},
		"asleep for a night":                    {8 * time.Hour, Unknown},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			l := newLook(&Prober{}, Endpoint{ID: "a", URL: &url.URL{Scheme: "https"}, Policy: Policy{Timeout: 30 * time.Second}})
			r := l.inTime(Result{Verdict: Down, Fault: FaultTimeoutResponse}, l.begun.Add(tc.took))
			if r.Verdict != tc.want || (r.Fault == FaultInternal) != (tc.want == Unknown) {
				t.Errorf("got %s, %s: %s, want %s", r.Verdict, r.Fault, r.Detail, tc.want)
			}
		})
	}
}
