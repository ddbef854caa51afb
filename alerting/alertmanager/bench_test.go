package alertmanager_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/alerting/alertmanager"
	"github.com/hookvigil/hookvigil/rules"
)

// instance is an Alertmanager that takes what it is sent, or does what reply
// says.
type instance struct {
	*httptest.Server
	reply http.HandlerFunc // nil: 200

	mu     sync.Mutex // guards all below
	bodies [][]byte
	heads  []http.Header
}

func newInstance(t *testing.T, reply http.HandlerFunc) *instance {
	t.Helper()
	in := &instance{reply: reply}
	in.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.Method != http.MethodPost || r.URL.Path != "/api/v2/alerts" {
			http.NotFound(w, r)
			return
		}
		in.mu.Lock()
		in.bodies, in.heads = append(in.bodies, body), append(in.heads, r.Header)
		in.mu.Unlock()
		if in.reply != nil {
			in.reply(w, r)
		}
	}))
	t.Cleanup(in.Close)
	return in
}

// posted are the bodies of all requests, in order.
func (in *instance) posted() [][]byte {
	in.mu.Lock()
	defer in.mu.Unlock()
	return slices.Clone(in.bodies)
}

// posting is one alert as it was posted.
type posting struct {
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations"`
	StartsAt     time.Time         `json:"startsAt"`
	EndsAt       time.Time         `json:"endsAt"`
	GeneratorURL string            `json:"generatorURL"`
}

// bench is a receiver at a moment, with the Alertmanager that it talks to.
type bench struct {
	t  *testing.T
	am *instance
	r  *alertmanager.Receiver
}

func newBench(t *testing.T, reply http.HandlerFunc, change ...func(*alertmanager.Config)) bench {
	t.Helper()
	am := newInstance(t, reply)
	cfg := alertmanager.Config{URLs: []string{am.URL}, Timeout: generous}
	for _, c := range change {
		c(&cfg)
	}
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	return bench{t: t, am: am, r: alertmanager.New(cfg, nil).At(now)}
}

// generous is for calls that are not to run out of time: the longest there is.
const generous = 30 * time.Second

// patience are the bounds, one after the other, of a call that is to run out of
// time once Alertmanager has heard it: a machine that stands still uses up a
// short one before that.
func patience(silent bool) []time.Duration {
	if !silent {
		return []time.Duration{generous}
	}
	return []time.Duration{1500 * time.Millisecond, 10 * time.Second, generous}
}

// send must go well.
func (b bench) send(n alerting.Notice, prev alerting.Ref) alerting.Ref {
	b.t.Helper()
	ref, err := b.r.Send(b.t.Context(), n, prev)
	if err != nil || ref.Last == "" {
		b.t.Fatalf("send %s: got %+v, %v", n.Kind, ref, err)
	}
	return ref
}

// fail must not; the error has the class.
func (b bench) fail(n alerting.Notice, want alerting.Class) alerting.SendError {
	b.t.Helper()
	ref, err := b.r.Send(b.t.Context(), n, alerting.Ref{})
	return b.failed(ref, err, want)
}

// failed is how a send ended; its error has the class.
func (b bench) failed(ref alerting.Ref, err error, want alerting.Class) alerting.SendError {
	b.t.Helper()
	e, ok := err.(*alerting.SendError) //nolint:errorlint // the contract names the type itself
	if !ok || e.Class != want || ref != (alerting.Ref{}) {
		b.t.Fatalf("got ref %v, error %v, want class %s", ref, err, want)
	}
	return *e
}

// last are the alerts of the last request.
func (b bench) last(want int) []posting {
	b.t.Helper()
	all := b.am.posted()
	var list []posting
	if len(all) == 0 {
		b.t.Fatal("nothing was posted")
	}
	if err := json.Unmarshal(all[len(all)-1], &list); err != nil || len(list) != want {
		b.t.Fatalf("got %s, %v, want %d alerts", all[len(all)-1], err, want)
	}
	return list
}

var (
	opened = time.Date(2023, 11, 11, 14, 48, 5, 0, time.UTC)
	began  = opened.Add(-183 * time.Second)
	now    = opened.Add(20 * time.Minute)
)

// ratio is a critical incident of the whole platform.
func ratio() alerting.Facts {
	return alerting.Facts{
		Incident: "inc_4kd7aq2mxz5rt6wy", Number: "5rt6wy", Key: "v1:platform_error_ratio:platform:3", Rule: rules.RulePlatformErrorRatio, Scope: rules.ScopePlatform,
		Title: "webhook failures are up on the platform, most of them at channel ID_BCA", State: alerting.StateOpen, Severity: rules.Critical,
		Evidence:  rules.Evidence{Text: "62 of 1000 first attempts failed (6.2%) between 14:43 and 14:48 UTC; ordinarily 0.3%", Clears: "10 min below 2%"},
		StartedAt: began, OpenedAt: opened, At: opened, MemberCount: 1,
		Members:  []alerting.Member{{Rule: rules.RulePlatformErrorRatio, Scope: rules.ScopePlatform, Open: true, Since: opened}},
		Happened: "webhook failures are up on the platform, most of them at channel ID_BCA: 6.2% of first attempts fail",
		Share:    0.062, PeakShare: 0.081,
		URL: "https://hooks.example.com/incidents/inc_4kd7aq2mxz5rt6wy", Runbook: "https://wiki.example.com/a?x=1&y=2",
		About: alerting.About{
			Cause: "our_side", Why: "attempts of all channels fail before they leave us", Advice: "look at the last deploy of the sender, and roll it back",
			Endpoints: 14, Merchants: 9, Waiting: 620, AtRisk: 18, NextLoss: opened.Add(5 * time.Hour),
		},
	}
}

func with(change func(*alerting.Facts)) alerting.Facts {
	f := ratio()
	change(&f)
	return f
}

func acknowledged() alerting.Facts {
	return with(func(f *alerting.Facts) {
		f.State, f.AcknowledgedAt, f.AcknowledgedBy = alerting.StateAcknowledged, opened.Add(4*time.Minute), "Budi"
		f.Happened, f.At = "acknowledged by Budi", f.AcknowledgedAt
	})
}

func resolved() alerting.Facts {
	return with(func(f *alerting.Facts) {
		f.State, f.ResolvedAt = alerting.StateResolved, opened.Add(17*time.Minute)
		f.Happened, f.At = "below 2% for 10 min", f.ResolvedAt
	})
}

// endpoint is an incident of one endpoint.
func endpoint() alerting.Facts {
	return with(func(f *alerting.Facts) {
		f.Title, f.Rule, f.Scope = "acme-payouts is down: timeout_response", rules.RuleEndpointDown, rules.ScopeOf(rules.ScopeEndpoint, "acme-payouts")
		f.Merchant, f.Severity, f.About = "acme", rules.High, alerting.About{MerchantName: "Acme & Sons"}
		f.Happened = f.Title
	})
}

func notice(t *testing.T, kind alerting.Kind, version int, f alerting.Facts) alerting.Notice {
	t.Helper()
	raw, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	n := alerting.Notice{
		ID: fmt.Sprintf("n%d", version), IdemKey: fmt.Sprintf("%s:%s:%d:am/alerts", f.Key, kind, version), Lane: "am/alerts", Subject: "inc_4kd7aq2mxz5rt6wy",
		Version: version, Kind: kind, Flow: alerting.FlowEvent, Severity: f.Severity, Facts: raw, Created: opened, Due: opened, Attempts: 1,
	}
	if kind == alerting.KindState {
		n.Flow = alerting.FlowState
	}
	return n
}
