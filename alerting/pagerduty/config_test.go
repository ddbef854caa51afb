package pagerduty_test

import (
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/alerting/pagerduty"
	"github.com/hookvigil/hookvigil/internal/hooktest"
	"github.com/hookvigil/hookvigil/probes"
)

func TestConfigIsJudged(t *testing.T) {
	t.Parallel()
	const good, proof = hooktest.DefaultPagerDutyKey, "R0HOOKTEST0HOOKTEST0HOOKTEST0PRO"
	const odd = "marker-marker-marker-marker-mark"
	for sentence, tc := range map[string]struct {
		cfg  pagerduty.Config
		want string // what the faults begin with, by line; empty: there is none
	}{
		"a key alone":                        {pagerduty.Config{RoutingKey: good}, ""},
		"all of it":                          {pagerduty.Config{RoutingKey: good, URL: "https://events.eu.pagerduty.com/", Client: "hookvigil Jakarta", Timeout: 30 * time.Second}, ""},
		"nothing":                            {pagerduty.Config{}, "routing_key: is missing"},
		"a key with a line break":            {pagerduty.Config{RoutingKey: good + "\n"}, "routing_key: holds"},
		"a key that is no key of PagerDuty":  {pagerduty.Config{RoutingKey: "marker"}, "routing_key: has 6 characters"},
		"a key of the EU that is none":       {pagerduty.Config{RoutingKey: "marker", URL: "https://events.eu.pagerduty.com"}, "routing_key: has 6"},
		"a key with quotes around it":        {pagerduty.Config{RoutingKey: probes.Secret(`"` + good[2:] + `"`)}, "routing_key: holds a character that is neither"},
		"a key with other characters":        {pagerduty.Config{RoutingKey: odd}, "routing_key: holds a character that is neither"},
		"a key with other letters":           {pagerduty.Config{RoutingKey: probes.Secret(good[:30] + "é")}, "routing_key: holds white space"},
		"a key one character too short":      {pagerduty.Config{RoutingKey: probes.Secret(good[:31])}, "routing_key: has 31 characters"},
		"a key one character too long":       {pagerduty.Config{RoutingKey: good + "0"}, "routing_key: has 33 characters"},
		"a key of small letters and digits":  {pagerduty.Config{RoutingKey: "0123456789abcdefghijklmnopqrstuv"}, ""},
		"such a key of somebody else":        {pagerduty.Config{RoutingKey: odd, URL: "https://pager.example.com/x"}, ""},
		"a test key":                         {pagerduty.Config{RoutingKey: good, TestKey: proof}, ""},
		"a test key that wakes somebody":     {pagerduty.Config{RoutingKey: good, TestKey: good}, "test_key: is the routing key"},
		"a test key that is none":            {pagerduty.Config{RoutingKey: good, TestKey: "marker"}, "test_key: has 6 characters"},
		"a test key with a line break":       {pagerduty.Config{RoutingKey: good, TestKey: proof + "\n"}, "test_key: holds"},
		"a short key of somebody else":       {pagerduty.Config{RoutingKey: "marker", URL: "https://pager.example.com/x"}, ""},
		"a key that is far too long":         {pagerduty.Config{RoutingKey: probes.Secret(strings.Repeat("k", 257)), URL: "https://pager.example.com"}, "routing_key: has 257"},
		"http on this machine":               {pagerduty.Config{RoutingKey: good, URL: "http://127.0.0.1:8080"}, ""},
		"http elsewhere":                     {pagerduty.Config{RoutingKey: good, URL: "http://pager.example.com"}, "url: is not https"},
		"a URL with a query":                 {pagerduty.Config{RoutingKey: good, URL: "https://pager.example.com/?key=marker"}, "url: has a query"},
		"a URL with a user":                  {pagerduty.Config{RoutingKey: good, URL: "https://u:marker@pager.example.com/"}, "url: "},
		"a URL with its end":                 {pagerduty.Config{RoutingKey: good, URL: "https://events.pagerduty.com/v2/enqueue"}, "url: ends in /v2/enqueue"},
		"a timeout just long enough":         {pagerduty.Config{RoutingKey: good, Timeout: 100 * time.Millisecond}, ""},
		"a timeout that is too short":        {pagerduty.Config{RoutingKey: good, Timeout: 99 * time.Millisecond}, "timeout: 99ms is outside"},
		"a timeout that is too long":         {pagerduty.Config{RoutingKey: good, Timeout: 30*time.Second + 1}, "timeout: "},
		"a client with a line break":         {pagerduty.Config{RoutingKey: good, Client: "a\nb"}, "client: "},
		"a client that is just short enough": {pagerduty.Config{RoutingKey: good, Client: strings.Repeat("c", 100)}, ""},
		"a client that is too long":          {pagerduty.Config{RoutingKey: good, Client: strings.Repeat("c", 101)}, "client: "},
		"several faults":                     {pagerduty.Config{URL: "http://pager.example.com", Timeout: -1}, "routing_key: \nurl: \ntimeout: "},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			err := tc.cfg.Validate()
			if tc.want == "" || err == nil {
				if err != nil || tc.want != "" {
					t.Errorf("got %v, want %q", err, tc.want)
				}
				return
			}
			got, want := strings.Split(err.Error(), "\n"), strings.Split(tc.want, "\n")
			if len(got) != len(want) || strings.Contains(err.Error(), "marker") {
				t.Fatalf("got %v, want %q and no secret", err, want)
			}
			for i := range want {
				if !strings.HasPrefix(got[i], want[i]) {
					t.Errorf("got %q, want it to begin with %q", got[i], want[i])
				}
			}
		})
	}
}

func TestDestinationIsARecord(t *testing.T) {
	t.Parallel()
	if got, want := pagerduty.Destination("pager"), (alerting.Destination{Lane: "pager/events", Form: alerting.FormState}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := pagerduty.ProofDestination("pager"); got.Lane == pagerduty.Destination("pager").Lane || alerting.ReceiverOf(got.Lane) != "pager" {
		t.Errorf("got %+v, want another lane of the same receiver", got)
	}
}
