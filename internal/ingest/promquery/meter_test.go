package promquery

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// turn is one ask: what both queries answer, as "labels value" separated by
// semicolons, and the samples wanted as "scope first/failed".
type turn struct {
	after        time.Duration // since the ask before; 0: 10 s
	total, other string
	want         string
}

// vector writes an answer as Prometheus does.
func vector(at time.Time, text string) answer {
	var rows []string
	for part := range strings.SplitSeq(text, ";") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		labels, value, _ := strings.Cut(part, " ")
		metric := map[string]string{}
		for pair := range strings.SplitSeq(labels, ",") {
			if name, value, ok := strings.Cut(pair, "="); ok {
				metric[name] = value
			}
		}
		m, _ := json.Marshal(metric)
		rows = append(rows, fmt.Sprintf(`{"metric":%s,"value":[%.3f,%q]}`, m, float64(at.UnixMilli())/1000, value))
	}
	var a answer
	a.Data.ResultType, a.Data.Result = "vector", json.RawMessage("["+strings.Join(rows, ",")+"]")
	return a
}

func shown(samples []Sample) string {
	var all []string
	for _, s := range samples {
		all = append(all, fmt.Sprintf("%s %d/%d", s.Scope, s.First, s.Failed))
	}
	return strings.Join(all, ", ")
}

