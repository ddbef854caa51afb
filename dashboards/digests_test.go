package dashboards_test

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/dashboards"
)

// gauge returns the value of a gauge without labels.
func gauge(t *testing.T, m *dashboards.Metrics, name string) float64 {
	t.Helper()
	list := parse(t, strings.NewReader(scrape(t, m)))[name].GetMetric()
	if len(list) != 1 {
		t.Fatalf("%s: got %d series, want 1", name, len(list))
	}
	return list[0].GetGauge().GetValue()
}

func TestDigestsAreCountedByState(t *testing.T) {
	t.Parallel()
	states := []string{"waiting", "sent", "skipped_green", "merged", "suppressed", "stale", "dead", "unknown"}
	for name, c := range map[string]struct {
		told []dashboards.Digests
		want map[string]float64
	}{
		"nothing was told": {},
		"what is missing is 0 again": {
			told: []dashboards.Digests{{Windows: map[string]int{"dead": 9}}, {Windows: map[string]int{"sent": 3, "waiting": 1}}},
			want: map[string]float64{"sent": 3, "waiting": 1},
		},
		"words that nobody knows are one": {
			told: []dashboards.Digests{{Windows: map[string]int{"lost": 2, "": 1, "unknown": 4, "stale": 1}}},
			want: map[string]float64{"unknown": 7, "stale": 1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := dashboards.New("dev")
			for _, d := range c.told {
				m.Digests(d)
			}
			want := map[string]float64{}
			for _, s := range states {
				want[s] = c.want[s]
			}
			if got := shownUnder(t, m, "hookvigil_digest_windows"); !maps.Equal(got, want) {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
}

func TestDigestThatIsDueGrowsOlderByItself(t *testing.T) {
	t.Parallel()
	const name = "hookvigil_digest_oldest_due_seconds"
	m := dashboards.New("dev")
	if got := gauge(t, m, name); got != 0 {
		t.Errorf("at the start: got %v, want 0", got)
	}
	m.Digests(dashboards.Digests{OldestDue: time.Now().Add(time.Hour)})
	if got := gauge(t, m, name); got != 0 {
		t.Errorf("not due yet: got %v, want 0", got)
	}
	m.Digests(dashboards.Digests{OldestDue: time.Now().Add(-2 * time.Hour)})
	first := gauge(t, m, name)
	if second := gauge(t, m, name); first < 7200 || first > 7260 || second <= first {
		t.Errorf("due for two hours: got %v and then %v, want a little over 7200, and growing", first, second)
	}
	m.Digests(dashboards.Digests{})
	if got := gauge(t, m, name); got != 0 {
		t.Errorf("after it arrived: got %v, want 0", got)
	}
}

func TestDigestTimesAreUnixSeconds(t *testing.T) {
	t.Parallel()
	m := dashboards.New("dev")
	expect(t, scrape(t, m), []string{
		"hookvigil_digest_last_success_timestamp_seconds 0", "hookvigil_digest_last_closed_timestamp_seconds 0",
	}, nil)
	m.Digests(dashboards.Digests{LastSent: noon})
	m.DigestsClosed(noon.Add(30 * time.Second))
	if got := gauge(t, m, "hookvigil_digest_last_success_timestamp_seconds"); got != float64(noon.Unix()) {
		t.Errorf("last success: got %v, want %v", got, noon.Unix())
	}
	if got := gauge(t, m, "hookvigil_digest_last_closed_timestamp_seconds"); got != float64(noon.Unix()+30) {
		t.Errorf("last closed: got %v, want %v", got, noon.Unix()+30)
	}
}
