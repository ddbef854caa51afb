package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/config"
)

// incidentLog is a log of an hour and a half with 2 attempts a second of one
// channel: from minute 30 to 35 half of them fail.
func incidentLog() string {
	begin := time.Date(2023, 11, 11, 14, 0, 0, 0, time.UTC)
	var b strings.Builder
	for i := range 90 * 120 {
		at := begin.Add(time.Duration(i) * 500 * time.Millisecond)
		status := 200
		if at.Sub(begin) >= 30*time.Minute && at.Sub(begin) < 35*time.Minute && i%2 == 0 {
			status = 503
		}
		fmt.Fprintf(&b, `{"source":"core","event":"e%d","endpoint":"acme-payouts","channel":"QR","attempt":1,"started_at":%q,"duration_ms":100,"status":%d}`+"\n",
			i, at.Format(time.RFC3339Nano), status)
	}
	return b.String()
}

// ruleBook is a folder with a log and rules to try on it.
type ruleBook struct{ dir string }

// setHeights are no default ones: those are measured anew from time to time.
const setHeights = "heights: [{per_tick: 0.1, sum: 4}, {per_tick: 1, sum: 6}, {per_tick: 10, sum: 8}, {per_tick: 100, sum: 14}, {per_tick: 1000, sum: 20}]"

func newRuleBook(t *testing.T) ruleBook {
	t.Helper()
	r := ruleBook{t.TempDir()}
	log := incidentLog()
	write(t, r.path("hookvigil.yaml"), "version: 1\ndefaults: {schedule: unknown}\nrules:\n  error_ratio: {"+setHeights+"}\nmerchants:\n  - {id: acme, endpoints: [{id: acme-payouts, url: \"https://hooks.acme.example/\"}]}\n")
	write(t, r.path("log.ndjson"), log)
	write(t, r.path("dirty.ndjson"), "{\"event\":1}\nnonsense\n\n"+strings.Join(strings.SplitAfter(log, "\n")[:20], "")+log[:300])
	write(t, r.path("rubbish.ndjson"), "this\nis\nno\nlog\nat\nall\nof it\n")
	write(t, r.path("empty.ndjson"), "")
	write(t, r.path("slow.yaml"), "version: 1\nrules:\n  error_ratio: {loud_ticks: 12, "+setHeights+"}\n")
	write(t, r.path("deaf.yaml"), "version: 1\nrules:\n  error_ratio: {loud: 50%, loud_ticks: 1000, heights: [{per_tick: 1, sum: 900}, {per_tick: 2, sum: 900}, {per_tick: 3, sum: 900}, {per_tick: 4, sum: 900}, {per_tick: 5, sum: 900}]}\n")
	write(t, r.path("bad.yaml"), "version: 1\nrules:\n  error_ratio: {loud: 80%}\n  platform_error_ratio: {treshold: 4%}\n")
	write(t, r.path("unversioned.yaml"), "rules: {}\n")
	return r
}

func (r ruleBook) path(name string) string { return filepath.Join(r.dir, name) }

// call runs one command line in the folder: what ends in a suffix of a file of
// it, or is log/, is a path.
func (r ruleBook) call(t *testing.T, line string) outcome {
	t.Helper()
	args := strings.Fields(line)
	for i, a := range args {
		if regexp.MustCompile(`^\w+\.(ndjson|yaml|gz)$`).MatchString(a) {
			args[i] = r.path(a)
		}
	}
	var stdout, stderr bytes.Buffer
	root := newRoot()
	root.SetOut(&stdout)
	root.SetErr(&stderr)
	root.SetIn(strings.NewReader(incidentLog()))
	root.SetArgs(append(args, "--config", r.path("hookvigil.yaml")))
	status := statusOf(&stderr, root.ExecuteContext(unhurried(t)))
	tame := func(s string) string {
		s = strings.ReplaceAll(s, r.dir+"/", "")
		return regexp.MustCompile(`replayed in \S+, [\d,]+ records`).ReplaceAllString(s, "replayed in TIME, MANY records")
	}
	return outcome{status: status, stdout: tame(stdout.String()), stderr: tame(stderr.String())}
}

