package digest

import (
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/probes/certificate"
	"github.com/hookvigil/hookvigil/rules"
)

// troubled is an endpoint whose probes and deliveries do not fail alike.
func troubled(state rules.Word, down time.Duration, first Count, faults ...Fault) Endpoint {
	e := healthy("a")
	e.State, e.Down, e.First, e.Faults = state, down, first, faults
	e.Strip = []Count{{12, 0}, {12, 0}, {12, 0}, {12, 0}, {12, 9}}
	return e
}

// TestTheActionFollowsWhatFailsNow: a few deliveries that failed otherwise ask
// for another cure.
func TestTheActionFollowsWhatFailsNow(t *testing.T) {
	t.Parallel()
	mixed := []Fault{{probes.FaultHTTP5xx, 20, 0}, {probes.FaultTimeoutResponse, 16, 0}, {probes.FaultRefused, 0, 5}}
	handshake := []Fault{{probes.FaultTLSHandshake, 48, 1}, {probes.FaultRefused, 2, 3}}
	for sentence, tc := range map[string]struct {
		e    Endpoint
		want string
	}{
		"down, and most deliveries pass": {troubled(rules.StateDown, watched, Count{100, 5}, mixed...),
			"It is down now, and 5 of 100 first attempts failed (5%). It answers with a server error (5xx)."},
		"down for a handshake": {troubled(rules.StateDown, 4*time.Minute, Count{20, 4}, handshake...),
			"It is down now, and 4 of 20 first attempts failed (20%). No secure connection can be made"},
		"not down, and a few were refused": {troubled(rules.StateDegraded, 0, Count{100, 5}, Fault{probes.FaultRefused, 0, 5}),
			"5 of 100 first attempts failed (5%): no connection could be made (the connection was refused). Look for"},
		"not down, and most were refused": {troubled(rules.StateFailing, 0, Count{100, 50}, Fault{probes.FaultRefused, 0, 50}),
			"50 of 100 first attempts failed (50%). No connection can be made"},
		"failing, which deliveries say": {troubled(rules.StateFailing, watched/2, Count{100, 20}, Fault{probes.FaultHTTP5xx, 50, 2}, Fault{probes.FaultHTTP401, 0, 18}),
			"20 of 100 first attempts failed (20%). It answers 401"},
		"a probe alone waits less than senders do": {troubled(rules.StateDegraded, time.Hour, Count{100, 1}, Fault{probes.FaultTimeoutResponse, 16, 0}, Fault{probes.FaultRefused, 0, 1}),
			"Probes failed, and 1 of 100 first attempts failed (1%). No answer came in time."},
		"so did senders": {troubled(rules.StateDown, time.Hour, Count{100, 100}, Fault{probes.FaultTimeoutResponse, 16, 100}),
			"It is down now, and 100 of 100 first attempts failed (100%). No answer came within 30 s."},
		"it recovered a moment ago": {troubled(rules.StateHealthy, 20*time.Minute, Count{100, 1}, Fault{probes.FaultRefused, 20, 1}),
			"It answers again. 1 of 100 first attempts failed (1%) before: no connection could be made (the connection was refused)."},
		"and no delivery met that": {troubled(rules.StateRecovering, 20*time.Minute, Count{100, 1}, Fault{probes.FaultTimeoutResponse, 20, 0}, Fault{probes.FaultRefused, 0, 1}),
			"It answers again. Before that, no answer came in time."},
		"only deliveries failed, nobody knows that they pass": {troubled(rules.StateHealthy, 0, Count{10, 6}, Fault{probes.FaultHTTP5xx, 0, 6}),
			"6 of 10 first attempts failed (60%). It answers with a server error (5xx)."},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			f := throughJSON(t, Judge(factsOf(tc.e)))
			if len(f.Actions) == 0 {
				t.Fatal("got no action")
			}
			if got := newVoice(f).advise(f.Actions[0], f.AsOf()); !strings.HasPrefix(got, tc.want) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

// TestTheCureIsForWhatFailsNow: what was met most often in the window is history
// where an endpoint is down with something else.
func TestTheCureIsForWhatFailsNow(t *testing.T) {
	t.Parallel()
	down := func(now probes.Fault, faults ...Fault) Endpoint {
		e := troubled(rules.StateDown, watched, Count{100, 50}, faults...)
		e.Now = now
		return e
	}
	const lead = "It is down now, and 50 of 100 first attempts failed (50%). "
	for sentence, tc := range map[string]struct {
		e       Endpoint
		advice  Advice
		want    string // the whole sentence about what is to be done
		earlier string
	}{
		"another fault than before": {down(probes.FaultHTTP404, Fault{probes.FaultHTTP5xx, 60, 48}, Fault{probes.FaultHTTP404, 2, 2}), AdvisePath,
			"It answers 404.", "Earlier it failed in another way, and more often: server error."},
		"one that no probe of the window met": {down(probes.FaultRefused, Fault{probes.FaultHTTP5xx, 60, 50}), AdviseConnect,
			"No connection can be made (the connection was refused).", "Earlier it failed in another way, and more often: server error."},
		"the one that was met most":                {down(probes.FaultHTTP5xx, Fault{probes.FaultHTTP5xx, 60, 48}, Fault{probes.FaultHTTP404, 2, 2}), AdviseServer, "It answers with a server error (5xx).", ""},
		"as often as before":                       {down(probes.FaultHTTP404, Fault{probes.FaultHTTP5xx, 2, 48}, Fault{probes.FaultHTTP404, 2, 2}), AdvisePath, "It answers 404.", ""},
		"nobody knows what fails now (old)":        {down("", Fault{probes.FaultHTTP5xx, 60, 48}, Fault{probes.FaultHTTP404, 2, 2}), AdviseServer, "It answers with a server error (5xx).", ""},
		"a hostile word in the place of the fault": {down(nasty, Fault{probes.FaultHTTP5xx, 60, 48}), AdviseOther, "Requests fail (", "more often: server error."},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			f := throughJSON(t, Judge(factsOf(tc.e)))
			if len(f.Actions) != 1 || f.Actions[0].Word != tc.advice {
				t.Fatalf("got %+v, want %s alone", f.Actions, tc.advice)
			}
			got := newVoice(f).advise(f.Actions[0], f.AsOf())
			if !strings.HasPrefix(got, lead+tc.want) || !strings.HasSuffix(got, tc.earlier) || tc.earlier == "" && strings.Contains(got, "Earlier") {
				t.Errorf("got %q, want %q and at its end %q", got, lead+tc.want, tc.earlier)
			}
		})
	}
	both := Judge(factsOf(down(probes.FaultHTTP404, Fault{probes.FaultHTTP5xx, 60, 48}), down(probes.FaultHTTP404, Fault{probes.FaultRefused, 60, 48})))
	if got := newVoice(both).advise(both.Actions[0], both.AsOf()); strings.Contains(got, "Earlier") {
		t.Errorf("the history of one endpoint is told of two: %q", got)
	}
}

