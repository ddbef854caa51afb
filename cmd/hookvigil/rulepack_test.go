package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/rules"
)

// packConfig is what the logs of the rule pack are tried with.
const packConfig = `version: 1
defaults: {schedule: xendit}
merchants:
  - id: acme
    endpoints:
      - {id: acme-payouts, url: "https://hooks.acme.example/payouts"}
      - {id: acme-invoices, url: "https://hooks.acme.example/invoices"}
  - {id: toko, endpoints: [{id: toko-orders, url: "https://toko.example/hook"}]}
targets: [{id: ledger, address: "ledger.example:8443"}]
rules:
  merchant_error_ratio: {page: [acme]}
  error_ratio: {` + setHeights + `}
`

// packLog is one log, and the episodes that the whole pack makes of it:
// nothing more opens.
type packLog struct {
	about string
	log   func(*logbook)
	want  []string // rule, scope, worst severity, opened, cleared
}

// ruleLogs are logs on which each rule is seen to open and to clear, by the
// name of their file.
var ruleLogs = map[string]packLog{
	"ratios": {
		"acme-payouts, to which half of the QR payouts go, answers deliveries and probes with 503 from 00:30 to 00:35; retried after 15 minutes they are delivered",
		func(l *logbook) {
			for i := range 90 * 60 {
				at, failing := time.Duration(i)*time.Second, i >= 30*60 && i < 35*60
				verdict, codes := `"healthy","status":200`, []int{200}
				if failing {
					verdict = `"down","fault":"http_5xx","status":503`
				}
				if failing && i%2 == 0 {
					codes = []int{503, 200}
				}
				to := []string{"acme-payouts", "toko-orders"}[i%2]
				l.tries(at, sent{to: to, channel: "QR", product: "PAYOUT", kind: "payout.succeeded"}, codes...)
				if i%60 == 30 {
					l.probe(at, "acme-payouts", verdict)
				}
			}
		},
		[]string{
			"channel_error_ratio channel:QR critical 00:31:00 00:49:50", "endpoint_down endpoint:acme-payouts high 00:32:30 00:36:30",
			"endpoint_failing endpoint:acme-payouts high 00:31:00 00:49:50",
			"merchant_error_ratio merchant:acme critical 00:31:00 00:49:50", "platform_error_ratio platform critical 00:31:00 00:49:50",
			"product_error_ratio product:PAYOUT critical 00:31:00 00:49:50", "type_error_ratio type:payout.succeeded high 00:31:00 00:49:50",
		},
	},
	"down": {
		"the probe of toko-orders is refused from 00:10 to 00:14",
		func(l *logbook) {
			for minute := range 30 {
				verdict := `"healthy","status":200`
				if minute >= 10 && minute < 15 {
					verdict = `"down","fault":"refused"`
				}
				l.probe(time.Duration(minute)*time.Minute, "toko-orders", verdict)
			}
		},
		[]string{"endpoint_down endpoint:toko-orders high 00:12:00 00:16:00"},
	},
	"waiting": {
		"the one event of toko-orders fails three times from 01:00 on, while the probe is well; its retry at 04:00 is delivered",
		func(l *logbook) {
			l.tries(time.Hour, sent{to: "toko-orders"}, 500, 500, 500, 200)
			for minute := range 5 * 60 {
				l.probe(time.Duration(minute)*time.Minute+30*time.Second, "toko-orders", `"healthy","status":200`)
			}
		},
		[]string{"endpoint_down endpoint:toko-orders high 02:00:30 04:00:30"},
	},
	"slow": {
		"toko-orders needs 8 seconds for an answer from 01:00 on, 26 seconds from 01:30 on, and 0.1 again from 02:00 on",
		func(l *logbook) {
			for i := range 4 * 60 {
				at, took := time.Duration(i)*time.Minute, 100*time.Millisecond
				switch {
				case i >= 60 && i < 90:
					took = 8 * time.Second
				case i >= 90 && i < 120:
					took = 26 * time.Second
				}
				l.tries(at, sent{to: "toko-orders", took: took}, 200)
			}
		},
		[]string{"endpoint_slow endpoint:toko-orders high 01:15:00 03:00:00"},
	},
	"losses": {
		"nothing reaches toko-orders: two events fail at every try of a day, the last of them at 00:00 and 00:01 a day later",
		func(l *logbook) {
			l.beside(26*time.Hour, 10*time.Minute)
			for i := range 2 {
				l.tries(time.Duration(i)*time.Minute, sent{to: "toko-orders"}, 500, 500, 500, 500, 500, 500, 500)
			}
		},
		[]string{"events_lost endpoint:toko-orders high 1+00:01:00 1+01:01:00", "loss_coming endpoint:toko-orders high 18:00:00 1+00:02:00"},
	},
	"retries": {
		"the sender has trouble of its own with 150 events of acme-invoices; their retry is due after 15 minutes and comes after 45",
		func(l *logbook) {
			l.beside(time.Hour, 5*time.Second)
			for i := range 150 {
				at := 5*time.Minute + time.Duration(i)*time.Second
				event := l.attempt(at, sent{to: "acme-invoices"}, 1, senderError)
				l.again(at+45*time.Minute, event, sent{to: "acme-invoices"}, 2, 200)
			}
		},
		[]string{"retries_missing source:core high 00:33:00 00:53:00"},
	},
	"upstream": {
		"ID_BCA tells of payments after 20 minutes, from 01:00 to 01:30: a slow channel is no failing endpoint, and no slow one",
		func(l *logbook) {
			for i := range 3 * 60 {
				s := sent{to: "acme-payouts", channel: []string{"ID_BCA", "ID_BNI"}[i%2], lag: 2 * time.Second}
				if i >= 60 && i < 90 && i%2 == 0 {
					s.lag = 20 * time.Minute
				}
				for j := range 4 {
					l.tries(time.Duration(i)*time.Minute+time.Duration(15*j)*time.Second, s, 200)
				}
			}
		},
		[]string{"upstream_delay channel:ID_BCA high 01:01:00 01:45:00"},
	},
	"twice": {
		"from 00:20 to 00:30 one in twenty events is sent again a minute after it was delivered",
		func(l *logbook) {
			for i := range 60 * 12 {
				at := time.Duration(i) * 5 * time.Second
				event := l.attempt(at, sent{to: "acme-payouts"}, 1, 200)
				if i >= 20*12 && i < 30*12 && i%20 == 0 {
					l.again(at+time.Minute, event, sent{to: "acme-payouts"}, 2, 200)
				}
			}
		},
		[]string{"duplicates source:core high 00:23:00 00:45:00"},
	},
	"silence": {
		"an attempt each two minutes for 26 hours, and then none for 40 minutes",
		func(l *logbook) {
			l.beside(26*time.Hour, 2*time.Minute)
			l.from = 26*time.Hour + 40*time.Minute
			l.beside(20*time.Minute, 2*time.Minute)
		},
		[]string{"silence source:core critical 1+02:07:00 1+02:41:00"},
	},
	"certificates": {
		"looked at each 15 minutes, the certificate of toko-orders is expired from 00:30 to 01:15, and that of our own ledger has the wrong name from 00:45 to 01:00",
		func(l *logbook) {
			const good = `"ok","faults":[],"not_after":"2024-02-01T00:00:00Z"`
			for i := range 8 {
				toko, ledger := good, good
				if i >= 2 && i < 6 {
					toko = `"fail","faults":["expired_leaf"],"not_after":"2023-11-11T00:20:00Z","detail":"the certificate expired at 2023-11-11 00:20:00 UTC"`
				}
				if i >= 3 && i < 5 {
					ledger = `"fail","faults":["hostname_mismatch"],"not_after":"2024-02-01T00:00:00Z"`
				}
				at := time.Duration(i) * 15 * time.Minute
				l.look(at, `"endpoint":"toko-orders"`, toko)
				l.look(at, `"target":"ledger"`, ledger)
			}
		},
		[]string{"certificate endpoint:toko-orders high 00:45:00 01:30:00", "certificate target:ledger high 01:00:00 01:15:00"},
	},
}

