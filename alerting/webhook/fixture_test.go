package webhook_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/alerting/webhook"
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/rules"
)

// Two signing secrets, as openssl would make them.
const (
	newSecret = "whsec_bmV3LW5ldy1uZXctbmV3LW5ldy1uZXctbmV3LTAx"
	oldSecret = "whsec_b2xkLW9sZC1vbGQtb2xkLW9sZC1vbGQtb2xkLTAx"
)

// got is a request as the program at the other end sees it.
type got struct {
	header http.Header
	body   []byte
	method string
}

// program is a receiver's other end, which answers as it is told.
type program struct {
	*httptest.Server
	mu  sync.Mutex
	all []got
}

func start(t *testing.T, answer http.HandlerFunc) *program {
	t.Helper()
	p := &program{}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body) // a client that goes away is a case of its own
		p.mu.Lock()
		p.all = append(p.all, got{r.Header.Clone(), body, r.Method})
		p.mu.Unlock()
		answer(w, r)
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *program) requests() []got {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]got(nil), p.all...)
}

// generous is for calls that are not to run out of time: the longest there is.
const generous = 30 * time.Second

func configFor(p *program) webhook.Config {
	return webhook.Config{URL: probes.Secret(p.URL + "/hooks/url-marker?token=query-marker"), Secret: newSecret, Timeout: generous}
}

func receiver(t *testing.T, c webhook.Config) *webhook.Receiver {
	t.Helper()
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	return webhook.New(c, slog.New(slog.DiscardHandler))
}

func at(clock string) time.Time {
	v, err := time.Parse(time.DateTime, "2023-11-11 "+clock)
	if err != nil {
		panic(err)
	}
	return v.In(time.FixedZone("WIB", 7*60*60)) // bodies say UTC whatever comes in
}

// openFacts are those of the example in docs/webhook-receiver.md.
func openFacts() alerting.Facts {
	return alerting.Facts{
		Incident: "inc_abcdefghij234567", Number: "234567", Key: "v1:endpoint_down:endpoint:toko-maju-payouts:1",
		Title: "toko-maju-payouts is down", Rule: rules.RuleEndpointDown, Scope: "endpoint:toko-maju-payouts",
		State: alerting.StateOpen, Severity: rules.Critical, Merchant: "toko-maju",
		Evidence: rules.Evidence{
			Text: "no answer in 3 probes", From: at("14:45:00").UTC(), To: at("14:50:00").UTC(), Numerator: 22, Denominator: 360,
			Threshold: 0.04, Clears: "5 good probes in a row",
		},
		StartedAt: at("14:48:00"), OpenedAt: at("14:50:00"), At: at("14:50:00"),
		Share: 0.31, PeakShare: 0.42,
		Happened: "toko-maju-payouts is down: no answer in 3 probes",
		Members: []alerting.Member{
			{Rule: rules.RuleEndpointDown, Scope: "endpoint:toko-maju-payouts", Fault: "timeout_connect", Text: "no answer in 3 probes", Open: true, Since: at("14:48:00")},
		},
		MemberCount: 1,
		URL:         "https://hooks.example.com/incidents/inc_abcdefghij234567", Runbook: "https://github.com/hookvigil/hookvigil/blob/main/docs/runbooks/endpoint_down.md",
		About: alerting.About{
			MerchantName: "Toko Maju", Host: "hooks.toko-maju.example", Cause: "endpoint_down", Why: "no connection can be made",
			Advice:    "Check that the server runs, and that its firewall lets us in.",
			Endpoints: 1, Merchants: 1, Waiting: 18, AtRisk: 4, NextLoss: at("20:10:00"), Lost: 2,
		},
	}
}

func noticeOf(t *testing.T, f alerting.Facts) alerting.Notice {
	t.Helper()
	b, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	return alerting.Notice{
		ID: "1", IdemKey: "v1:endpoint_down:endpoint:toko.maju:1:hook:3:pager/hook", Lane: "pager/hook",
		Subject: f.Incident, Version: 3, Kind: alerting.KindHook, Flow: alerting.FlowEvent, Severity: f.Severity, Facts: b,
		Created: at("14:50:01"), Attempts: 1,
	}
}
