package deliveries_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hookvigil/hookvigil/internal/deliveries"
)

// teach lets the learner see n retries of each number, at the offset and at
// up to wide after it, evenly spread.
func teach(l *deliveries.Learner, n int, wide time.Duration, at ...time.Duration) {
	for i := range n {
		for k, offset := range at {
			l.Learn(k+2, offset+wide*time.Duration(i)/time.Duration(n))
		}
	}
}

func TestALearnerNeeds200OfEachNumber(t *testing.T) {
	t.Parallel()
	var l deliveries.Learner
	teach(&l, 199, 0, 15*minute)
	if s, ok := l.Schedule(); ok {
		t.Errorf("after 199: %+v, want none", s)
	}
	l.Learn(2, 15*minute)
	s, ok := l.Schedule()
	if !ok || s.Name != "learned" || !slices.Equal(s.Offsets, []time.Duration{15 * minute}) || !s.Open || !s.Known() {
		t.Errorf("after 200: %+v, %t; want learned, open, 15m", s, ok)
	}
}

func TestWhatIsLearntEndsAtTheFirstGap(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		teach func(*deliveries.Learner)
		want  []time.Duration
	}{
		"nothing": {func(*deliveries.Learner) {}, nil},
		"the first retry is missing": {func(l *deliveries.Learner) {
			for range 300 {
				l.Learn(3, hour)
			}
		}, nil},
		"the second is missing": {func(l *deliveries.Learner) {
			teach(l, 300, 0, 15*minute)
			for range 300 {
				l.Learn(4, hour)
			}
		}, []time.Duration{15 * minute}},
		"one does not come after the one before": {func(l *deliveries.Learner) { teach(l, 300, 0, hour, hour, 2*hour) }, []time.Duration{hour}},
		"the first lies all over":                {func(l *deliveries.Learner) { teach(l, 300, 20*hour, minute, 50*hour) }, nil},
		"the median of what lies apart": {func(l *deliveries.Learner) { teach(l, 200, 100*time.Second, 15*minute) },
			[]time.Duration{15*minute + 49500*time.Millisecond}},
		"numbers and offsets out of bounds": {func(l *deliveries.Learner) {
			for range 300 {
				for _, number := range []int{-1, 0, 1, 101, 1 << 40} {
					l.Learn(number, hour)
					l.Ended(number)
				}
				for _, offset := range []time.Duration{-hour, 0, 40*24*hour + 1} {
					l.Learn(2, offset)
				}
			}
		}, nil},
		"the longest offset":  {func(l *deliveries.Learner) { teach(l, 200, 0, 40*24*hour) }, []time.Duration{40 * 24 * hour}},
		"under a millisecond": {func(l *deliveries.Learner) { teach(l, 200, 0, 1) }, []time.Duration{time.Millisecond}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var l deliveries.Learner
			tt.teach(&l)
			if s, ok := l.Schedule(); ok != (tt.want != nil) || !slices.Equal(s.Offsets, tt.want) {
				t.Errorf("got %v, %t; want %v", s.Offsets, ok, tt.want)
			}
		})
	}
}

func TestALearnerFollowsAChange(t *testing.T) {
	t.Parallel()
	var l deliveries.Learner
	teach(&l, 10_000, 0, 15*minute)
	teach(&l, 500, 0, 30*minute)
	if s, _ := l.Schedule(); !slices.Equal(s.Offsets, []time.Duration{30 * minute}) {
		t.Errorf("got %v, want 30m, of the newest 500 alone", s.Offsets)
	}
}

// TestTheEndIsLearntFromWhatEnded: only 200 events that ended there close the
// schedule, and samples of the next number open it again.
func TestTheEndIsLearntFromWhatEnded(t *testing.T) {
	t.Parallel()
	var l deliveries.Learner
	teach(&l, 300, 0, 15*minute, hour)
	open := func() bool {
		s, _ := l.Schedule()
		return s.Open
	}
	for range 199 {
		l.Ended(3)
	}
	if !open() {
		t.Error("closed after 199 ended, want open")
	}
	if l.Ended(3); open() {
		t.Error("open after 200 ended, want closed")
	}
	l.Learn(4, 3*hour)
	l.Learn(4, 3*hour)
	if open() {
		t.Error("open after 2 of 200 went on, want closed")
	}
	if l.Learn(4, 3*hour); !open() {
		t.Error("closed after 3 of 200 went on, want open")
	}
}