// alikeLogs look like trouble and are none.
var alikeLogs = map[string]packLog{
	"night": {
		"night is no silence: an attempt each two minutes by day, one each half an hour by night",
		func(l *logbook) {
			for at := time.Duration(0); at < 3*24*time.Hour; {
				l.tries(at, sent{to: "acme-payouts"}, 200)
				if hour := at.Hours() - 24*float64(at/(24*time.Hour)); hour >= 6 && hour < 22 {
					at += 2 * time.Minute
				} else {
					at += 30 * time.Minute
				}
			}
		}, nil,
	},
	"retried": {
		"a retry is no duplicate: one in 67 first attempts fails, some with a timeout, and is tried again after 15 minutes",
		func(l *logbook) {
			for i := range 2 * 900 {
				codes := []int{200}
				if i%67 == 0 {
					codes = []int{[]int{timeout, 503}[i%2], 200}
				}
				l.tries(time.Duration(i)*4*time.Second, sent{to: "acme-payouts"}, codes...)
			}
		}, nil,
	},
	"roots": {
		"a stale trust store is no merchant's certificate: our probes trust none of three endpoints any more; looks at their certificates do, and deliveries arrive",
		func(l *logbook) {
			for i := range 2 * 60 {
				at, verdict := time.Duration(i)*time.Minute+20*time.Second, `"healthy","status":200`
				if i >= 30 {
					verdict = `"down","fault":"tls_untrusted"`
				}
				for _, id := range []string{"acme-payouts", "acme-invoices", "toko-orders"} {
					l.probe(at, id, verdict)
					l.tries(at+30*time.Second, sent{to: id}, 200)
					if i%15 == 0 {
						l.look(at, `"endpoint":"`+id+`"`, `"ok","faults":[],"not_after":"2024-02-01T00:00:00Z"`)
					}
				}
			}
		}, nil,
	},
	"options": {
		"OPTIONS refused is no outage: one endpoint answers it with 405, one with 500, and never otherwise",
		func(l *logbook) {
			l.beside(time.Hour, time.Minute)
			for i := range 60 {
				at := time.Duration(i)*time.Minute + 20*time.Second
				l.probe(at, "acme-payouts", `"healthy","status":405`)
				l.probe(at, "toko-orders", `"down","fault":"http_5xx","status":500`)
			}
		}, nil,
	},
	"restart": {
		"a restart is no outage: for 20 seconds everything fails, and is delivered at the first retry",
		func(l *logbook) {
			for i := range 3600 {
				codes := []int{200}
				if i >= 1200 && i < 1220 {
					codes = []int{503, 200}
				}
				l.tries(time.Duration(i)*time.Second, sent{to: "acme-payouts"}, codes...)
			}
		}, nil,
	},
}