func TestRulesReadWell(t *testing.T) {
	t.Parallel()
	r := newRuleBook(t)
	var b strings.Builder
	for _, l := range []string{
		"rules test log.ndjson", "rules test - --all", "rules test log.ndjson --compare slow.yaml", "rules test log.ndjson --compare deaf.yaml",
		"rules test log.ndjson --rules deaf.yaml --compare slow.yaml", "rules test log.ndjson --rules slow.yaml --compare slow.yaml",
		"rules test dirty.ndjson", "rules test rubbish.ndjson", "rules test empty.ndjson", "rules test nowhere.ndjson", "rules test",
		"rules test log.ndjson --rules bad.yaml", "rules test log.ndjson --compare unversioned.yaml",
		"rules calibrate log.ndjson", "rules calibrate log.ndjson --except 2023-11-11T14:30:00Z/2023-11-11T14:35:00Z -o proposed.yaml",
		"rules calibrate log.ndjson -o proposed.yaml", "rules calibrate log.ndjson --per 1h", "rules calibrate log.ndjson --except yesterday",
		"rules calibrate log.ndjson --of moon", "rules tset",
	} {
		got := r.call(t, l)
		fmt.Fprintf(&b, "$ hookvigil %s\n%s%s[%d]\n\n", l, got.stdout, got.stderr, got.status)
	}
	proposed, err := os.ReadFile(r.path("proposed.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(&b, "$ cat proposed.yaml\n%s", proposed)
	golden(t, "rules", b.String())
}

func TestAProposalLoadsAndDecides(t *testing.T) {
	t.Parallel()
	r := newRuleBook(t)
	write(t, r.path("set.yaml"), `version: 1
rules:
  error_ratio: {grace: 2m, clear_for: 15m, usual: 0.2%, confidence: 90%}
  channel_error_ratio: {threshold: 6%}
  merchant_error_ratio: {page: [acme]}
`)
	if got := r.call(t, "rules calibrate log.ndjson --rules set.yaml -o proposed.yaml"); got.status != exitGood {
		t.Fatalf("got %+v", got)
	}
	set, faults := config.Load(r.path("set.yaml"))
	proposed, more := config.Load(r.path("proposed.yaml"))
	if len(faults)+len(more) > 0 {
		t.Fatalf("faults %v and %v, want none", faults, more)
	}
	if proposed.Rules.Platform.Heights == set.Rules.Platform.Heights {
		t.Error("nothing is proposed")
	}
	want := set.Rules.Conditions()
	got := proposed.Rules.Conditions()
	got.Platform.Heights, got.Channel.Heights = want.Platform.Heights, want.Channel.Heights
	if got.Platform != want.Platform || got.Channel != want.Channel || got.Grace != want.Grace || strings.Join(got.Paging, " ") != "acme" {
		t.Errorf("but for its heights it says\n%+v, want\n%+v", got, want)
	}
	if got := r.call(t, "rules test log.ndjson --rules proposed.yaml"); got.status != exitGood || !strings.Contains(got.stdout, "platform_error_ratio") {
		t.Errorf("got %+v", got)
	}
}

func TestRulesAsJSON(t *testing.T) {
	t.Parallel()
	r := newRuleBook(t)
	got := r.call(t, "rules test log.ndjson --json --compare deaf.yaml")
	var out struct {
		Conditions []struct {
			Rule, Scope, Severity string
			OpenedAt              time.Time `json:"opened_at"`
			ClearedAt             time.Time `json:"cleared_at"`
			Evidence              struct{ Text string }
		}
		Replayed struct {
			Records int
			Failed  int `json:"failed_first"`
		}
		Compare struct {
			OnlyA []any `json:"only_a"`
		}
	}
	if err := json.Unmarshal([]byte(got.stdout), &out); err != nil || got.status != exitGood || strings.Count(got.stdout, "\n") != 1 {
		t.Fatalf("%v: got %+v, want one line of JSON", err, got)
	}
	if out.Replayed.Records != 10_800 || out.Replayed.Failed != 300 || len(out.Compare.OnlyA) != len(out.Conditions) {
		t.Errorf("got %+v, want 10,800 records, 300 failed, and every condition in A alone", out)
	}
	c := out.Conditions[0]
	for _, one := range out.Conditions {
		if one.Rule == "platform_error_ratio" {
			c = one
		}
	}
	opened, cleared := time.Date(2023, 11, 11, 14, 31, 0, 0, time.UTC), time.Date(2023, 11, 11, 14, 49, 50, 0, time.UTC)
	if c.Scope != "platform" || c.Severity != "critical" || !c.OpenedAt.Equal(opened) || !c.ClearedAt.Equal(cleared) || c.Evidence.Text == "" {
		t.Errorf("got %+v, want the platform from %s to %s", c, opened, cleared)
	}
	got = r.call(t, "rules calibrate log.ndjson --json")
	var heights struct{ Classes []struct{ Series int } }
	if err := json.Unmarshal([]byte(got.stdout), &heights); err != nil || len(heights.Classes) != 5 {
		t.Errorf("%v: got %+v, want five classes", err, got)
	}
}

func TestSourcesOfTheConfigurationCount(t *testing.T) {
	t.Parallel()
	r := newRuleBook(t)
	for sources, want := range map[string]string{
		"[{id: core}]":                        "10,800 first attempts count",
		"[{id: core, grade: C}]":              "10,800 of sources that make no ratio",
		"[{id: other}]":                       "no line of the input is an attempt record",
		"[{id: core}, {id: other, grade: C}]": "10,800 first attempts count",
	} {
		t.Run(sources, func(t *testing.T) {
			t.Parallel()
			own := newRuleBook(t)
			write(t, own.path("hookvigil.yaml"), "version: 1\nsources: "+sources+"\n")
			if got := own.call(t, "rules test log.ndjson"); !strings.Contains(got.stdout+got.stderr, want) {
				t.Errorf("got %+v, want %q", got, want)
			}
		})
	}
	if got := r.call(t, "rules test log.ndjson"); !strings.Contains(got.stdout, "10,800 first attempts count") {
		t.Errorf("got %+v without sources", got)
	}
}
