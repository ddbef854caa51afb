package probes_test

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/hookvigil/hookvigil/probes"
)

var update = flag.Bool("update", false, "rewrite golden files")

// businessKeys must appear in no probe, at no level, under no option.
var businessKeys = regexp.MustCompile(`(?i)"[^"]*(amount|currency|status|payment|price|payout|refund|invoice|reference|external|business|account|channel|order|transaction)[^"]*"\s*:`)

func TestPingNeverLooksLikeMoneyGolden(t *testing.T) {
	t.Parallel()
	for _, level := range []probes.Level{probes.LevelReach, probes.LevelRefuse, probes.LevelPing} {
		t.Run(string(level), func(t *testing.T) {
			t.Parallel()
			raw := capture(t, func(ep *probes.Endpoint) { ep.Policy.Level = level })
			if m := businessKeys.FindString(raw); m != "" {
				t.Errorf("the %s probe carries %s", level, m)
			}
			if !strings.Contains(raw, "X-Hookvigil-Synthetic: 1\r\n") || !strings.Contains(raw, "User-Agent: hookvigil/test (+https://status.example.com/webhooks)\r\n") {
				t.Errorf("the marks are missing in:\n%s", raw)
			}
			stable := regexp.MustCompile(`probe_[A-Z2-7]{26}`).ReplaceAllString(raw, "probe_ID")
			stable = regexp.MustCompile(`wrong-token-[A-Z2-7]{26}`).ReplaceAllString(stable, "wrong-token-RANDOM")
			stable = regexp.MustCompile(`"created":"[^"]+"`).ReplaceAllString(stable, `"created":"TIME"`)
			stable = regexp.MustCompile(`Host: [^\r]+`).ReplaceAllString(stable, "Host: HOST")
			stable = regexp.MustCompile(`Content-Length: \d+`).ReplaceAllString(stable, "Content-Length: N")
			golden(t, "testdata/"+string(level)+".golden", strings.ReplaceAll(stable, "\r\n", "\n"))
		})
	}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", file, got, want)
	}
}

func TestPingIsSignedAsStandardWebhooksSay(t *testing.T) {
	t.Parallel()
	raw := capture(t, func(ep *probes.Endpoint) {
		ep.Policy.Level, ep.Policy.AllowCleartext = probes.LevelPing, true
		ep.Token, ep.Scheme = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", probes.SchemeStandardWebhooks
	})
	req, err := http.ReadRequest(bufio.NewReader(strings.NewReader(raw)))
	if err != nil {
		t.Fatal(err)
	}
	_, body, _ := strings.Cut(raw, "\r\n\r\n")
	id, stamp := req.Header.Get("Webhook-Id"), req.Header.Get("Webhook-Timestamp")
	want := signStandard(t, "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", id+"."+stamp+"."+body)
	if got := req.Header.Get("Webhook-Signature"); got != want {
		t.Errorf("signature %s, want %s", got, want)
	}
	if strings.Contains(raw, "whsec_") || strings.Contains(strings.ToLower(raw), "x-callback-token") {
		t.Errorf("the secret itself was sent:\n%s", raw)
	}
}

func TestTokenIsNotSentInCleartextUnlessAllowed(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		allow bool
		want  bool
	}{
		"kept back by default": {false, false},
		"sent when allowed":    {true, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			raw := capture(t, func(ep *probes.Endpoint) {
				ep.Policy.Level, ep.Policy.AllowCleartext, ep.Token = probes.LevelPing, test.allow, "the-right-token"
			})
			if got := strings.Contains(raw, "the-right-token"); got != test.want {
				t.Errorf("token sent: %t, want %t", got, test.want)
			}
		})
	}
}

func TestCheckBodyRefusesWhatLooksLikeMoney(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		body string
		want string // part of the error; empty: fine
	}{
		"nothing":                         {``, ""},
		"a handler's own shape":           {`{"version":2,"data":{"kind":"test"}}`, ""},
		"an amount":                       {`{"amount":10000}`, "business key"},
		"an amount deep inside":           {`{"data":{"items":[{"Paid_Amount":1}]}}`, "business key"},
		"a payment id, spelt differently": {`{"data":{"paymentId":"x"}}`, "business key"},
		"a status":                        {`{"status":"SUCCEEDED"}`, "business key"},
		"a currency":                      {`{"CURRENCY":"IDR"}`, "business key"},
		"a business event over the mark":  {`{"event":"payout.succeeded"}`, "mark"},
		"live mode":                       {`{"livemode":true}`, "mark"},
		"a mark deep inside":              {`{"data":{"type":"payout.succeeded"}}`, "mark"},
		"a zero-width space in it":        {"{\"am\u200bount\":1}", "plain ASCII"},
		"an amount, shortened":            {`{"amt":1}`, "business key"},
		"no object":                       {`[1]`, "not a JSON object"},
		"null":                            {`null`, "not a JSON object"},
		"too long":                        {`{"x":"` + strings.Repeat("a", 5000) + `"}`, "at most 4096"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := probes.CheckBody(json.RawMessage(test.body))
			if (test.want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestCheckTokenHeader(t *testing.T) {
	t.Parallel()
	for name, good := range map[string]bool{
		"": true, "x-callback-token": true, "Authorization": true, "X-Api-Key": true, "Webhook-Secret": true,
		"Host": false, "Content-Length": false, "Connection": false, "Upgrade": false, "TE": false, "Expect": false, "Transfer-Encoding": false,
		"X-Hookvigil-Synthetic": false, "X-Forwarded-For": false, "Range": false, "x y": false, "x:y": false, "Cookie": false, "X-\r\nA": false,
	} {
		if err := probes.CheckTokenHeader(name); (err == nil) != good {
			t.Errorf("%q: got %v, want good: %t", name, err, good)
		}
	}
}

func TestCheckTokenKeepsItsSecret(t *testing.T) {
	t.Parallel()
	for name, token := range map[string]probes.Secret{"a line break": "marker-secret\n", "no base64": "marker-secret!"} {
		err := probes.CheckToken(token, probes.SchemeStandardWebhooks)
		if err == nil || strings.Contains(err.Error(), "marker") {
			t.Errorf("%s: got %v, want an error without the token", name, err)
		}
	}
	for _, verb := range []string{"%v", "%s", "%q", "%#v", "%x", "%+v", "%d"} {
		if got := fmt.Sprintf(verb, probes.Secret("marker-secret")); got != "<secret>" {
			t.Errorf("%s prints %q", verb, got)
		}
	}
}

func FuzzCheckBody(f *testing.F) {
	f.Add([]byte(`{"a":{"b":[1,{"c":null}]}}`))
	f.Add([]byte(`{"data":{"amount":1}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if probes.CheckBody(raw) == nil && businessKeys.Match(raw) && json.Valid(raw) {
			t.Errorf("%q passes", raw)
		}
	})
}