func TestMeter(t *testing.T) {
	t.Parallel()
	labels := Labels{Product: "product", Channel: "channel"}
	tests := map[string]struct {
		good       bool
		turns      []turn
		unclear    int
		mismatched int
		missing    int
		bad        int
		resets     int
	}{
		"the first answer is only a base, the next counts what was added": {turns: []turn{
			{total: "x= 1000", other: "x= 30"},
			{total: "x= 1010", other: "x= 32", want: "platform 10/2"},
			{total: "x= 1010", other: "x= 32", want: "platform 0/0"},
		}},
		"good instead of failed": {good: true, turns: []turn{
			{total: "x= 1000", other: "x= 900"},
			{total: "x= 1010", other: "x= 908", want: "platform 10/2"},
		}},
		"products and channels, each series added to each of its scopes": {turns: []turn{
			{total: "channel=A,product=P 10; channel=A,product=Q 10; channel=B 10", other: "channel=A,product=P 0"},
			{total: "channel=A,product=P 11; channel=A,product=Q 12; channel=B 14", other: "channel=A,product=P 1",
				want: "channel:A 3/1, channel:B 4/0, platform 7/1, product:P 1/1, product:Q 2/0"},
		}},
		"a counter that begins again counts from zero, the others as before": {turns: []turn{
			{total: "i=1 500; i=2 800", other: "i=1 5; i=2 8"},
			{total: "i=1 540; i=2 840", other: "i=1 6; i=2 8", want: "platform 80/1"},
			{total: "i=1 30; i=2 850", other: "i=1 2; i=2 9", want: "platform 40/3"},
		}, resets: 2},
		"the fall of a sum is not counted, and counting goes on from there": {turns: []turn{
			{total: "x= 3000000", other: "x= 9000"},
			{total: "x= 3000100", other: "x= 9001", want: "platform 100/1"},
			{total: "x= 2000005", other: "x= 6000"},
			{total: "x= 2000105", other: "x= 6002", want: "platform 100/2"},
		}, unclear: 1, resets: 2},
		"a rise beyond what can be is not counted": {turns: []turn{
			{total: "x= 0", other: "x= 0"},
			{total: "x= 1e15", other: "x= 0"},
			{total: "x= 1000000000000007", other: "x= 0", want: "platform 7/0"},
		}, unclear: 1},
		"fractions are carried until they are whole": {turns: []turn{
			{total: "x= 0", other: "x= 0"},
			{total: "x= 0.4", other: "x= 0.1", want: "platform 0/0"},
			{total: "x= 0.8", other: "x= 0.2", want: "platform 0/0"},
			{total: "x= 1.2", other: "x= 1.05", want: "platform 1/1"},
			{total: "x= 3.0", other: "x= 2.0", want: "platform 2/1"},
		}},
		"ten tenths are one": {turns: append([]turn{{total: "x= 0", other: "x= 0"}}, func() (all []turn) {
			for i := 1; i <= 10; i++ {
				want := "platform 0/0"
				if i == 10 {
					want = "platform 1/0"
				}
				all = append(all, turn{total: fmt.Sprintf("x= 0.%d", i), other: "x= 0", want: want})
				if i == 10 {
					all[i-1].total = "x= 1.0"
				}
			}
			return all
		}()...)},
		"what is no count is as if it were not there": {turns: []turn{
			{total: "x= 10", other: "x= 1"},
			{total: "x= NaN", other: "x= 2"},
			{total: "x= +Inf", other: "x= 2"},
			{total: "x= -3", other: "x= 2"},
			{total: "x= 15", other: "x= 2", want: "platform 5/1"},
		}, bad: 3, missing: 3},
		"a series that comes back within five minutes goes on where it was": {turns: []turn{
			{total: "channel=A 10; channel=B 10", other: ""},
			{total: "channel=B 11", other: "", want: "channel:B 1/0, platform 1/0"},
			{after: 4 * time.Minute, total: "channel=A 17; channel=B 12", other: "", want: "channel:A 7/0, channel:B 1/0, platform 8/0"},
		}, missing: 1},
		"one that comes back later is new": {turns: []turn{
			{total: "channel=A 10; channel=B 10", other: ""},
			{after: 4 * time.Minute, total: "channel=B 11", other: "", want: "channel:B 1/0, platform 1/0"},
			{after: 2 * time.Minute, total: "channel=A 17; channel=B 12", other: "", want: "channel:B 1/0, platform 1/0"},
			{total: "channel=A 18; channel=B 12", other: "", want: "channel:A 1/0, channel:B 0/0, platform 1/0"},
		}, missing: 1},
		"five minutes exactly without an answer are told, one second more is not": {turns: []turn{
			{total: "x= 10", other: "x= 0"},
			{after: 5 * time.Minute, total: "x= 20", other: "x= 1", want: "platform 10/1"},
			{after: 5*time.Minute + time.Second, total: "x= 30", other: "x= 2"},
			{total: "x= 31", other: "x= 2", want: "platform 1/0"},
		}},
		"a counter of failures that appears with its first ones counts from zero": {turns: []turn{
			{total: "channel=A 10", other: ""},
			{total: "channel=A 14", other: "", want: "channel:A 4/0, platform 4/0"},
			{total: "channel=A 20", other: "channel=A 3", want: "channel:A 6/3, platform 6/3"},
		}},
		"one that appears with more than can be is a base": {turns: []turn{
			{total: "channel=A 10", other: ""},
			{total: "channel=A 14", other: "channel=A 5", want: "channel:A 4/0, platform 4/0"},
			{total: "channel=A 15", other: "channel=A 6", want: "channel:A 1/1, platform 1/1"},
		}},
		"without a counter of what was good nothing is told: it is not known": {good: true, turns: []turn{
			{total: "channel=A 10; channel=B 10", other: "channel=A 9"},
			{total: "channel=A 12; channel=B 19", other: "channel=A 10", want: "channel:A 2/1, platform 11/10"},
			{total: "channel=A 13; channel=B 19", other: "channel=A 11; channel=B 4", want: "channel:A 1/0, platform 1/0"},
			{total: "channel=A 13; channel=B 21", other: "channel=A 11; channel=B 5", want: "channel:A 0/0, channel:B 2/1, platform 2/1"},
		}},
		"the total waits while what was good is away": {good: true, turns: []turn{
			{total: "x= 10", other: "x= 9"},
			{total: "x= 15", other: ""},
			{total: "x= 20", other: "x= 17", want: "platform 10/2"},
		}, missing: 1},
		"a scrape that one query met and the other did not evens out": {good: true, turns: []turn{
			{total: "x= 100", other: "x= 100"},
			{total: "x= 100", other: "x= 110", want: "platform 0/0"},
			{total: "x= 110", other: "x= 110", want: "platform 10/0"},
			{total: "x= 120", other: "x= 110", want: "platform 10/10"},
			{total: "x= 120", other: "x= 119", want: "platform 0/0"},
		}},
		"more failed than there were is carried, and given up in the end": {turns: []turn{
			{total: "x= 100", other: "x= 0"},
			{total: "x= 101", other: "x= 50", want: "platform 1/1"},
			{total: "x= 102", other: "x= 50", want: "platform 1/1"},
			{total: "x= 103", other: "x= 50", want: "platform 1/1"},
			{total: "x= 104", other: "x= 50", want: "platform 1/0"},
		}, mismatched: 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, at, sum := newMeter(10*time.Second, tt.good), noon, Asked{}
			for i, turn := range tt.turns {
				if turn.after == 0 {
					turn.after = 10 * time.Second
				}
				at = at.Add(turn.after)
				total, badTotal, err := labels.read(vector(at, turn.total))
				if err != nil {
					t.Fatal(err)
				}
				other, badOther, err := labels.read(vector(at, turn.other))
				if err != nil {
					t.Fatal(err)
				}
				sum.Bad += badTotal + badOther
				if got := shown(m.step(at, total, other, &sum)); got != turn.want {
					t.Errorf("answer %d: got %q, want %q", i+1, got, turn.want)
				}
			}
			got := []int{sum.Unclear, sum.Mismatched, sum.Missing, sum.Bad, sum.Resets}
			if want := []int{tt.unclear, tt.mismatched, tt.missing, tt.bad, tt.resets}; !slices.Equal(got, want) {
				t.Errorf("unclear, mismatched, missing, bad, resets: got %v, want %v", got, want)
			}
		})
	}
}

