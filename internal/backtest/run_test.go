package backtest_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/backtest"
	"github.com/hookvigil/hookvigil/internal/conditions"
	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/rules"
)

func sortBy[T any](list []T, key func(T) int64) {
	slices.SortStableFunc(list, func(a, b T) int { return cmp.Compare(key(a), key(b)) })
}

// openedAndCleared is what the outage gives, in two scopes: loud after six
// ticks; cleared when ten minutes of the 5-minute ratio were good.
var openedAndCleared = []string{
	"channel_error_ratio channel:QR critical 00:31:00 00:49:50",
	"platform_error_ratio platform critical 00:31:00 00:49:50",
}

// episodes writes what a replay gave, in order.
func episodes(p backtest.Played) []string {
	list := []string{}
	for _, e := range p.Episodes {
		switch e.Key.Rule {
		case rules.RulePlatformErrorRatio, rules.RuleChannelErrorRatio, rules.RuleEndpointDown:
		default:
			continue // other rules of the same failures are not what these tests are about
		}
		cleared := "open"
		if !e.Cleared.IsZero() {
			cleared = e.Cleared.Format(time.TimeOnly)
		}
		list = append(list, fmt.Sprintf("%s %s %s %s %s", e.Key.Rule, e.Key.Scope, e.Severity, e.Opened.Format(time.TimeOnly), cleared))
	}
	return list
}

func TestAnOutageOpensAndClearsAtExactTimes(t *testing.T) {
	t.Parallel()
	log := outage()
	got := run(t, text(log), backtest.Settings{})
	if have := episodes(got.Played[0]); !slices.Equal(have, openedAndCleared) {
		t.Errorf("got %q, want %q", have, openedAndCleared)
	}
	want := backtest.Counts{Files: 1, Records: records, First: records, Failed: failures, From: log[0].ended, To: log[len(log)-1].ended}
	if got.Counts != want || got.Played[0].Late != 0 {
		t.Errorf("got %+v, %d late; want %+v, none late", got.Counts, got.Played[0].Late, want)
	}
}

func TestWhatIsOpenAtTheEndStaysOpen(t *testing.T) {
	t.Parallel()
	// the last six ticks fail: they close after the last record
	log := steady(day, 60, 100, func(i int) int { return max(0, (i-53)*100) / max(1, i-53) })
	got := run(t, text(log), backtest.Settings{})
	want := []string{"channel_error_ratio channel:QR critical 00:10:00 open", "platform_error_ratio platform critical 00:10:00 open"}
	if have := episodes(got.Played[0]); !slices.Equal(have, want) {
		t.Errorf("got %q, want %q", have, want)
	}
	if lasted := got.Played[0].Episodes[0].Lasted(day.Add(time.Hour)); lasted != 50*time.Minute {
		t.Errorf("lasted %s until an hour later, want 50m", lasted)
	}
}

func TestEveryFormatReadsAlike(t *testing.T) {
	t.Parallel()
	log := text(outage())
	lines := strings.SplitAfter(strings.TrimSuffix(log, "\n"), "\n")
	half := len(lines) / 2
	dir := t.TempDir()
	file(t, dir, "b.ndjson.gz", gzipped(t, strings.Join(lines[:half], "")))
	file(t, dir, "a.ndjson.zst", zstded(t, strings.Join(lines[half:], ""))) // by time, not by name
	file(t, dir, "notes.txt", []byte("no log"))
	both := t.TempDir()
	for i := range lines[:2] {
		var part strings.Builder
		for j := i; j < len(lines); j += 2 {
			part.WriteString(lines[j])
		}
		file(t, both, fmt.Sprint(i, ".ndjson"), []byte(part.String()))
	}
	for name, in := range map[string]backtest.Input{
		"stdin":                      {Paths: []string{"-"}, Stdin: strings.NewReader(log)},
		"stdin, compressed":          {Paths: []string{"-"}, Stdin: strings.NewReader(string(gzipped(t, log)))},
		"a folder":                   {Paths: []string{dir}},
		"files out of order":         {Paths: []string{dir + "/a.ndjson.zst", dir + "/b.ndjson.gz"}},
		"two that go on in parallel": {Paths: []string{both}},
		"a mark and ends of lines":   {Paths: []string{"-"}, Stdin: strings.NewReader("\xef\xbb\xbf\r\n" + strings.ReplaceAll(log, "\n", "\r\n\r\n"))},
		"an array":                   {Paths: []string{"-"}, Stdin: strings.NewReader("[" + strings.Join(lines, ",") + "]")},
		"objects over several lines": {Paths: []string{"-"}, Stdin: strings.NewReader(strings.ReplaceAll(log, `,"event"`, "\n,\"event\""))},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := backtest.Run(t.Context(), in, backtest.Settings{})
			if err != nil {
				t.Fatal(err)
			}
			if have := episodes(got.Played[0]); !slices.Equal(have, openedAndCleared) || got.Counts.Records != records || got.Counts.Bad != 0 {
				t.Errorf("got %q of %+v, want %q of 7,200 records", have, got.Counts, openedAndCleared)
			}
		})
	}
}