// TestACountIsToldOnce: the certificate has expired, and two deliveries failed
// for another reason.
func TestACountIsToldOnce(t *testing.T) {
	t.Parallel()
	e := troubled(rules.StateDegraded, watched/2, Count{100, 2}, Fault{probes.FaultHTTP5xx, 30, 2})
	e.Certificate = &Certificate{Verdict: certificate.Fail, Fault: certificate.FaultExpiredLeaf, NotBefore: evening.Start.AddDate(0, 0, -90), NotAfter: evening.Start}
	l, err := Mail(Judge(factsOf(e)))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		": Its certificate expired on 11 Nov 2023 18:00 WIB. Renew it",
		": 2 of 100 first attempts failed (2%). It answers with a server error",
	} {
		if !strings.Contains(l.Text, want) {
			t.Errorf("got\n%s\nwant %q", l.Text, want)
		}
	}
}

// TestWhatAnswersAgainHadFailures: its badge does not say that nothing was.
func TestWhatAnswersAgainHadFailures(t *testing.T) {
	t.Parallel()
	e := troubled(rules.StateHealthy, 20*time.Minute, Count{100, 1}, Fault{probes.FaultRefused, 20, 1})
	f := factsOf(e)
	if got := newVoice(f).badge(f, e); got != "had failures" || f.need(e) != Attention {
		t.Errorf("got %q and %s, want that it had failures, and a look", got, f.need(e))
	}
}