// TestValuesOfOneTimeAreStale: no data is not the same as no traffic.
func TestValuesOfOneTimeAreStale(t *testing.T) {
	t.Parallel()
	m := newMeter(10*time.Second, false)
	points := func(all ...pair) []series { return []series{{key: "x", points: all}} }
	one, two, three := pair{noon, 10}, pair{noon.Add(15 * time.Second), 12}, pair{noon.Add(30 * time.Second), 3}
	for i, tt := range []struct {
		points []pair
		want   string
		stale  int
	}{
		{points: []pair{one}},
		{points: []pair{one}, stale: 1},
		{points: []pair{one, two}, want: "platform 2/0"},
		{points: []pair{one, two}, stale: 1},
		{points: []pair{one, two, three}, want: "platform 3/0"},
		{points: []pair{three, {noon.Add(45 * time.Second), 3}}, want: "platform 0/0"},
	} {
		var asked Asked
		got := shown(m.step(noon.Add(time.Duration(i)*10*time.Second), points(tt.points...), nil, &asked))
		if got != tt.want || asked.Stale != tt.stale {
			t.Errorf("answer %d: got %q with %d stale, want %q with %d", i+1, got, asked.Stale, tt.want, tt.stale)
		}
	}
}

// TestSampleSaysItsSpan from the last that was told.
func TestSampleSaysItsSpan(t *testing.T) {
	t.Parallel()
	m := newMeter(10*time.Second, false)
	for i, seconds := range []int{0, 10, 60, 70} {
		at := noon.Add(time.Duration(seconds) * time.Second)
		got := m.step(at, []series{{key: "x", points: []pair{{at, float64(seconds)}}}}, nil, &Asked{})
		want := map[int][]Sample{
			10: {{Scope: rules.ScopePlatform, From: noon, At: at, First: 10}},
			60: {{Scope: rules.ScopePlatform, From: noon.Add(10 * time.Second), At: at, First: 50}},
			70: {{Scope: rules.ScopePlatform, From: noon.Add(60 * time.Second), At: at, First: 10}},
		}[seconds]
		if !slices.Equal(got, want) {
			t.Errorf("answer %d: got %+v, want %+v", i+1, got, want)
		}
	}
}
