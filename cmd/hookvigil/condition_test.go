package main

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// conditions makes the fake answer for the conditions of testdata/answers,
// with the filters of the API.
func (f *fakeDaemon) conditions(t *testing.T) {
	t.Helper()
	var all struct{ Items []json.RawMessage }
	if err := json.Unmarshal(answerFile(t, "conditions.json"), &all); err != nil {
		t.Fatal(err)
	}
	f.mux.HandleFunc("GET /api/v1/conditions", func(w http.ResponseWriter, r *http.Request) {
		kept, next, q := []json.RawMessage{}, "", r.URL.Query()
		for _, raw := range all.Items {
			var row map[string]any
			_ = json.Unmarshal(raw, &row)
			if !slices.ContainsFunc([]string{"state", "rule", "scope", "severity", "merchant"}, func(key string) bool {
				return q.Get(key) != "" && row[key] != q.Get(key)
			}) {
				kept = append(kept, raw)
			}
		}
		if limit, _ := strconv.Atoi(q.Get("limit")); limit < len(kept) {
			kept, next = kept[:limit], "more"
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"items": kept, "next": next})
	})
}

// offered is what the shell is offered after args.
func (f *fakeDaemon) offered(t *testing.T, args ...string) string {
	t.Helper()
	var stdout strings.Builder
	root := newRoot()
	root.SetOut(&stdout)
	root.SetErr(&strings.Builder{})
	root.SetArgs(slices.Concat([]string{"__complete", "--config", f.config}, args, []string{""}))
	if err := root.ExecuteContext(unhurried(t)); err != nil {
		t.Error(err)
	}
	return stdout.String()
}

func TestConditionsReadWell(t *testing.T) {
	t.Parallel()
	f := startFake(t)
	f.conditions(t)
	golden(t, "condition", f.transcript(t,
		"condition ls", "condition ls --severity low --verbose", "condition ls --limit 3 --verbose", "condition ls --state pending",
		"condition ls --scope endpoint:acme-payouts", "condition ls --merchant nobody", "condition ls --rule endpoint_dwn", "condition ls --state closed",
		"condition ls --severity loud", "condition ls --limit 0", "condition ls acme", "condition lst"))
}

func TestNoConditionIsSaid(t *testing.T) {
	t.Parallel()
	f := startFake(t)
	f.mux.HandleFunc("GET /api/v1/conditions", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"items":[],"next":""}`)) })
	for args, want := range map[string]string{
		"condition ls": "no condition is open or pending\n", "condition ls --severity low": "no such condition\n", "condition ls --json": `{"items":[],"next":""}` + "\n",
	} {
		if got := f.call(t, strings.Fields(args)...); got != (outcome{stdout: want}) {
			t.Errorf("%s: got %+v, want %q", args, got, want)
		}
	}
}

func TestConditionsAsJSONAreTheAPIs(t *testing.T) {
	t.Parallel()
	f := startFake(t)
	f.conditions(t)
	got := f.call(t, "condition", "ls", "--json")
	if got.status != exitGood || strings.Count(got.stdout, "\n") != 1 || !sameJSON(t, got.stdout, string(answerFile(t, "conditions.json"))) {
		t.Errorf("got %+v, want conditions.json in one line", got)
	}
	if got := f.call(t, "condition", "ls", "--json", "--limit", "1"); strings.Count(got.stdout, `"rule"`) != 1 || !strings.Contains(got.stdout, `"next":"more"`) {
		t.Errorf("got %+v, want one item and a next", got)
	}
}

func TestStrangersNamesStayHarmlessInConditions(t *testing.T) {
	t.Parallel()
	f := startFake(t)
	f.says(t, "GET /api/v1/conditions", "hostileconditions.json")
	ls := f.call(t, "condition", "ls", "--limit", "5")
	harmless(t, ls.stdout, 3+5*2+2)
	golden(t, "conditionhostile", ls.stdout)
	whole := f.call(t, "condition", "ls", "--limit", "5", "--verbose")
	harmless(t, whole.stdout, strings.Count(whole.stdout, "\n"))
	if n := strings.Count(whole.stdout, "\n"); n > 3+5*(2*maxNoteLines+2)+2 {
		t.Errorf("%d lines, want a bound", n)
	}
	offered := f.offered(t, "condition", "ls", "--scope")
	if !strings.Contains(offered, "channel:<script>\n") {
		t.Errorf("the shell is offered %q", offered)
	}
	plainLines(t, offered)
}

func TestTheQuestionForConditionsIsTheFilters(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args []string
		want string
		bad  bool
	}{
		"nothing":     {nil, "", false},
		"every one":   {[]string{"--state", "open", "--rule", "silence", "--scope", "endpoint:a b&c", "--severity", "low", "--merchant", "m"}, "merchant=m&rule=silence&scope=endpoint%3Aa+b%26c&severity=low&state=open", false},
		"no severity": {[]string{"--severity", "Low"}, "", true},
		"no rule":     {[]string{"--rule", "common_cause"}, "", true},
		"no state":    {[]string{"--state", "cleared"}, "", true},
		"too many":    {[]string{"--limit", "1001"}, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var f conditionFilter
			cmd := &cobra.Command{Use: "ls"}
			f.add(cmd)
			if err := cmd.ParseFlags(c.args); err != nil {
				t.Fatal(err)
			}
			if q, err := f.query(cmd); q.Encode() != c.want || (err != nil) != c.bad {
				t.Errorf("got %q and %v, want %q", q.Encode(), err, c.want)
			}
		})
	}
}

func TestConditionsComplete(t *testing.T) {
	t.Parallel()
	f := startFake(t)
	f.conditions(t)
	for flag, want := range map[string]string{
		"--state": "open\npending\n", "--severity": "critical\nhigh\nlow\n", "--rule": "certificate\nchannel_error_ratio\n",
		"--scope": "channel:ID_BCA\nendpoint:acme-payouts\nendpoint:acme-refunds\n", "--merchant": "acme\n",
	} {
		if got := f.offered(t, "condition", "ls", flag); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %q, want it to begin with %q", flag, got, want)
		}
	}
}

func TestWithoutADaemonConditionsSaySo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f := &fakeDaemon{config: dir + "/hookvigil.yaml"}
	write(t, f.config, "version: 1\ndata_dir: "+dir+"\nmerchants: []\n")
	for _, args := range []string{"condition ls", "condition ls --json"} {
		if got := f.call(t, strings.Fields(args)...); got.status != exitUsage || !strings.Contains(got.stderr, "no daemon runs on") {
			t.Errorf("%s: %+v, want that no daemon runs", args, got)
		}
	}
}

// TestAnEndlessTextHasAnEnd: what is shown of one condition is bounded.
func TestAnEndlessTextHasAnEnd(t *testing.T) {
	t.Parallel()
	long := text(strings.Repeat("word ", 10_000))
	c := condition{Rule: "silence", Scope: "platform", Evidence: evidence{Text: "platform: " + long, Clears: long}}
	if n := len(c.notes(true)); n != 2*maxNoteLines+1 {
		t.Errorf("%d lines, want %d", n, 2*maxNoteLines+1)
	}
	if why := c.why(); strings.HasPrefix(why, "platform") {
		t.Errorf("the scope is said twice: %.40s", why)
	}
}
