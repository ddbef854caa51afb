package deliveries_test

import (
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/probes"
)

func TestKindAndWhetherAnAttemptCounts(t *testing.T) {
	t.Parallel()
	type a = deliveries.Attempt
	for name, tt := range map[string]struct {
		in       deliveries.Attempt
		kind     deliveries.Kind
		ordinary bool
		counts   bool
	}{
		"the first":                     {a{Number: 1, Status: 200}, deliveries.KindFirst, true, true},
		"the first, said to be live":    {a{Number: 1, Status: 200, Trigger: deliveries.Automatic, Mode: deliveries.Live}, deliveries.KindFirst, true, true},
		"the second":                    {a{Number: 2, Status: 500}, deliveries.KindRetry, true, true},
		"the last number there is":      {a{Number: 1000, Status: 500}, deliveries.KindRetry, true, true},
		"no number":                     {a{Status: 200}, deliveries.KindUnknown, true, true},
		"by a person":                   {a{Number: 1, Status: 200, Trigger: deliveries.Manual}, deliveries.KindManual, false, false},
		"by a person, without a number": {a{Status: 200, Trigger: deliveries.Manual}, deliveries.KindManual, false, false},
		"in test mode":                  {a{Number: 1, Status: 200, Mode: deliveries.Test}, deliveries.KindFirst, false, false},
		"our ping by its type":          {a{Number: 1, Status: 200, Type: "hookvigil.ping"}, deliveries.KindSynthetic, false, false},
		"our ping by its event":         {a{Number: 1, Status: 200, Event: "probe_01"}, deliveries.KindSynthetic, false, false},
		"our ping sent by hand":         {a{Event: "probe_01", Trigger: deliveries.Manual}, deliveries.KindSynthetic, false, false},
		"an event about probes":         {a{Number: 1, Status: 200, Event: "probes_1", Type: "hookvigil.pings"}, deliveries.KindFirst, true, true},
		"the sender's own trouble":      {a{Number: 1, Error: "sender_error"}, deliveries.KindFirst, true, false},
		"the sender's proxy":            {a{Number: 1, Status: 502, Error: "proxy_error"}, deliveries.KindFirst, true, false},
		"given up by the sender":        {a{Number: 1, Error: "canceled"}, deliveries.KindFirst, true, false},
		"delivered in spite of it":      {a{Number: 1, Status: 200, Error: "canceled"}, deliveries.KindFirst, true, true},
		"an error nobody knows":         {a{Number: 1, Error: "gremlins"}, deliveries.KindFirst, true, true},
		"a timeout":                     {a{Number: 1, Error: "timeout"}, deliveries.KindFirst, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := tt.in.Kind(); got != tt.kind {
				t.Errorf("kind %q, want %q", got, tt.kind)
			}
			if got := tt.in.Ordinary(); got != tt.ordinary {
				t.Errorf("ordinary %t, want %t", got, tt.ordinary)
			}
			if got := tt.in.Counts(0); got != tt.counts {
				t.Errorf("counts %t, want %t", got, tt.counts)
			}
		})
	}
}

func TestCompletedIsStartAndDuration(t *testing.T) {
	t.Parallel()
	start := time.Date(2023, 11, 11, 13, 0, 0, 0, time.UTC)
	a := deliveries.Attempt{StartedAt: start}
	if got := a.Completed(); got != start {
		t.Errorf("without a duration %s, want %s", got, start)
	}
	a.Duration = 30 * time.Second
	if got := a.Completed(); got != start.Add(30*time.Second) {
		t.Errorf("after 30 s %s", got)
	}
}

func TestOutcomeByStatus(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]probes.Fault{
		100: probes.FaultMalformed, 199: probes.FaultMalformed,
		200: probes.FaultNone, 201: probes.FaultNone, 204: probes.FaultNone, 299: probes.FaultNone,
		300: probes.FaultHTTP3xx, 301: probes.FaultHTTP3xx, 399: probes.FaultHTTP3xx,
		400: probes.FaultHTTP4xx, 401: probes.FaultHTTP401, 402: probes.FaultHTTP4xx, 403: probes.FaultHTTP4xx,
		404: probes.FaultHTTP404, 405: probes.FaultHTTP4xx, 409: probes.FaultHTTP4xx, 410: probes.FaultHTTP410,
		411: probes.FaultHTTP4xx, 428: probes.FaultHTTP4xx, 429: probes.FaultHTTP429, 430: probes.FaultHTTP4xx, 499: probes.FaultHTTP4xx,
		500: probes.FaultHTTP5xx, 599: probes.FaultHTTP5xx,
		600: probes.FaultMalformed, 999: probes.FaultMalformed,
	} {
		if got := (deliveries.Attempt{Status: status}).Outcome(deliveries.DefaultDeadline); got != want {
			t.Errorf("status %d: got %s, want %s", status, got, want)
		}
	}
}

func TestOutcome(t *testing.T) {
	t.Parallel()
	type a = deliveries.Attempt
	const deadline = 30 * time.Second
	for name, tt := range map[string]struct {
		in       deliveries.Attempt
		deadline time.Duration
		want     probes.Fault
	}{
		"2xx just in time":              {a{Status: 200, Duration: deadline}, deadline, probes.FaultNone},
		"2xx just too late":             {a{Status: 200, Duration: deadline + 1}, deadline, probes.FaultTimeoutResponse},
		"2xx under a longer deadline":   {a{Status: 200, Duration: deadline + 1}, time.Minute, probes.FaultNone},
		"2xx under a shorter deadline":  {a{Status: 200, Duration: 10*time.Second + 1}, 10 * time.Second, probes.FaultTimeoutResponse},
		"no deadline is 30 s: in time":  {a{Status: 200, Duration: deadline}, 0, probes.FaultNone},
		"no deadline is 30 s: too late": {a{Status: 200, Duration: deadline + 1}, 0, probes.FaultTimeoutResponse},
		"a deadline below zero":         {a{Status: 200, Duration: deadline + 1}, -1, probes.FaultTimeoutResponse},
		"2xx of unknown duration":       {a{Status: 204}, deadline, probes.FaultNone},
		"a late 5xx stays a 5xx":        {a{Status: 503, Duration: time.Minute}, deadline, probes.FaultHTTP5xx},
		"a late 3xx stays a 3xx":        {a{Status: 302, Duration: time.Minute}, deadline, probes.FaultHTTP3xx},
		"2xx whose body broke":          {a{Status: 200, Error: "timeout"}, deadline, probes.FaultNone},
		"5xx with the sender's word":    {a{Status: 503, Error: "http_5xx"}, deadline, probes.FaultHTTP5xx},
		"status before another error":   {a{Status: 404, Error: "connection_reset"}, deadline, probes.FaultHTTP404},
		"5xx of the sender's proxy":     {a{Status: 502, Error: "proxy_error"}, deadline, probes.FaultSenderError},
		"4xx of a cancelled request":    {a{Status: 499, Error: "canceled"}, deadline, probes.FaultCanceled},
		"2xx of the sender's proxy":     {a{Status: 200, Error: "proxy_error"}, deadline, probes.FaultNone},
		"no status, an error":           {a{Error: "connection_refused", Duration: time.Minute}, deadline, probes.FaultRefused},
		"no status, no error":           {a{}, deadline, probes.FaultUnknown},
		"an error called none":          {a{Error: "none"}, deadline, probes.FaultUnknown},
		"an error called ok":            {a{Error: "OK"}, deadline, probes.FaultUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := tt.in.Outcome(tt.deadline); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}
