package api_test

import (
	"net/http"
	"strings"
	"testing"
)

type discovered []struct {
	Targets []string
	Labels  map[string]string
}

func TestDiscoveryIsWhatPrometheusReads(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	var got discovered
	a := w.ask(t, http.MethodGet, "/api/v1/sd/prometheus", ownViewer, "", header("Accept", "application/json"))
	a.into(t, 200, &got)
	if kind := a.header.Get("Content-Type"); kind != "application/json" {
		t.Errorf("Content-Type %q: Prometheus takes application/json alone", kind)
	}
	if len(got) != 2 || len(got[0].Targets) != 1 || got[0].Targets[0] != "https://own.example/hook" {
		t.Fatalf("got %+v, want own-pay and own-void", got)
	}
	for label, want := range map[string]string{
		"endpoint": "own-pay", "merchant": "own", "merchant_name": "Own Shop", "url": "https://own.example/hook",
		"level": "ping", "products": ",PAYOUT,QR,", "origin": "api", "suspended": "false",
	} {
		if have := got[0].Labels["__meta_hookvigil_"+label]; have != want {
			t.Errorf("label %s is %q, want %q", label, have, want)
		}
	}
	for label := range got[0].Labels {
		if !strings.HasPrefix(label, "__meta_hookvigil_") {
			t.Errorf("label %q has no __meta_ prefix", label)
		}
	}
}

func TestScopedProbeMeansOnesOwnEndpoint(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ token, target, want string }{
		"an ID":                            {ownViewer, "own-pay", "own-pay"},
		"a URL as shown is passed as ID":   {ownViewer, "https://own.example/hook", "own-pay"},
		"a token for all passes it as is":  {viewerToken, "https://own.example/hook", "https://own.example/hook"},
		"a token for all may name whoever": {viewerToken, "rival-pay", "rival-pay"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, allTokens())
			a := w.ask(t, http.MethodGet, "/probe?module=x&target="+tt.target, tt.token, "")
			if a.status != 200 {
				t.Fatalf("status %d: %s", a.status, a.body)
			}
			if got := <-w.probed; got != tt.want {
				t.Errorf("asked for %q, want %q", got, tt.want)
			}
		})
	}
	w := newWorld(t, allTokens())
	for _, target := range []string{"rival-pay", "https://rival.example/hook", "ledger", "", "own-pay&target=rival-pay"} {
		a := w.ask(t, http.MethodGet, "/probe?target="+target, ownViewer, "")
		select {
		case got := <-w.probed:
			if got != "own-pay" {
				t.Errorf("target %q was passed on as %q", target, got)
			}
		default:
			a.problem(t, 404)
		}
	}
}