func TestGarbageIsListedAndStopsNothing(t *testing.T) {
	t.Parallel()
	good := text(steady(day, 1, 3, func(int) int { return 0 }))
	lines := strings.SplitAfter(good, "\n")
	log := strings.Join([]string{
		`{"v":1,"sou`, "\n", // cut by a rotation
		lines[0], "\n", "nonsense\n", `{"event":"x"}` + "\n", lines[1],
		`{"a":"` + strings.Repeat("x", 200<<10) + "\"}\n",
		strings.Replace(lines[2], `"status"`, `"received_at":"yesterday","status"`, 1),
		strings.Replace(lines[2], `"status"`, `"received_at":"2023-11-10T23:00:00Z","status"`, 1),
		strings.Replace(lines[2], `"status"`, `"received_at":"2024-11-10T23:00:00Z","status"`, 1),
		`{"kind":"probe","endpoint":"ep_1"}` + "\n",
		strings.Replace(lines[2], `"status"`, `"kind":"attempt","actor":"received_at","status"`, 1),
		`{"cut":`,
	}, "")
	got := run(t, log, backtest.Settings{})
	want := []string{
		"1 not JSON", "4 not JSON", "5 missing endpoint", "7 the line is longer than 65536", "8 received_at: is no time",
		"9 started_at: the attempt would end 1h0m", "10 started_at: 2023-11-11T00:00:06Z is more than 35 days ago", "11 at: is missing", "13 not JSON",
	}
	for i, r := range got.Rejected {
		have := fmt.Sprint(r.Line, " ", r.Reason)
		if r.File != "standard input" || i >= len(want) || !strings.HasPrefix(have, want[i]) && !strings.HasPrefix(have, strings.Replace(want[i], "not JSON", "the record is not JSON", 1)) {
			t.Errorf("rejected %q of %s", have, r.File)
		}
	}
	if got.Counts.Bad != len(want) || len(got.Rejected) != len(want) || got.Counts.Records != 3 {
		t.Errorf("got %+v, want 3 records and %d bad lines", got.Counts, len(want))
	}
}

func TestABrokenFileIsReadAsFarAsItGoes(t *testing.T) {
	t.Parallel()
	whole := gzipped(t, text(outage()))
	dir := t.TempDir()
	got, err := backtest.Run(t.Context(), backtest.Input{Paths: []string{file(t, dir, "cut.ndjson.gz", whole[:len(whole)/2])}}, backtest.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(got.Rejected); got.Counts.Records < records/4 || n == 0 || !strings.Contains(got.Rejected[n-1].Reason, "could not be read further: unexpected EOF") {
		t.Errorf("got %+v, %+v; want what is there, and why there is no more", got.Counts, got.Rejected)
	}
}

func TestRecordsArePutInOrderOnce(t *testing.T) {
	t.Parallel()
	log := outage()
	for i := range log {
		log[i].received = log[i].ended.Add(time.Duration(i%700) * time.Millisecond)
	}
	want := run(t, text(log), backtest.Settings{})
	for name, within := range map[string]time.Duration{"by seconds": 5 * time.Second, "by minutes": 4 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mixed := text(shuffled(log, within, 1))
			got := run(t, mixed+mixed[:1<<18], backtest.Settings{}) // some of it again
			if have := episodes(got.Played[0]); !slices.Equal(have, openedAndCleared) || !sameChanges(got.Played[0].Changes, want.Played[0].Changes) {
				t.Errorf("got %q, want %q", have, openedAndCleared)
			}
			c := got.Counts
			if c.Stated != c.Records || c.Duplicates == 0 || c.Records-c.Duplicates != records || c.First != records || c.AtLeast {
				t.Errorf("got %+v, want 7,200 that count, and the repeats", c)
			}
		})
	}
	t.Run("further than the window", func(t *testing.T) {
		t.Parallel()
		late := append(slices.Clone(log[100:]), log[:100]...)
		got := run(t, text(late), backtest.Settings{})
		if got.Counts.Disordered != 100 || got.Played[0].Late != 100 || !slices.Equal(episodes(got.Played[0]), openedAndCleared) {
			t.Errorf("got %+v, %d late, %q; want 100 late ones that change nothing", got.Counts, got.Played[0].Late, episodes(got.Played[0]))
		}
	})
}

