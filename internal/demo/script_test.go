package demo

import (
	"math"
	"testing"
	"time"
)

func TestClockOfTheIncident(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		since time.Duration
		want  string
	}{
		"begins before the trouble":        {0, "21:23"},
		"the errors of the report":         {trouble, "21:48"},
		"its first fix":                    {firstFix, "22:31"},
		"its full recovery":                {fullFix, "23:10"},
		"half a second is half a minute":   {trouble + 500*time.Millisecond, "21:48"},
		"a second is a minute":             {trouble + time.Second, "21:49"},
		"the story ends on the next day":   {allResolved, "00:10"},
		"and the clock goes on afterwards": {allResolved + time.Hour, "12:10"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := clockAt(tc.since).Format("15:04"); got != tc.want {
				t.Errorf("clockAt(%s) = %s, want %s", tc.since, got, tc.want)
			}
		})
	}
}

func TestScenesFollowEachOther(t *testing.T) {
	t.Parallel()
	list := story()
	for i, s := range list {
		if i > 0 && s.At <= list[i-1].At {
			t.Errorf("scene %d begins at %s, want after %s", i, s.At, list[i-1].At)
		}
		if got := stepAt(list, s.At); got != i {
			t.Errorf("at %s runs scene %d, want %d", s.At, got, i)
		}
		if got := stepAt(list, s.At-1); got != max(0, i-1) {
			t.Errorf("just before %s runs scene %d, want %d", s.At, got, max(0, i-1))
		}
		if s.Title == "" || s.Text == "" || s.Watch == "" {
			t.Errorf("scene %d lacks words: %+v", i, s)
		}
	}
	if allResolved >= 3*time.Minute {
		t.Errorf("the story takes %s, want less than 3m", allResolved)
	}
}

// stream makes the whole story, in steps of the sender.
func stream(seed uint64) []attempt {
	t := newTraffic(time.Unix(1700000000, 0), seed)
	var all []attempt
	for since := sendEvery; since <= allResolved; since += sendEvery {
		all = append(all, t.until(since)...)
	}
	return all
}

func TestSharesOfTheStory(t *testing.T) {
	t.Parallel()
	begun := time.Unix(1700000000, 0)
	streams := [][]attempt{stream(1), stream(2), stream(3), stream(4), stream(5)}
	for name, tc := range map[string]struct {
		from, to time.Duration
		want     float64
	}{
		"quiet":          {0, trouble, float64(ordinary)},
		"errors":         {trouble, firstFix, float64(impacted)},
		"first fix":      {firstFix, fullFix, float64(recovered)},
		"full recovery":  {fullFix, allResolved, float64(ordinary)},
		"from the first": {trouble, trouble + 20*time.Second, float64(impacted)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for seed, list := range streams {
				n, k := 0, 0
				for _, a := range list {
					end := a.Started.Add(time.Duration(a.Millis) * time.Millisecond).Sub(begun)
					if a.Number > 1 || end < tc.from || end >= tc.to {
						continue
					}
					n++
					if a.failed() {
						k++
					}
				}
				if want := int((tc.to - tc.from).Seconds() * perSecond); math.Abs(float64(n-want)) > 1 {
					t.Errorf("seed %d: %d first attempts, want %d", seed, n, want)
				}
				if got := float64(k); math.Abs(got-tc.want*float64(n)) > 4 {
					t.Errorf("seed %d: %d of %d failed, want about %.1f", seed, k, n, tc.want*float64(n))
				}
			}
		})
	}
}

func TestRetriesFollowTheSchedule(t *testing.T) {
	t.Parallel()
	first, last := map[string]attempt{}, map[string]attempt{}
	retries := 0
	for _, a := range stream(3) {
		end := a.Started.Add(time.Duration(a.Millis) * time.Millisecond)
		if a.Number == 1 {
			if _, twice := first[a.Event]; twice {
				t.Fatalf("event %s begins twice", a.Event)
			}
			first[a.Event], last[a.Event] = a, a
			continue
		}
		retries++
		before, begin := last[a.Event], first[a.Event]
		if !before.failed() || a.Number != before.Number+1 {
			t.Errorf("event %s: attempt %d after %d, which failed: %t", a.Event, a.Number, before.Number, before.failed())
		}
		gap := end.Sub(begin.Started.Add(time.Duration(begin.Millis) * time.Millisecond))
		if want := retryAfter()[a.Number-2]; gap != want {
			t.Errorf("event %s: attempt %d after %s, want %s", a.Event, a.Number, gap, want)
		}
		last[a.Event] = a
	}
	if retries < 100 {
		t.Errorf("%d retries, want hundreds", retries)
	}
}

func TestBrokenEndpointsDeliverNothing(t *testing.T) {
	t.Parallel()
	begun, seen := time.Unix(1700000000, 0), map[string]int{}
	for seed := range uint64(5) {
		for _, a := range stream(seed) {
			end := a.Started.Add(time.Duration(a.Millis) * time.Millisecond).Sub(begun)
			word := brokenAt(a.Endpoint, end)
			if word == "" {
				continue
			}
			seen[a.Endpoint]++
			if a.Error != word {
				t.Errorf("%s at %s: error %q and status %d, want %q", a.Endpoint, end, a.Error, a.Status, word)
			}
		}
	}
	if seen[hangingEndpoint] == 0 || seen[expiringEndpoint] == 0 {
		t.Errorf("attempts to broken endpoints %v, want some to both", seen)
	}
}

func TestTrafficAfterASleepIsBounded(t *testing.T) {
	t.Parallel()
	s := newTraffic(time.Unix(1700000000, 0), 1)
	first := 0
	for _, a := range s.until(time.Hour) {
		if a.Number == 1 {
			first++
		}
	}
	if first != mostAtOnce {
		t.Errorf("after an hour of sleep %d first attempts, want %d", first, mostAtOnce)
	}
	if got := len(s.until(time.Hour)); got != 0 {
		t.Errorf("and at the same moment %d more, want none", got)
	}
}
