package hooktest_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/hooktest"
)

// pagerClient is a plain client with as much patience as the test has.
type pagerClient struct {
	t    *testing.T
	p    *hooktest.PagerDuty
	http *http.Client
}

func newPager(t *testing.T) pagerClient {
	t.Helper()
	return pagerClient{t: t, p: hooktest.StartPagerDuty(t, hooktest.PagerDutyOptions{}), http: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}}
}

// call posts a body; status 0 stands for no answer.
func (c pagerClient) call(path, body string) (int, http.Header, string) {
	c.t.Helper()
	return c.callFor(c.t.Context(), path, body)
}

func (c pagerClient) callFor(ctx context.Context, path, body string) (int, http.Header, string) {
	c.t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.p.URL()+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return 0, nil, err.Error()
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, string(raw)
}

func pagerBody(action, key string) string {
	return fmt.Sprintf(`{"routing_key":%q,"event_action":%q,"dedup_key":%q,"payload":{"summary":"s","source":"x","severity":"critical"}}`,
		hooktest.DefaultPagerDutyKey, action, key)
}

func TestPagerDutyKeepsAlertsByTheirKey(t *testing.T) {
	t.Parallel()
	c := newPager(t)
	for i, step := range []struct {
		action, key string
		state       hooktest.PagerDutyState // of that key; empty: there is no alert
		pages       int
		changed     bool
	}{
		{"resolve", "a", "", 0, false}, // of nothing: dropped
		{"acknowledge", "a", "", 0, false},
		{"trigger", "a", "triggered", 1, true},
		{"trigger", "a", "triggered", 1, false},
		{"acknowledge", "a", "acknowledged", 1, true},
		{"trigger", "a", "acknowledged", 1, false}, // wakes nobody
		{"resolve", "a", "resolved", 1, true},
		{"acknowledge", "a", "resolved", 1, false},
		{"trigger", "b", "triggered", 1, true},
		{"trigger", "a", "triggered", 2, true},
	} {
		if status, _, raw := c.call("/v2/enqueue", pagerBody(step.action, step.key)); status != http.StatusAccepted || !strings.Contains(raw, `"dedup_key":"`+step.key+`"`) {
			t.Fatalf("step %d: got %d %s, want 202", i, status, raw)
		}
		a, ok := c.p.Alert(step.key)
		if call := c.p.Calls()[i]; a.State != step.state || a.Pages != step.pages || ok != (step.state != "") || call.Changed != step.changed || !call.KeyOK {
			t.Errorf("step %d: got %+v and call %+v, want %+v", i, a, call, step)
		}
	}
	if all, st := c.p.Alerts(), c.p.Stats(); len(all) != 2 || all[0].Key != "a" || st.Events != 10 || st.Pages != 3 || st.Pending != 0 {
		t.Errorf("got alerts %+v and %+v, want a and b, 10 events, 3 pages", all, st)
	}
}

func TestPagerDutyRefusesWhatIsWrong(t *testing.T) {
	t.Parallel()
	good := pagerBody("trigger", "a")
	for sentence, tc := range map[string]struct {
		path, body string
		status     int
		says       string
	}{
		"no JSON":                         {"/v2/enqueue", "x", 400, "no JSON"},
		"a routing key of another":        {"/v2/enqueue", strings.Replace(good, "R0", "R9", 1), 400, "Invalid routing key"},
		"a routing key that is short":     {"/v2/enqueue", strings.Replace(good, "R0", "R", 1), 400, "routing_key"},
		"another action":                  {"/v2/enqueue", pagerBody("page", "a"), 400, "event_action"},
		"a resolve of nothing in mind":    {"/v2/enqueue", pagerBody("resolve", ""), 400, "dedup_key"},
		"a dedup_key that is too long":    {"/v2/enqueue", pagerBody("trigger", strings.Repeat("k", 256)), 400, "dedup_key"},
		"a dedup_key just short enough":   {"/v2/enqueue", pagerBody("trigger", strings.Repeat("k", 255)), 202, "success"},
		"a trigger without a dedup_key":   {"/v2/enqueue", pagerBody("trigger", ""), 202, "dedup_key"},
		"no summary":                      {"/v2/enqueue", strings.Replace(good, `"s"`, `""`, 1), 400, "summary"},
		"a summary that is too long":      {"/v2/enqueue", strings.Replace(good, `"s"`, `"`+strings.Repeat("s", 1025)+`"`, 1), 400, "summary"},
		"no source":                       {"/v2/enqueue", strings.Replace(good, `"x"`, `""`, 1), 400, "source"},
		"a severity of ours":              {"/v2/enqueue", strings.Replace(good, "critical", "high", 1), 400, "severity"},
		"a body that is too large":        {"/v2/enqueue", good + strings.Repeat(" ", 512<<10), 413, ""},
		"another path":                    {"/v2/change/enqueue", good, 404, ""},
		"good, so that the rest means it": {"/v2/enqueue", good, 202, "success"},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			c := newPager(t)
			if status, _, raw := c.call(tc.path, tc.body); status != tc.status || !strings.Contains(raw, tc.says) {
				t.Errorf("got %d %s, want %d with %q", status, raw, tc.status, tc.says)
			}
			if got := c.p.Stats().Pages == 1; got != (tc.status == 202) {
				t.Errorf("got opened %v, want %v", got, tc.status == 202)
			}
		})
	}
}