// TestALearntScheduleToleratesItsSpread, whatever the samples are.
func TestALearntScheduleToleratesItsSpread(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var l deliveries.Learner
		var samples []time.Duration
		centre := rapid.IntRange(1, 5000).Draw(t, "centre")
		wide := rapid.IntRange(1, 4000).Draw(t, "wide")
		for range rapid.IntRange(200, 700).Draw(t, "n") {
			d := time.Duration(centre+rapid.IntRange(0, wide).Draw(t, "s")) * time.Second
			samples = append(samples, d)
			l.Learn(2, d)
		}
		s, ok := l.Schedule()
		if !ok {
			return
		}
		kept := samples[max(len(samples)-500, 0):]
		slices.Sort(kept)
		n := len(kept)
		spread := kept[(n*90+99)/100-1] - kept[(n*10+99)/100-1]
		named := deliveries.Schedule{Name: "learned"}
		if s.Offsets[0] != kept[(n+1)/2-1] || s.Tolerance(s.Offsets[0]) < spread || named.Tolerance(s.Offsets[0]) < spread {
			t.Fatalf("%v +- %v (by name %v), want %v +- %v", s.Offsets[0], s.Tolerance(s.Offsets[0]), named.Tolerance(s.Offsets[0]),
				kept[(n+1)/2-1], spread)
		}
	})
}

// TestALearnerReadBackLearnsOn: what was stored and read goes on as what was not.
func TestALearnerReadBackLearnsOn(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var kept, stored deliveries.Learner
		for round := range 3 {
			for i := range rapid.IntRange(0, 1500).Draw(t, "n") {
				number, offset := 2+i%2, time.Duration(i%2+1)*hour+time.Duration(i+round)*time.Second
				kept.Learn(number, offset)
				stored.Learn(number, offset)
				if i%7 == 0 {
					kept.Ended(number)
					stored.Ended(number)
				}
			}
			text, err := json.Marshal(stored)
			if err != nil {
				t.Fatal(err)
			}
			stored = deliveries.Learner{}
			if err := json.Unmarshal(text, &stored); err != nil {
				t.Fatal(err)
			}
			want, _ := json.Marshal(&kept)
			if got, _ := json.Marshal(&stored); string(got) != string(want) {
				t.Fatalf("round %d: got %.200s, want %.200s", round, got, want)
			}
		}
	})
}

func TestAStoredLearnerThatWasDamaged(t *testing.T) {
	t.Parallel()
	many := func(n int, item string) string { return "[" + strings.Repeat(item+",", n-1) + item + "]" }
	for name, tt := range map[string]struct{ text, want string }{
		"not an object":      {`[]`, "read learnt schedule: json"},
		"a later version":    {`{"version":2}`, "version is 2; wanted 1"},
		"too many numbers":   {`{"version":1,"retries":` + many(100, "{}") + `}`, "retries has 100 entries; wanted at most 99"},
		"too many samples":   {`{"version":1,"retries":[{},{"offsets_ms":` + many(501, "1") + `}]}`, "retries[1].offsets_ms has 501 values; wanted at most 500"},
		"an offset of zero":  {`{"version":1,"retries":[{"offsets_ms":[1,0]}]}`, "retries[0].offsets_ms[1]: 0 is outside [1, 3456000000]"},
		"a longer offset":    {`{"version":1,"retries":[{"offsets_ms":[3456000001]}]}`, "offsets_ms[0]: 3456000001 is outside"},
		"a negative counter": {`{"version":1,"retries":[{"ended":-1}]}`, "retries[0].ended: -1 is negative"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var l deliveries.Learner
			teach(&l, 200, 0, hour)
			if err := json.Unmarshal([]byte(tt.text), &l); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			if s, ok := l.Schedule(); !ok || s.Offsets[0] != hour {
				t.Errorf("learnt %+v afterwards, want it untouched", s)
			}
		})
	}
}
