package digest

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/probes/certificate"
	"github.com/hookvigil/hookvigil/rules"
)

func TestVerdicts(t *testing.T) {
	t.Parallel()
	life := 90 * day
	cert := func(v certificate.Verdict, f certificate.Fault, left time.Duration) func(*Endpoint) {
		return func(e *Endpoint) {
			e.Certificate = &Certificate{Verdict: v, Fault: f, NotBefore: evening.End.Add(left - life), NotAfter: evening.End.Add(left)}
		}
	}
	first := func(failed, all int, f probes.Fault) func(*Endpoint) {
		return func(e *Endpoint) { e.First, e.Faults = Count{all, failed}, []Fault{{f, 0, failed}} }
	}
	state := func(w rules.Word, f probes.Fault) func(*Endpoint) {
		return func(e *Endpoint) { e.State, e.Faults = w, []Fault{{f, 3, 0}} }
	}
	for sentence, tc := range map[string]struct {
		change func(*Endpoint)
		want   Verdict
		advice []Advice
	}{
		"nothing is wrong":                 {func(*Endpoint) {}, OK, nil},
		"few failures among many":          {first(10, 1000, probes.FaultHTTP5xx), OK, nil},
		"just under the limit":             {first(399, 10_000, probes.FaultHTTP5xx), OK, nil},
		"at the limit, by chance":          {first(4, 100, probes.FaultHTTP5xx), Attention, []Advice{AdviseServer}},
		"two of ten are no proof":          {first(2, 10, probes.FaultHTTP5xx), Attention, []Advice{AdviseServer}},
		"one of ten is sent again":         {first(1, 10, probes.FaultHTTP5xx), OK, nil},
		"and one of one":                   {first(1, 1, probes.FaultHTTP5xx), OK, nil},
		"two of two":                       {first(2, 2, probes.FaultHTTP5xx), Act, []Advice{AdviseServer}},
		"over the limit beyond chance":     {first(22, 360, probes.FaultTimeoutResponse), Act, []Advice{AdviseTimeout}},
		"down":                             {state(rules.StateDown, probes.FaultRefused), Act, []Advice{AdviseConnect}},
		"down, and nobody knows why":       {func(e *Endpoint) { e.State = rules.StateDown }, Act, []Advice{AdviseOther}},
		"failing":                          {state(rules.StateFailing, probes.FaultDNSNotFound), Act, []Advice{AdviseDNS}},
		"degraded":                         {state(rules.StateDegraded, probes.FaultHTTP3xx), Attention, []Advice{AdviseRedirect}},
		"suspended by its answer":          {state(rules.StateSuspended, probes.FaultHTTP410), Act, []Advice{AdviseGone}},
		"suspended on purpose":             {state(rules.StateSuspended, probes.FaultHTTP5xx), OK, nil},
		"not available for a while":        {func(e *Endpoint) { e.Down, e.Faults = 5*time.Minute, []Fault{{"reset", 5, 0}} }, Attention, []Advice{AdviseBroken}},
		"p95 of ten seconds":               {func(e *Endpoint) { e.P95 = 10 * time.Second }, OK, nil},
		"p95 over ten seconds":             {func(e *Endpoint) { e.P95 = 10*time.Second + 1 }, Attention, []Advice{AdviseSlow}},
		"a p95 without answers":            {func(e *Endpoint) { e.P95, e.Answers = time.Minute, 0 }, OK, nil},
		"nobody looked and nothing came":   {func(e *Endpoint) { e.Covered, e.First, e.Answers = 0, Count{}, 0 }, Attention, []Advice{AdviseUnseen}},
		"nobody looked, but attempts came": {func(e *Endpoint) { e.Covered = 0 }, OK, nil},
		"the certificate expired":          {cert(certificate.Fail, certificate.FaultExpiredLeaf, -time.Hour), Act, []Advice{AdviseExpired}},
		"it is for another name":           {cert(certificate.Fail, certificate.FaultHostnameMismatch, 60*day), Act, []Advice{AdviseCertificate}},
		"it could not be looked at":        {cert(certificate.Fail, certificate.FaultConnectRefused, 60*day), OK, nil},
		"a quarter of it is left":          {cert(certificate.OK, "", 90*day/4), OK, nil},
		"less than a quarter is left":      {cert(certificate.OK, "", 90*day/4-1), Attention, []Advice{AdviseExpiring}},
		"less than seven days of ninety":   {cert(certificate.Warn, certificate.FaultExpiring, 7*day-1), Act, []Advice{AdviseExpiring}},
		"expired, and requests fail for it": {func(e *Endpoint) {
			cert(certificate.Fail, certificate.FaultExpiredLeaf, -1)(e)
			state(rules.StateDown, probes.FaultTLSExpired)(e)
		}, Act, []Advice{AdviseExpired}},
		"expired for the probe alone": {state(rules.StateDown, probes.FaultTLSExpired), Act, []Advice{AdviseExpired}},
		"it ends soon, and answers are late": {func(e *Endpoint) {
			cert(certificate.OK, "", 10*day)(e)
			first(40, 100, probes.FaultTimeoutResponse)(e)
			e.P95 = 20 * time.Second
		}, Act, []Advice{AdviseTimeout, AdviseExpiring}},
		"it has changed its issuer": {cert(certificate.Warn, certificate.FaultIssuerChanged, 80*day), Attention, []Advice{AdviseCertificate}},
		"a short one with half its life": {func(e *Endpoint) {
			e.Certificate = &Certificate{Verdict: certificate.OK, NotBefore: evening.End.Add(-3 * day), NotAfter: evening.End.Add(3 * day)}
		}, OK, nil},
		"a certificate that nobody has dated": {func(e *Endpoint) {
			e.Certificate = &Certificate{Verdict: certificate.Unknown, Fault: certificate.FaultTimeoutDNS}
		}, OK, nil},
		"a word that is not of the closed set": {first(50, 100, "new_word"), Act, []Advice{AdviseOther}},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			e := healthy("a")
			tc.change(&e)
			got := Judge(factsOf(healthy("z"), e))
			var advice []Advice
			for _, a := range got.Actions {
				advice = append(advice, a.Word)
			}
			if got.Verdict != tc.want || !slices.Equal(advice, tc.advice) {
				t.Errorf("got %s with %v, want %s with %v", got.Verdict, advice, tc.want, tc.advice)
			}
			if tc.want != OK && got.Endpoints[0].ID != "a" {
				t.Error("the worst is not the first")
			}
			if again := Judge(got); !reflect.DeepEqual(again, got) {
				t.Errorf("judged again: got %+v, want %+v", again, got)
			}
		})
	}
}

