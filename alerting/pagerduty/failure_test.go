package pagerduty_test

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/alerting/pagerduty"
	"github.com/hookvigil/hookvigil/internal/hooktest"
	"github.com/hookvigil/hookvigil/probes"
)

func TestEveryAnswerHasItsClass(t *testing.T) {
	t.Parallel()
	status := func(code int, says string) hooktest.PagerDutyStep {
		return hooktest.PagerDutyStep{Fault: hooktest.PagerDutyStatus, Status: code, Error: says}
	}
	fault := func(f hooktest.PagerDutyFault) hooktest.PagerDutyStep { return hooktest.PagerDutyStep{Fault: f} }
	for sentence, tc := range map[string]struct {
		step       hooktest.PagerDutyStep
		class      alerting.Class
		retryAfter time.Duration
		says       string
	}{
		"429 with Retry-After":       {hooktest.PagerDutyStep{Fault: hooktest.PagerDutyLimited, RetryAfter: 7 * time.Second}, alerting.ClassLimited, 7 * time.Second, "429"},
		"429 without":                {fault(hooktest.PagerDutyLimitedBare), alerting.ClassLimited, 0, "429"},
		"400":                        {status(400, "'payload.summary' is missing or blank"), alerting.ClassMessage, 0, "'payload.summary' is missing or blank"},
		"400 for an unknown key":     {status(400, "Invalid routing key"), alerting.ClassAuth, 0, "put the integration key"},
		"400 for a key of no length": {status(400, "Length of 'routing_key' is incorrect (should be 32 characters)"), alerting.ClassAuth, 0, "routing_key"},
		"401":                        {status(401, ""), alerting.ClassAuth, 0, "401"},
		"403":                        {status(403, ""), alerting.ClassAuth, 0, "403"},
		"407":                        {status(407, ""), alerting.ClassAuth, 0, "407"},
		"404":                        {status(404, ""), alerting.ClassTransient, 0, "404"},
		"408":                        {status(408, ""), alerting.ClassTransient, 0, "408"},
		"413":                        {status(413, ""), alerting.ClassMessage, 0, "413"},
		"422":                        {status(422, ""), alerting.ClassMessage, 0, "422"},
		"500":                        {status(500, ""), alerting.ClassTransient, 0, "500"},
		"502":                        {status(502, ""), alerting.ClassTransient, 0, "502"},
		"503":                        {status(503, ""), alerting.ClassTransient, 0, "503"},
		"301":                        {status(301, ""), alerting.ClassTransient, 0, "301"},
		"202 that says otherwise":    {status(202, "no"), alerting.ClassTransient, 0, "not PagerDuty's"},
		"200":                        {status(200, ""), alerting.ClassTransient, 0, "not PagerDuty's"},
		"a proxy's page":             {fault(hooktest.PagerDutyHTML), alerting.ClassTransient, 0, "not PagerDuty's"},
		"silence":                    {fault(hooktest.PagerDutyHang), alerting.ClassTransient, 0, "deadline"},
		"processed, then silence":    {fault(hooktest.PagerDutyHangAfter), alerting.ClassTransient, 0, "deadline"},
		"the connection is dropped":  {fault(hooktest.PagerDutyDropBefore), alerting.ClassTransient, 0, "EOF"},
		"processed, then dropped":    {fault(hooktest.PagerDutyDropAfter), alerting.ClassTransient, 0, "EOF"},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			for _, f := range []alerting.Facts{ratio(), resolved()} {
				var b bench
				var ref alerting.Ref
				var err error
				for _, limit := range patience(tc.says == "deadline") {
					b = newBench(t, func(c *pagerduty.Config) { c.Timeout = limit })
					b.play(hooktest.PagerDutyAny, tc.step)
					if ref, err = b.r.Send(t.Context(), notice(t, alerting.KindState, 1, f), alerting.Ref{}); b.p.Stats().Calls > 0 {
						break
					}
				}
				e := b.failed(ref, err, tc.class)
				if e.RetryAfter != tc.retryAfter || !strings.Contains(e.Error(), tc.says) {
					t.Errorf("got %s after %s, want %q after %s", e.Error(), e.RetryAfter, tc.says, tc.retryAfter)
				}
				if calls := b.p.Stats().Calls; calls != 1 {
					t.Errorf("got %d calls, want 1: the outbox alone tries again", calls)
				}
			}
		})
	}
}

func TestClosedPortIsTransient(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.p.Close()
	if e := b.fail(notice(t, alerting.KindState, 1, ratio()), alerting.ClassTransient); !strings.Contains(e.Error(), "refused") {
		t.Errorf("got %s, want it to say refused", e.Error())
	}
}

// TestSendObeysItsContext: also while a server that never says a word of TLS
// has the connection.
func TestSendObeysItsContext(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // a listener of the test
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	r := pagerduty.New(pagerduty.Config{RoutingKey: hooktest.DefaultPagerDutyKey, URL: "https://" + ln.Addr().String(), Timeout: generous})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	began := time.Now()
	if _, err := r.Send(ctx, notice(t, alerting.KindState, 1, ratio()), alerting.Ref{}); err == nil || time.Since(began) > 25*time.Second { // its own timeout is later
		t.Errorf("got %v after %s, want a failure at once", err, time.Since(began))
	}
}

func TestWhatIsNotAboutIncidentsIsRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	e := b.fail(notice(t, "digest", 1, alerting.Facts{}), alerting.ClassDestination)
	if calls := b.p.Stats().Calls; calls != 0 || !strings.Contains(e.Error(), "slack or email") {
		t.Errorf("got %d calls, %s", calls, e.Error())
	}
}

func TestErrorsHoldNoSecret(t *testing.T) {
	t.Parallel()
	const marked = "marker5f2c-marker5f2c-marker5f2c"
	for _, fault := range append(hooktest.PagerDutyFaults(), "closed", "unknown") {
		t.Run(string(fault), func(t *testing.T) {
			t.Parallel()
			p := hooktest.StartPagerDuty(t, hooktest.PagerDutyOptions{Keys: []string{marked}})
			step := hooktest.PagerDutyStep{Fault: fault}
			switch fault {
			case hooktest.PagerDutyStatus:
				step.Status, step.Error = 400, "no event of "+marked // a server that repeats what it was sent
			case "unknown":
				step = hooktest.PagerDutyStep{Fault: hooktest.PagerDutyStatus, Status: 400, Error: "Invalid routing key " + marked}
			case "closed":
				p.Close()
				step.Fault = hooktest.PagerDutyNone
			default:
			}
			if err := p.Play(hooktest.PagerDutyAny, step); err != nil {
				t.Fatal(err)
			}
			r := pagerduty.New(pagerduty.Config{RoutingKey: probes.Secret(marked), URL: p.URL(), Timeout: 150 * time.Millisecond})
			for _, kind := range []alerting.Kind{alerting.KindState, alerting.KindTest} {
				_, err := r.Send(t.Context(), notice(t, kind, 1, ratio()), alerting.Ref{})
				if err == nil || strings.Contains(err.Error(), "marker5f2c") {
					t.Errorf("got %v, want an error without the secret", err)
				}
			}
		})
	}
}
