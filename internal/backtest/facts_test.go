package backtest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/backtest"
	"github.com/hookvigil/hookvigil/internal/conditions"
	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/hooktest/traffic"
	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/rules"
)

// troubled is the log of a platform with a dead endpoint, a slow one, a late
// channel, events that are sent again and retries that stay out.
func troubled(t *testing.T) string {
	t.Helper()
	c := traffic.DefaultConfig(3)
	c.Length, c.Rate, c.Healthy, c.Duplicated = 100*time.Minute, 0.6, 0.01, 0.05
	c.Platform.Merchants, c.Platform.Endpoints, c.Dead = 10, 20, []string{"ep-00002"}
	span := traffic.Span{From: c.Start.Add(20 * time.Minute), To: c.Start.Add(50 * time.Minute)}
	c.Slow = []traffic.Slow{{Span: span, Endpoint: "ep-00001", Took: 20 * time.Second}}
	c.LateChannels = []traffic.Late{{Span: span, Channel: "ID_BCA", By: 20 * time.Minute}}
	c.MissingRetries = []traffic.Span{span}
	var b strings.Builder
	if err := traffic.New(c).NDJSON(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// twoRetries is a world in which what fails is sent again after 15 minutes and
// after an hour.
func twoRetries(t *testing.T) backtest.World {
	t.Helper()
	s, err := deliveries.ParseSchedule("15m,1h")
	if err != nil {
		t.Fatal(err)
	}
	return backtest.World{Schedule: func(string) deliveries.Schedule { return s }}
}

// opened counts the episodes of each rule.
func opened(p backtest.Played) map[rules.Rule]int {
	n := map[rules.Rule]int{}
	for _, e := range p.Episodes {
		n[e.Key.Rule]++
	}
	return n
}

func TestTheWholePackDecidesAlikeWhateverAGroupIs(t *testing.T) {
	t.Parallel()
	log := troubled(t)
	whole := run(t, log, backtest.Settings{World: twoRetries(t)})
	want, n := whole.Played[0], opened(whole.Played[0])
	if whole.Counts.Unfollowed+whole.Counts.Untimed != 0 {
		t.Errorf("got %+v, want room for all", whole.Counts)
	}
	for _, rule := range []rules.Rule{
		rules.RuleLossComing, rules.RuleEventsLost, rules.RuleRetriesMissing, rules.RuleDuplicates, rules.RuleUpstreamDelay, rules.RuleEndpointSlow,
	} {
		if n[rule] == 0 {
			t.Errorf("%s did not open; the log makes %v", rule, n)
		}
	}
	if !slices.IsSortedFunc(want.Changes, func(a, b rules.Change) int { return a.At.Compare(b.At) }) {
		t.Error("the changes are not by time")
	}
	strict := conditions.DefaultConfig()
	strict.Pack.Duplicates.Share = 0.9
	for _, group := range []int{1, 97} {
		got := run(t, log, backtest.Settings{World: twoRetries(t), Group: group, Rules: []conditions.Config{strict, {}}})
		if !sameChanges(got.Played[1].Changes, want.Changes) {
			t.Errorf("groups of %d, beside other settings: %v, want %v", group, opened(got.Played[1]), n)
		}
		if of := opened(got.Played[0]); of[rules.RuleDuplicates] != 0 || of[rules.RuleLossComing] != n[rules.RuleLossComing] {
			t.Errorf("the other settings: %v, want no duplicates", of)
		}
	}
}

func TestWhatThereIsNoRoomForIsSaid(t *testing.T) {
	t.Parallel()
	log := troubled(t)
	got := run(t, log, backtest.Settings{World: twoRetries(t), MostOpen: 10})
	if got.Counts.Unfollowed == 0 || got.Counts.Untimed != 0 {
		t.Errorf("got %+v, want events that were not followed", got.Counts)
	}
}

func TestByAnUnknownScheduleNothingIsMissedOrLost(t *testing.T) {
	t.Parallel()
	n := opened(run(t, troubled(t), backtest.Settings{}).Played[0])
	if n[rules.RuleLossComing]+n[rules.RuleEventsLost]+n[rules.RuleRetriesMissing] > 0 || n[rules.RuleDuplicates] == 0 {
		t.Errorf("got %v, want duplicates, and nothing that follows a schedule", n)
	}
}

// TestYearsWithoutRecordsAreLeftOut replays a log whose records lie far apart,
// as one with a wrong date in it.
func TestYearsWithoutRecordsAreLeftOut(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	for year := range 4 {
		s := sent{event: fmt.Sprint("e", year), ended: day.AddDate(year, 0, 0), failed: true}
		s.received = s.ended
		log.WriteString(s.line())
	}
	got := run(t, log.String(), backtest.Settings{World: twoRetries(t)})
	n := 0
	for _, e := range got.Played[0].Episodes {
		if e.Key.Rule != rules.RuleEventsLost {
			continue
		}
		n++
		begin := e.Opened.Truncate(24 * time.Hour)
		if want := begin.Add(66 * time.Minute); !e.Opened.Equal(want) || !e.Cleared.Equal(want.Add(54*time.Minute)) {
			t.Fatalf("lost from %s to %s, want from %s for 54 minutes", e.Opened, e.Cleared, want)
		}
	}
	if got.Counts.Records != 4 || n != 3 {
		t.Errorf("%d records, %d losses; want 4, and one for each but the last", got.Counts.Records, n)
	}
}

// TestWhatNobodyCanClearEndsAfterADay: a source sends late, slow and double
// events for five minutes, and then never again, while another goes on.
func TestWhatNobodyCanClearEndsAfterADay(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	line := func(at time.Duration, source, endpoint, event string, number int) {
		start := day.Add(at)
		fmt.Fprintf(&log, `{"source":%q,"event":%q,"endpoint":%q,"channel":"QR-%s","attempt":%d,"occurred_at":%q,"created_at":%q,"started_at":%q,"duration_ms":20000,"status":200}`+"\n",
			source, event, endpoint, source, number, start.Add(-time.Hour).Format(time.RFC3339), start.Format(time.RFC3339), start.Format(time.RFC3339))
	}
	for i := range 150 {
		at, event := time.Duration(i)*2*time.Second, fmt.Sprint("e", i)
		line(at, "gone", "ep_1", event, 1)
		if i%20 == 0 {
			line(at+time.Minute, "gone", "ep_1", event, 2)
		}
	}
	for i := range 26 * 2 {
		line(time.Duration(i+1)*30*time.Minute, "other", "ep_2", fmt.Sprint("f", i), 1)
	}
	got := run(t, log.String(), backtest.Settings{})
	want := map[string]string{
		"duplicates source:gone":         "nothing came from this source for a day",
		"upstream_delay channel:QR-gone": "nothing came from this channel for a day",
		"endpoint_slow endpoint:ep_1":    "it got nothing for a day",
	}
	for _, e := range got.Played[0].Episodes {
		key := fmt.Sprint(e.Key.Rule, " ", e.Key.Scope)
		last := e.Changes[len(e.Changes)-1].Evidence.Text
		if lasted := e.Cleared.Sub(e.Opened); want[key] != last || lasted < 24*time.Hour || lasted > 25*time.Hour {
			t.Errorf("%s for %s: %q, want %q after a day", key, lasted, last, want[key])
		}
		delete(want, key)
	}
	if len(want) > 0 {
		t.Errorf("not seen: %v", want)
	}
}

func TestOfASuspendedEndpointNothingIsAwaited(t *testing.T) {
	t.Parallel()
	log := sent{event: "e", ended: day, failed: true}.line() + sent{event: "f", ended: day.Add(10 * time.Minute)}.line()
	for suspended, want := range map[bool]int{false: 1, true: 0} {
		snap, faults := registry.Build(registry.Records{
			Merchants: []registry.Merchant{{ID: "acme"}},
			Endpoints: []registry.Endpoint{{ID: "ep_1", Merchant: "acme", URL: "https://hooks.acme.example/", Schedule: "none", Suspended: suspended}},
		}, registry.DefaultDefaults())
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		if n := opened(run(t, log, backtest.Settings{World: backtest.World{Known: snap}}).Played[0])[rules.RuleEventsLost]; n != want {
			t.Errorf("suspended %v: %d losses, want %d", suspended, n, want)
		}
	}
}

func TestLooksOpenAndClearCertificate(t *testing.T) {
	t.Parallel()
	look := func(at time.Duration, of, verdict string) string {
		return fmt.Sprintf(`{"kind":"certificate",%s,"at":%q,"verdict":%s}`+"\n", of, day.Add(at).Format(time.RFC3339), verdict)
	}
	const ok, low = `"ok","faults":[],"not_after":null`, `"warn","faults":["expiring"],"not_after":"2023-11-13T00:00:00Z","addresses":[{"page":false},{"address":"192.0.2.1:443","page":true}]`
	const refused, expired = `"fail","faults":["connect_refused"]`, `"fail","faults":["expired_leaf"],"not_after":"2023-11-10T00:00:00Z"`
	probe := func(at time.Duration, verdict string) string {
		return fmt.Sprintf(`{"kind":"probe","endpoint":"ep_9","at":%q,"verdict":%s}`+"\n", day.Add(at).Format(time.RFC3339), verdict)
	}
	const endpoint, target = `"endpoint":"ep_9"`, `"target":"ledger"`
	for name, tt := range map[string]struct {
		lines []string
		want  string // rule, scope, severity, opened, cleared: text of the opening
	}{
		"bad twice opens, good once clears": {
			[]string{look(0, target, ok), look(15*time.Minute, target, expired), look(30*time.Minute, target, expired), look(45*time.Minute, target, ok)},
			"certificate target:ledger high 00:30:00 00:45:00: expired_leaf; valid to 2023-11-10 00:00:00 UTC",
		},
		"less is left than page_below at one address": {
			[]string{look(0, target, low), look(15*time.Minute, target, low)},
			"certificate target:ledger high 00:15:00 open: expiring; valid to 2023-11-13 00:00:00 UTC",
		},
		"no opinion is none": {[]string{look(0, target, expired), look(15*time.Minute, target, `"unknown","faults":["dns_failed"]`)}, ""},
		"nobody is reached: the probe says it": {
			[]string{probe(0, `"healthy"`), look(time.Minute, endpoint, refused), look(16*time.Minute, endpoint, refused), look(31*time.Minute, endpoint, refused)}, "",
		},
		"the probe is answered since: the two disagree": {
			[]string{look(time.Minute, endpoint, refused), probe(10*time.Minute, `"healthy"`), look(16*time.Minute, endpoint, refused)},
			"certificate endpoint:ep_9 high 00:16:00 open: connect_refused",
		},
		"an answer before the probe went down is none": {
			[]string{
				look(time.Minute, endpoint, refused), probe(10*time.Minute, `"healthy"`), probe(11*time.Minute, `"down","fault":"refused"`),
				look(16*time.Minute, endpoint, refused),
			}, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := run(t, strings.Join(tt.lines, ""), backtest.Settings{})
			have := ""
			for _, e := range got.Played[0].Episodes {
				cleared := "open"
				if !e.Cleared.IsZero() {
					cleared = e.Cleared.Format(time.TimeOnly)
				}
				have += fmt.Sprintf("%s %s %s %s %s: %s", e.Key.Rule, e.Key.Scope, e.Severity, e.Opened.Format(time.TimeOnly), cleared, e.Changes[0].Evidence.Text)
			}
			if have != tt.want || got.Counts.Bad > 0 || got.Counts.Certificates+got.Counts.Probes != len(tt.lines) {
				t.Errorf("got %q of %+v\nwant %q", have, got.Counts, tt.want)
			}
		})
	}
}

func TestABadLookIsTold(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ line, want string }{
		"of nobody":     {`"at":"2023-11-11T00:00:00Z","verdict":"ok"`, "wanted one of endpoint and target"},
		"of two":        {`"endpoint":"e","target":"t","at":"2023-11-11T00:00:00Z","verdict":"ok"`, "wanted one of endpoint and target"},
		"without time":  {`"endpoint":"e","verdict":"ok"`, "at: is missing"},
		"no verdict":    {`"endpoint":"e","at":"2023-11-11T00:00:00Z","verdict":"good"`, "verdict: is not known"},
		"no such fault": {`"endpoint":"e","at":"2023-11-11T00:00:00Z","verdict":"fail","faults":["expired_leaf","old"]`, "faults[1]: is not known"},
		"no object":     {`"endpoint":7`, "the look is not as it should be"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := run(t, `{"kind":"certificate",`+tt.line+"}\n", backtest.Settings{})
			if len(got.Rejected) != 1 || !strings.Contains(got.Rejected[0].Reason, tt.want) || got.Counts.Certificates != 0 {
				t.Errorf("got %+v, want %q", got.Rejected, tt.want)
			}
		})
	}
}
