package config_test

import (
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/internal/config"
)

const twoReceivers = `
version: 1
receivers:
  mail: {kind: email, smtp: {host: smtp.example.com}, from: a@example.com, to: [sre@example.com]}
  lead: {kind: email, smtp: {host: smtp.example.com}, from: a@example.com, to: [lead@example.com]}
`

func TestLoadIncidents(t *testing.T) {
	cfg := mustLoad(t, twoReceivers+`
incidents:
  settle: 0s
  flapping: {turns: 6, within: 1h, stable: 10m}
  ack_expires: 8h
  again: 3m
  renotify: 15m
  renotify_later: 1h
  renotify_most: 5
  merchants: {after: 1m, hold: 10m, receiver: lead}
routes: [{to: [mail]}]
`)
	want := config.Incidents{
		Flapping:       alerting.Flapping{Turns: 6, Within: time.Hour, Stable: 10 * time.Minute},
		Ladder:         alerting.Ladder{Again: 3 * time.Minute, First: 15 * time.Minute, Later: time.Hour, Most: 5, AckFor: 8 * time.Hour},
		MerchantsAfter: time.Minute, MerchantsHold: 10 * time.Minute, Merchants: "lead",
	}
	if cfg.Incidents != want {
		t.Errorf("got %+v, want %+v", cfg.Incidents, want)
	}
}

// Without a word on them, merchants hear of incidents as they get digests.
func TestMerchantsHearThroughTheDigestsReceiver(t *testing.T) {
	cfg := mustLoad(t, twoReceivers+"digest: {receiver: lead}\nroutes: [{to: [mail]}]\nmerchants: [{id: a, incidents: {to: [ops@a.example]}}]\n")
	if cfg.Incidents.Merchants != "lead" {
		t.Errorf("through %q", cfg.Incidents.Merchants)
	}
}

func TestWhatIsWrongWithIncidents(t *testing.T) {
	for name, tc := range map[string]struct{ text, want string }{
		"a hold beyond what merchants were promised": {"incidents: {merchants: {hold: 1h}}", "incidents.merchants.hold: 1h is outside [0s, 15m]"},
		"turns below nothing":                        {"incidents: {flapping: {turns: -1}}", "incidents.flapping.turns: -1 is outside [0, 100]"},
		"stable at once, which nothing ever was":     {"incidents: {flapping: {stable: 0s}}", "incidents.flapping.stable: 0s is outside [1s, 1d]"},
		"a receiver that is not there":               {"incidents: {merchants: {receiver: mial}}", `incidents.merchants.receiver: there is no receiver "mial"`},
		"an escalation without a time":               {"routes: [{to: [mail], escalate: [{to: [lead]}]}]", "routes[0].escalate[0].after: is missing"},
		"an escalation to nobody":                    {"routes: [{to: [mail], escalate: [{after: 15m}]}]", "routes[0].escalate[0].to: is missing"},
		"an escalation to somebody unknown":          {"routes: [{to: [mail], escalate: [{after: 15m, to: [leed]}]}]", `routes[0].escalate[0].to[0]: there is no receiver "leed"`},
		"a day that is none":                         {"routes: [{match: {during: {days: [monday]}}, to: [mail]}]", `routes[0].match.during.days[0]: "monday" is no day of the week`},
		"an hour that is none":                       {`routes: [{match: {during: {from: "25:00"}}, to: [mail]}]`, `routes[0].match.during.from: "25:00" is no time of the day`},
		"a zone that is none":                        {"routes: [{match: {during: {timezone: WIB}}, to: [mail]}]", `routes[0].match.during.timezone: "WIB" is no time zone`},
		"a scope that is none":                       {"routes: [{match: {scope: world}, to: [mail]}]", `routes[0].match.scope: "world" is not a kind of scope`},
	} {
		t.Run(name, func(t *testing.T) {
			_, faults := load(t, twoReceivers+tc.text+"\n")
			if text := printed(t, faults); !strings.Contains(text, tc.want) {
				t.Errorf("got\n%s\nwant %s", text, tc.want)
			}
		})
	}
}

func TestHours(t *testing.T) {
	cfg := mustLoad(t, twoReceivers+`
routes:
  - {match: {during: {days: [mon-fri], from: "22:00", until: "06:00", timezone: Asia/Jakarta}, scope: platform}, to: [mail], escalate: [{after: 15m, to: [lead]}, {after: 5m, to: [mail]}]}
  - {match: {product: PAYOUT}, to: [lead]}
  - {to: [mail]}
`)
	h := cfg.Routes[0].Match.During
	for at, want := range map[string]bool{
		"2026-11-20T22:00:00+07:00": true, // a Friday
		"2026-11-21T05:59:59+07:00": true,
		"2026-11-21T06:00:00+07:00": false,
		"2026-11-21T23:00:00+07:00": false,
		"2026-11-23T05:00:00+07:00": false, // the night that began on Sunday
		"2026-11-23T15:30:00Z":      true,
	} {
		moment, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if got := h.Has(moment); got != want {
			t.Errorf("%s: %v", at, got)
		}
	}
	if r := cfg.Routes[0]; r.Escalate[0].After != 5*time.Minute || r.Escalate[1].To[0] != "lead" || r.Match.Scope[0] != "platform" {
		t.Errorf("got %+v", r)
	}
	if !(config.Hours{}).Has(time.Now()) {
		t.Error("no hours are not always")
	}
}