func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	log := outage()
	again := text(log) + text(log[:2000])
	for name, tt := range map[string]struct {
		settings backtest.Settings
		want     []string
		atLeast  bool
		doubles  int
	}{
		"few are held":       {backtest.Settings{MostHeld: 10}, openedAndCleared, false, 2000},
		"few are remembered": {backtest.Settings{MostKnown: 4000}, openedAndCleared, true, 0},
		"enough":             {backtest.Settings{MostKnown: 200_000}, openedAndCleared, false, 2000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := run(t, again, tt.settings)
			if c := got.Counts; !slices.Equal(episodes(got.Played[0]), tt.want) || c.AtLeast != tt.atLeast || c.Duplicates != tt.doubles {
				t.Errorf("got %q of %+v; want %q, %d repeats, at least: %v", episodes(got.Played[0]), c, tt.want, tt.doubles, tt.atLeast)
			}
		})
	}
}

func TestSourcesAndEndpointsAreThoseOfTheConfiguration(t *testing.T) {
	t.Parallel()
	snap, faults := registry.Build(registry.Records{
		Merchants: []registry.Merchant{{ID: "acme"}},
		Endpoints: []registry.Endpoint{{ID: "ep_1", Merchant: "acme", URL: "https://hooks.acme.example/", Deadline: new(registry.Duration(50 * time.Millisecond))}},
	}, registry.DefaultDefaults())
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	log := text(steady(day, 1, 4, func(int) int { return 1 }))
	for name, tt := range map[string]struct {
		world backtest.World
		want  backtest.Counts
	}{
		"nothing is known":    {backtest.World{}, backtest.Counts{Records: 4, First: 4, Failed: 1}},
		"a source of grade C": {backtest.World{Declared: func(string) deliveries.Grade { return deliveries.GradeFailures }}, backtest.Counts{Records: 4, Ungraded: 4}},
		"a source that is not taken": {
			backtest.World{Takes: func(s string) bool { return s != "core" }}, backtest.Counts{Bad: 4},
		},
		"a deadline that all miss": {backtest.World{Known: snap}, backtest.Counts{Records: 4, First: 4, Failed: 4}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := run(t, log, backtest.Settings{World: tt.world}).Counts
			got.Files, got.From, got.To = 0, time.Time{}, time.Time{}
			if got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestProbesOpenAndClearEndpointDown(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	probe := func(at time.Duration, verdict probes.Verdict, fault probes.Fault) {
		fmt.Fprintf(&b, `{"kind":"probe","endpoint":"ep_9","at":%q,"took_seconds":0.5,"level":"reach","verdict":%q,"fault":%q,"status":0,"notes":[],"phases":{}}`+"\n",
			day.Add(at).Format(time.RFC3339), verdict, fault)
	}
	probe(0, probes.Healthy, probes.FaultNone)
	for i := range 4 {
		probe(time.Duration(i+1)*time.Minute, probes.Down, probes.FaultRefused)
	}
	probe(5*time.Minute, probes.Healthy, probes.FaultNone)
	probe(6*time.Minute, probes.Healthy, probes.FaultNone)
	got := run(t, b.String(), backtest.Settings{})
	want := []string{"endpoint_down endpoint:ep_9 high 00:03:00 00:06:00"}
	if have := episodes(got.Played[0]); !slices.Equal(have, want) || got.Counts.Probes != 7 || got.Counts.Records != 0 {
		t.Errorf("got %q of %+v, want %q of 7 probes", have, got.Counts, want)
	}
	// what was delivered meanwhile is a veto
	delivered := sent{event: "e", channel: "QR", ended: day.Add(150 * time.Second)}.line()
	vetoed := run(t, b.String()+strings.Replace(delivered, "ep_1", "ep_9", 1), backtest.Settings{})
	if have, want := episodes(vetoed.Played[0]), []string{}; !slices.Equal(have, want) {
		t.Errorf("got %q with a delivery in between, want %q", have, want)
	}
}

func TestTwoSettingsAreReplayedSideBySide(t *testing.T) {
	t.Parallel()
	loose := conditions.DefaultConfig()
	loose.Platform.LoudTicks = 12
	loose.Channel.Loud, loose.Channel.LoudTicks = 0.5, 1000
	for i := range loose.Channel.Heights {
		loose.Channel.Heights[i].Sum = 1000
	}
	got := run(t, text(outage()), backtest.Settings{Rules: []conditions.Config{{}, loose}})
	for i := range got.Played { // the other rules are set alike
		got.Played[i].Episodes = slices.DeleteFunc(got.Played[i].Episodes, func(e backtest.Episode) bool {
			return e.Key.Rule != rules.RulePlatformErrorRatio && e.Key.Rule != rules.RuleChannelErrorRatio
		})
	}
	d := backtest.Compare(got.Played[0], got.Played[1], got.Counts.To)
	if len(d.OnlyA) != 1 || d.OnlyA[0].Key.Scope != "channel:QR" || len(d.OnlyB) != 0 || len(d.Both) != 1 {
		t.Fatalf("got %+v, want the channel in A alone, the platform in both", d)
	}
	if p := d.Both[0]; p.A.Key.Rule != rules.RulePlatformErrorRatio || p.Opened <= 0 || p.Closed != 0 {
		t.Errorf("got %+v, want the platform later in B, and cleared as in A", p)
	}
	a := backtest.RuleSum{Rule: rules.RuleChannelErrorRatio, CountA: 1, OpenA: 18*time.Minute + 50*time.Second}
	if len(d.Rules) != 2 || d.Rules[0] != a {
		t.Errorf("got %+v, want %+v first of two", d.Rules, a)
	}
	back := backtest.Compare(got.Played[1], got.Played[0], got.Counts.To)
	if len(back.OnlyB) != 1 || len(back.OnlyA) != 0 || len(back.Both) != 1 || back.Both[0].Opened != -d.Both[0].Opened {
		t.Errorf("the other way round %+v, want the mirror of %+v", back, d)
	}
}

func TestWhatCannotBeReadIsSaid(t *testing.T) {
	t.Parallel()
	empty := t.TempDir()
	for name, tt := range map[string]struct {
		in       backtest.Input
		settings backtest.Settings
		want     string
	}{
		"nothing":                  {backtest.Input{}, backtest.Settings{}, "no file is named; wanted files"},
		"a file that is not there": {backtest.Input{Paths: []string{empty + "/x.ndjson"}}, backtest.Settings{}, "x.ndjson: cannot be read: no such file or directory; wanted"},
		"an empty folder":          {backtest.Input{Paths: []string{empty}}, backtest.Settings{}, "the folder has no log; wanted files named *.ndjson"},
		"stdin and a file":         {backtest.Input{Paths: []string{"-", "x"}, Stdin: os.Stdin}, backtest.Settings{}, "read alone"},
		"what only begins as gzip": {backtest.Input{Paths: []string{"-"}, Stdin: strings.NewReader("\x1f\x8b")}, backtest.Settings{}, "standard input: cannot be read"},
		"wrong settings": {backtest.Input{Paths: []string{"-"}, Stdin: strings.NewReader("")},
			backtest.Settings{Window: -1, Group: -1, Rules: []conditions.Config{{Grace: -1}}}, "window: -1ns"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := backtest.Run(t.Context(), tt.in, tt.settings)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestACancelledReplayStops(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := backtest.Run(ctx, backtest.Input{Paths: []string{"-"}, Stdin: strings.NewReader(text(outage()))}, backtest.Settings{})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}

func TestNothingGivesNothing(t *testing.T) {
	t.Parallel()
	got := run(t, "\n\n", backtest.Settings{})
	if len(got.Played) != 1 || len(got.Played[0].Episodes) != 0 || got.Counts != (backtest.Counts{Files: 1}) {
		t.Errorf("got %+v, want nothing", got)
	}
}
