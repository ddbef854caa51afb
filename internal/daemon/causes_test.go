package daemon

import (
	"fmt"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/ingest"
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/rules"
)

// causesNow begins a quarter of an hour.
var causesNow = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// failure is a first attempt at endpoint x that failed so long before
// causesNow.
func failure(ago time.Duration, fault probes.Fault, status int) ingest.Entry {
	return ingest.Entry{
		Attempt: deliveries.Attempt{Endpoint: "x", StartedAt: causesNow.Add(-ago), Status: status},
		Kind:    deliveries.KindFirst, Fault: fault, Counts: true,
	}
}

func TestHowAnEndpointFailedLately(t *testing.T) {
	t.Parallel()
	const denied, late = probes.FaultHTTP401, probes.FaultTimeoutResponse
	ago := func(d time.Duration) time.Time { return causesNow.Add(-d) }
	other, retry, uncounted, good := failure(1, denied, 401), failure(1, denied, 401), failure(1, denied, 401), failure(1, probes.FaultNone, 200)
	other.Attempt.Endpoint, retry.Kind, uncounted.Counts = "", deliveries.KindRetry, false
	for name, tt := range map[string]struct {
		entries []ingest.Entry
		want    rules.AttemptsFact
	}{
		"nothing": {nil, rules.AttemptsFact{}},
		"one":     {[]ingest.Entry{failure(time.Minute, denied, 403)}, rules.AttemptsFact{Fault: denied, Status: 403, Since: ago(time.Minute), Failed: ago(time.Minute)}},
		"what happened more often, and the last of all": {
			[]ingest.Entry{failure(9*time.Minute, denied, 401), failure(5*time.Minute, denied, 403), failure(time.Minute, late, 0)},
			rules.AttemptsFact{Fault: denied, Status: 403, Since: ago(9 * time.Minute), Failed: ago(time.Minute)}},
		"equals are told in order": {
			[]ingest.Entry{failure(2*time.Minute, late, 0), failure(time.Minute, denied, 401)},
			rules.AttemptsFact{Fault: denied, Status: 401, Since: ago(time.Minute), Failed: ago(time.Minute)}},
		"many of long ago weigh nothing": {
			[]ingest.Entry{failure(50*time.Minute, late, 0), failure(49*time.Minute, late, 0), failure(time.Minute, denied, 401)},
			rules.AttemptsFact{Fault: denied, Status: 401, Since: ago(time.Minute), Failed: ago(time.Minute)}},
		"it began long ago, and goes on": {
			[]ingest.Entry{failure(50*time.Minute, late, 0), failure(25*time.Minute, late, 0), failure(time.Minute, late, 0)},
			rules.AttemptsFact{Fault: late, Since: ago(50 * time.Minute), Failed: ago(time.Minute)}},
		"it paused for half an hour": {
			[]ingest.Entry{failure(50*time.Minute, late, 0), failure(19*time.Minute, late, 0)},
			rules.AttemptsFact{Fault: late, Since: ago(19 * time.Minute), Failed: ago(19 * time.Minute)}},
		"told late, in the half before": {
			[]ingest.Entry{failure(time.Minute, late, 0), failure(2*time.Minute, denied, 401), failure(20*time.Minute, denied, 403)},
			rules.AttemptsFact{Fault: denied, Status: 401, Since: ago(20 * time.Minute), Failed: ago(time.Minute)}},
		"all too long ago":               {[]ingest.Entry{failure(31*time.Minute, late, 0)}, rules.AttemptsFact{}},
		"what does not belong to it":     {[]ingest.Entry{other, retry, uncounted, good}, rules.AttemptsFact{}},
		"by a clock that is ahead of us": {[]ingest.Entry{failure(-time.Minute, denied, 401)}, rules.AttemptsFact{Fault: denied, Status: 401, Since: ago(-time.Minute), Failed: ago(-time.Minute)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var c causes
			for _, e := range tt.entries {
				c.took(ingest.Group{Entries: []ingest.Entry{e}, At: e.Attempt.StartedAt}, []ingest.Verdict{ingest.Counted})
			}
			c.took(ingest.Group{Entries: []ingest.Entry{failure(0, late, 0), failure(0, late, 0)}}, []ingest.Verdict{ingest.Duplicate})
			if got := c.lately("x", causesNow.Add(-1)); got != tt.want {
				t.Errorf("got  %+v\nwant %+v", got, tt.want)
			}
		})
	}
}

func TestOldFailuresAreForgotten(t *testing.T) {
	t.Parallel()
	var c causes
	for i := range 100 {
		e := failure(0, probes.FaultRefused, 0)
		e.Attempt.Endpoint, e.Attempt.StartedAt = fmt.Sprint(i), causesNow.Add(time.Duration(i)*time.Minute)
		c.took(ingest.Group{Entries: []ingest.Entry{e}, At: e.Attempt.StartedAt}, []ingest.Verdict{ingest.Counted})
	}
	if n := len(c.failures); n > 46 {
		t.Errorf("%d endpoints are remembered, want those of the last 30 to 45 minutes", n)
	}
}

func TestACrowdIsManyMerchantsOfOneIssuer(t *testing.T) {
	t.Parallel()
	many := func(issuer string, merchants, hosts int) (list []suspect) {
		for i := range 12 {
			list = append(list, suspect{issuer, fmt.Sprint(i % merchants), fmt.Sprint(i % hosts)})
		}
		return list
	}
	for name, tt := range map[string]struct {
		list []suspect
		want bool
	}{
		"five merchants on three hosts": {many("CN=R1", 5, 3), true},
		"four merchants":                {many("CN=R1", 4, 12), false},
		"two hosts":                     {many("CN=R1", 12, 2), false},
		"an issuer that nobody knows":   {many("", 5, 3), false},
		"several issuers":               {append(many("CN=R2", 4, 4), many("CN=R3", 4, 4)...), false},
		"nobody":                        {nil, false},
	} {
		if got := crowdsOf(tt.list); got["CN=R1"] != tt.want || len(got) > 1 || !tt.want && len(got) > 0 {
			t.Errorf("%s: %v, want a crowd: %t", name, got, tt.want)
		}
	}
}