func TestAllThatFailsHasAnAdvice(t *testing.T) {
	t.Parallel()
	for _, f := range probes.Faults() {
		if w := adviceOf(f); !slices.Contains(Advices(), w) {
			t.Errorf("%s: advice %q is not in the set", f, w)
		}
	}
}

func TestActionsAreAtMostThreeAndWorstFirst(t *testing.T) {
	t.Parallel()
	f := Judge(manyProblems())
	var got []string
	for _, a := range f.Actions {
		got = append(got, string(a.Word)+" "+a.Endpoint)
	}
	if want := []string{"certificate_expired invoices", "timeout payouts", "token refunds"}; !slices.Equal(got, want) || f.Actions[1].More != 1 {
		t.Errorf("got %v, more %d, want %v, more 1", got, f.Actions[1].More, want)
	}
}

func TestVerdictOfWhatLiesAround(t *testing.T) {
	t.Parallel()
	calm := factsOf(healthy("a"))
	ours, theirs, past, none := calm, calm, calm, calm
	ours.Incidents = []Incident{{ID: "1", Ours: true}}
	theirs.Incidents = []Incident{{ID: "1"}}
	past.Parts = []Part{{Verdict: Act}, {Verdict: OK}}
	none.Endpoints = nil
	quietPlatform, unwatched, loud := platform(), platform(), platform()
	quietPlatform.Incidents, unwatched.Incidents, loud.Incidents = nil, nil, nil
	ordinary := platform()
	ordinary.Incidents = nil
	with := func(i ...Incident) Facts { f := quietPlatform; f.Incidents = i; return f }
	failing, few := quietPlatform, quietPlatform
	quiet := Platform{Probing: 6 * time.Hour, First: Count{100_000, 90}}
	failing.Platform, few.Platform = &quiet, &Platform{Probing: 6 * time.Hour, First: Count{100_000, 900}}
	failing.Platform.Worst = []Merchant{{ID: "a", Failing: 1, Of: 1}}
	few.Incidents = []Incident{{ID: "1", Severity: rules.Critical}}
	quietPlatform.Platform = &Platform{Probing: 6 * time.Hour, Channels: []Channel{{"QR", Count{100, 1}}}, Certificates: []Expiring{{"far", "", evening.End.Add(100 * day)}}}
	unwatched.Platform = &Platform{}
	loud.Platform.Channels[0].First.Failed = 900
	for sentence, tc := range map[string]struct {
		facts Facts
		want  Verdict
	}{
		"an incident of ours":                   {ours, OK},
		"an incident of theirs":                 {theirs, Attention},
		"a window of the gap was bad":           {past, Attention}, // and nothing is to be done now
		"no endpoint":                           {none, Attention},
		"a quiet platform":                      {quietPlatform, OK},
		"a platform that looked at nothing":     {unwatched, Attention},
		"an ordinary platform":                  {ordinary, Attention},
		"a critical incident runs":              {with(Incident{Severity: rules.Critical}), Act},
		"and 900 of 100,000 failed":             {few, Act},
		"a critical incident is over":           {with(Incident{Severity: rules.Critical, Resolved: evening.End}), Attention},
		"an incident runs":                      {with(Incident{Severity: rules.High}), Attention},
		"an incident is over":                   {with(Incident{Severity: rules.High, Resolved: evening.End}), OK},
		"one of planned work runs":              {with(Incident{Severity: rules.Critical, Maintenance: true}), OK},
		"an endpoint fails":                     {failing, Attention},
		"nobody knows, and it is critical":      {Facts{Kind: KindPlatform, Incidents: few.Incidents}, Act},
		"a platform with a channel over 4 %":    {loud, Act},
		"a platform without facts of its own":   {Facts{Kind: KindPlatform}, Attention},
		"a merchant without facts, and no kind": {Facts{}, Attention},
	} {
		if got := Judge(tc.facts).Verdict; got != tc.want {
			t.Errorf("%s: got %s, want %s", sentence, got, tc.want)
		}
	}
}

func TestAvailabilityIsNeverInvented(t *testing.T) {
	t.Parallel()
	if r, known := (Endpoint{}).Availability(); known {
		t.Errorf("got %s for what nobody watched, want none", r)
	}
	if r, _ := (Endpoint{Covered: time.Hour, Down: 2 * time.Hour}).Availability(); r != 0 {
		t.Errorf("got %s, want 0%%", r)
	}
	l, err := Mail(Judge(noData()))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(l.Text, "100%") || !strings.Contains(l.Text, "no data") {
		t.Errorf("got\n%s\nwant no data, and no 100%%", l.Text)
	}
}

func TestDecodeRefusesWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	for _, s := range []string{``, `{`, `{}`, `{"version":2}`, `{"version":"1"}`} {
		if _, err := Decode([]byte(s)); err == nil {
			t.Errorf("%q was read", s)
		}
	}
}
