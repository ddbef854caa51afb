package ingest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/ingest"
)

func TestRetentionIsValid(t *testing.T) {
	t.Parallel()
	const d = 24 * time.Hour
	for name, tc := range map[string]struct {
		r    ingest.Retention
		want []string // how each fault begins
	}{
		"the default":                 {ingest.DefaultRetention(), nil},
		"the least":                   {ingest.Retention{d, d, d}, nil},
		"the most":                    {ingest.Retention{3650 * d, 3650 * d, 3650 * d}, nil},
		"nothing":                     {ingest.Retention{}, []string{"successes: 0s is outside [1d, 3650d]"}},
		"just under the least":        {ingest.Retention{d - 1, d, d}, []string{"successes: "}},
		"just over the most":          {ingest.Retention{3650*d + 1, 3650*d + 1, 3650*d + 1}, []string{"successes: ", "failures: ", "rollups: "}},
		"failures go first":           {ingest.Retention{7 * d, 7*d - 1, 400 * d}, []string{"failures: 167h59m59.999999999s is less than successes, 7d"}},
		"rollups go first":            {ingest.Retention{7 * d, 90 * d, 90*d - 1}, []string{"rollups: "}},
		"everything the wrong way on": {ingest.Retention{400 * d, 90 * d, 7 * d}, []string{"failures: 90d is less than successes, 400d", "rollups: 7d is less than failures, 90d"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			if err := tc.r.Validate(); err != nil {
				got = strings.Split(err.Error(), "\n")
			}
			if len(got) != len(tc.want) {
				t.Fatalf("got %q, want %q", got, tc.want)
			}
			for i := range got {
				if !strings.HasPrefix(got[i], tc.want[i]) {
					t.Errorf("got %q, want %q", got[i], tc.want[i])
				}
			}
		})
	}
}

func TestRefusal(t *testing.T) {
	t.Parallel()
	floor := day.Add(-8 * 24 * time.Hour)
	for name, tc := range map[string]struct {
		started, floor time.Time
		want           string
	}{
		"now":                             {day, floor, ""},
		"at the floor":                    {floor, floor, ""},
		"just before the floor":           {floor.Add(-1), floor, "started_at: 2026-11-13T09:00:00Z is before 2026-11-13T09:00:00Z: the attempts of that day are no longer kept"},
		"long ago, and nothing was taken": {day.Add(-ingest.MaxAge), time.Time{}, ""},
		"too long ago":                    {day.Add(-ingest.MaxAge - 1), time.Time{}, "started_at: 2026-10-17T09:00:00Z is more than 35 days ago"},
		"too far ahead":                   {day.Add(time.Hour + 1), floor, "started_at: 2026-11-21T10:00:00Z is more than an hour ahead"},
	} {
		got := ingest.Refusal(tc.started, day, tc.floor)
		if !strings.HasPrefix(got, tc.want) || (got == "") != (tc.want == "") {
			t.Errorf("%s: got %q, want %q", name, got, tc.want)
		}
		if outlies := ingest.Outlies(tc.started, day); outlies && got == "" {
			t.Errorf("%s: outlies, and is not refused", name)
		}
	}
}

// TestIntakeRefusesWhatIsNotKept: a repeat of an attempt whose day was dropped
// would be taken for new.
func TestIntakeRefusesWhatIsNotKept(t *testing.T) {
	t.Parallel()
	l := start(t, t.TempDir(), ingest.Options{})
	ledger := newMemory()
	in := ingest.NewIntake(l, ledger)
	all := usual("evt", 4)
	for i := range all {
		all[i].StartedAt = day.Add(time.Duration(i-3) * 12 * time.Hour)
	}
	ledger.floor = all[1].StartedAt
	got, err := in.Take(t.Context(), day, all)
	if want := (ingest.Taken{Accepted: 3, Outside: 1}); err != nil || got != want {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	if !in.Floor().Equal(all[1].StartedAt) {
		t.Errorf("floor %s", in.Floor())
	}
}