func TestEachRuleOpensAndClearsAndStaysSilentOnLookAlikes(t *testing.T) {
	t.Parallel()
	r := ruleBook{t.TempDir()}
	write(t, r.path("hookvigil.yaml"), packConfig)
	var text strings.Builder
	seen := map[rules.Rule]bool{}
	for _, part := range []struct {
		title string
		logs  map[string]packLog
	}{{"Each rule opens and clears.", ruleLogs}, {"Look-alikes: nothing opens.", alikeLogs}} {
		fmt.Fprintf(&text, "# %s\n\n", part.title)
		for _, name := range slices.Sorted(maps.Keys(part.logs)) {
			one := part.logs[name]
			var l logbook
			one.log(&l)
			write(t, r.path(name+".ndjson"), l.text())
			got := r.call(t, "rules test "+name+".ndjson --all")
			fmt.Fprintf(&text, "# %s: %s\n$ hookvigil rules test %s.ndjson --all\n%s%s\n", name, one.about, name, got.stdout, got.stderr)
			have := r.episodes(t, name+".ndjson")
			if !slices.Equal(have, one.want) || got.status != exitGood {
				t.Errorf("%s: got %d,\n%q\nwant\n%q", name, got.status, have, one.want)
			}
			for _, e := range have {
				rule, _, _ := strings.Cut(e, " ")
				seen[rules.Rule(rule)] = seen[rules.Rule(rule)] || !strings.HasSuffix(e, " open")
			}
		}
	}
	for _, rule := range rules.Rules() {
		if rule != rules.RuleMonitorSelf && !seen[rule] { // no log tells of us
			t.Errorf("%s was not seen to open and clear", rule)
		}
	}
	golden(t, "rulepack", text.String())
}

func TestSchedulesAreSaidByTheConfigurationOrByAFlag(t *testing.T) {
	t.Parallel()
	r := ruleBook{t.TempDir()}
	write(t, r.path("hookvigil.yaml"), "version: 1\ndefaults: {schedule: \"10m\"}\nmerchants:\n  - {id: acme, endpoints: [{id: acme-payouts, url: \"https://hooks.acme.example/\", schedule: none}]}\n")
	var l logbook
	l.tries(0, sent{to: "acme-payouts"}, 503)
	l.tries(time.Minute, sent{to: "elsewhere"}, 503)
	l.from = time.Hour
	l.beside(20*time.Minute, time.Minute)
	write(t, r.path("log.ndjson"), l.text())
	for flag, want := range map[string][]string{
		"":                    {"events_lost endpoint:acme-payouts high 00:01:00 01:00:00", "events_lost endpoint:elsewhere high 00:14:00 01:11:00"},
		" --schedule none":    {"events_lost endpoint:acme-payouts high 00:01:00 01:00:00", "events_lost endpoint:elsewhere high 00:02:00 01:01:00"},
		" --schedule unknown": nil,
	} {
		if have := r.episodes(t, "log.ndjson"+flag); !slices.Equal(have, want) {
			t.Errorf("rules test%s: got\n%q\nwant\n%q", flag, have, want)
		}
	}
	if got := r.call(t, "rules test log.ndjson --schedule soon"); got.status != exitUsage || !strings.Contains(got.stderr, "neither a preset nor offsets") {
		t.Errorf("got %+v, want what a schedule is", got)
	}
	if s := schedulesOf(&registry.Snapshot{}, deliveries.Unknown)("acme-payouts"); s.Known() {
		t.Errorf("got %+v without a configuration, want none that is known", s)
	}
}

// episodes returns what the pack makes of a log, sorted.
func (r ruleBook) episodes(t *testing.T, log string) []string {
	t.Helper()
	var out struct{ Conditions []episodeOutput }
	if err := json.Unmarshal([]byte(r.call(t, "rules test "+log+" --json").stdout), &out); err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, e := range out.Conditions {
		cleared := "open"
		if e.ClearedAt != nil {
			cleared = sinceBegin(*e.ClearedAt)
		}
		list = append(list, fmt.Sprintf("%s %s %s %s %s", e.Rule, e.Scope, e.Severity, sinceBegin(e.OpenedAt), cleared))
	}
	slices.Sort(list)
	return list
}

// sinceBegin writes a time by the clock, with the days since the log began.
func sinceBegin(at time.Time) string {
	text := at.Format(time.TimeOnly)
	if days := at.Sub(logBegin) / (24 * time.Hour); days > 0 {
		text = fmt.Sprintf("%d+%s", days, text)
	}
	return text
}