func TestPagerDutyFaultsAreWhatTheySay(t *testing.T) {
	t.Parallel()
	cases := map[hooktest.PagerDutyFault]struct {
		status    int // 0: no answer
		pause     string
		processed bool
	}{
		hooktest.PagerDutyLimited:     {status: 429, pause: "3600"},
		hooktest.PagerDutyLimitedBare: {status: 429},
		hooktest.PagerDutyStatus:      {status: 503},
		hooktest.PagerDutyHTML:        {status: 200},
		hooktest.PagerDutyHang:        {},
		hooktest.PagerDutyHangAfter:   {processed: true},
		hooktest.PagerDutyDropBefore:  {},
		hooktest.PagerDutyDropAfter:   {processed: true},
	}
	for _, fault := range hooktest.PagerDutyFaults() {
		t.Run(string(fault), func(t *testing.T) {
			t.Parallel()
			want, known := cases[fault]
			if !known {
				t.Fatal("there is no case for it")
			}
			c := newPager(t)
			step := hooktest.PagerDutyStep{Fault: fault, RetryAfter: time.Hour - time.Millisecond}
			if fault == hooktest.PagerDutyStatus {
				step.Status = 503
			}
			if err := c.p.Play(hooktest.PagerDutyAny, step); err != nil {
				t.Fatal(err)
			}
			hangs := fault == hooktest.PagerDutyHang || fault == hooktest.PagerDutyHangAfter
			ctx := t.Context()
			if hangs {
				ctx = arrived(t, func(ctx context.Context) error {
					return c.p.Wait(ctx, func(s hooktest.PagerDutyStats) bool { return s.Calls == 1 })
				})
			}
			status, head, raw := c.callFor(ctx, "/v2/enqueue", pagerBody("trigger", "a"))
			if status != want.status || head.Get("Retry-After") != want.pause || hangs != strings.Contains(raw, "context canceled") {
				t.Errorf("got %d %v %s, want %+v", status, head, raw, want)
			}
			if err := c.p.Wait(t.Context(), func(s hooktest.PagerDutyStats) bool { return s.Pending == 0 }); err != nil {
				t.Fatal(err)
			}
			if call := c.p.Calls()[0]; call.Fault != fault || call.Changed != want.processed || call.Status != want.status {
				t.Errorf("got call %+v, want %+v", call, want)
			}
			if err := c.p.Play(hooktest.PagerDutyAny); err != nil {
				t.Fatal(err)
			}
			if status, _, raw := c.call("/v2/enqueue", pagerBody("resolve", "a")); status != http.StatusAccepted {
				t.Errorf("afterwards: got %d %s, want 202", status, raw)
			}
			if got := c.p.Calls()[1].Early; got != (fault == hooktest.PagerDutyLimited) {
				t.Errorf("got early %v", got)
			}
		})
	}
}

func TestPagerDutyRefusesScriptsThatCannotBe(t *testing.T) {
	t.Parallel()
	p := hooktest.StartPagerDuty(t, hooktest.PagerDutyOptions{})
	for sentence, tc := range map[string]struct {
		action hooktest.PagerDutyAction
		step   hooktest.PagerDutyStep
	}{
		"an unknown action":          {"page", hooktest.PagerDutyStep{}},
		"an unknown fault":           {"", hooktest.PagerDutyStep{Fault: "tired"}},
		"a status of none":           {"", hooktest.PagerDutyStep{Fault: hooktest.PagerDutyStatus}},
		"a status of another fault":  {"", hooktest.PagerDutyStep{Fault: hooktest.PagerDutyHang, Status: 500}},
		"a delay below nothing":      {"", hooktest.PagerDutyStep{Delay: -1}},
		"two lengths":                {"", hooktest.PagerDutyStep{Times: 1, For: 1}},
		"an error of another fault":  {"", hooktest.PagerDutyStep{Error: "x"}},
		"a status that is no answer": {"", hooktest.PagerDutyStep{Fault: hooktest.PagerDutyStatus, Status: 600}},
	} {
		if err := p.Play(tc.action, tc.step); err == nil || !strings.HasPrefix(err.Error(), "fake PagerDuty: ") {
			t.Errorf("%s: got %v, want an error", sentence, err)
		}
	}
	for sentence, o := range map[string]hooktest.PagerDutyOptions{
		"an address without a port": {Addr: "127.0.0.1"}, "an empty key": {Keys: []string{""}},
	} {
		if _, err := hooktest.NewPagerDuty(o); err == nil {
			t.Errorf("%s: got no error", sentence)
		}
	}
}

func TestPagerDutyRemembersOverARestart(t *testing.T) {
	t.Parallel()
	c := newPager(t)
	c.call("/v2/enqueue", pagerBody("trigger", "a"))
	c.p.Close()
	c.p.Close()
	if status, _, _ := c.call("/v2/enqueue", pagerBody("resolve", "a")); status != 0 {
		t.Errorf("got %d while it was closed, want no answer", status)
	}
	if err := c.p.Start(); err != nil {
		t.Fatal(err)
	}
	if err := c.p.Start(); err == nil {
		t.Error("a second start went well")
	}
	c.call("/v2/enqueue", pagerBody("resolve", "a"))
	if a, _ := c.p.Alert("a"); a.State != hooktest.PagerDutyResolved || a.Triggers != 1 {
		t.Errorf("got %+v, want it resolved", a)
	}
}
