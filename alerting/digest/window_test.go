package digest

import (
	"archive/zip"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the zones of the test are those of the toolchain

	"pgregory.net/rapid"
)

func zoneOf(t rapid.TB, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func instant(t *testing.T, s string) time.Time {
	t.Helper()
	v, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return v.UTC()
}

func TestWindowsEndAtLocalBoundaries(t *testing.T) {
	t.Parallel()
	for sentence, tc := range map[string]struct {
		zone  string
		every time.Duration
		last  string
		want  string
	}{
		"UTC":                         {"UTC", 6 * time.Hour, "2023-11-11T12:00:00Z", "2023-11-11T18:00:00Z"},
		"from between two boundaries": {"UTC", 6 * time.Hour, "2023-11-11T12:00:01Z", "2023-11-11T18:00:00Z"},
		"just before one":             {"UTC", 6 * time.Hour, "2023-11-11T17:59:59Z", "2023-11-11T18:00:00Z"},
		"a length that is not given is six hours":  {"UTC", 0, "2023-11-11T12:00:00Z", "2023-11-11T18:00:00Z"},
		"a zone ahead of UTC":                      {"Asia/Jakarta", 6 * time.Hour, "2023-11-11T11:00:00Z", "2023-11-11T17:00:00Z"},
		"a zone with three quarters":               {"Asia/Kathmandu", 6 * time.Hour, "2023-11-11T12:15:00Z", "2023-11-11T18:15:00Z"},
		"after a change of zone":                   {"Asia/Kathmandu", 6 * time.Hour, "2023-11-11T12:00:00Z", "2023-11-11T12:15:00Z"},
		"spring: five hours":                       {"Europe/Berlin", 6 * time.Hour, "2024-03-30T23:00:00Z", "2024-03-31T04:00:00Z"},
		"autumn: seven hours":                      {"Europe/Berlin", 6 * time.Hour, "2024-10-26T22:00:00Z", "2024-10-27T05:00:00Z"},
		"midnight is skipped":                      {"America/Santiago", 6 * time.Hour, "2024-09-07T22:00:00Z", "2024-09-08T04:00:00Z"},
		"midnight is skipped east of UTC":          {"Africa/Cairo", 6 * time.Hour, "2024-04-25T16:00:00Z", "2024-04-25T22:00:00Z"},
		"midnight comes twice, the first":          {"America/Havana", 6 * time.Hour, "2024-11-02T22:00:00Z", "2024-11-03T04:00:00Z"},
		"midnight comes twice, the second is none": {"America/Havana", 6 * time.Hour, "2024-11-03T04:00:00Z", "2024-11-03T11:00:00Z"},
		"a day that was left out":                  {"Pacific/Apia", 6 * time.Hour, "2011-12-30T04:00:00Z", "2011-12-30T10:00:00Z"},
		"a day":                                    {"Asia/Jakarta", 24 * time.Hour, "2023-11-11T17:00:00Z", "2023-11-12T17:00:00Z"},
		"ten seconds know no zone":                 {"Asia/Kathmandu", 10 * time.Second, "2023-11-11T17:00:00Z", "2023-11-11T17:00:10Z"},
		"a minute, from within":                    {"Asia/Kathmandu", time.Minute, "2023-11-11T17:00:59.9Z", "2023-11-11T17:01:00Z"},
		"what does not divide a day":               {"Asia/Jakarta", 7 * time.Hour, "1970-01-01T07:00:00Z", "1970-01-01T14:00:00Z"},
		"before 1970":                              {"UTC", 6 * time.Hour, "1969-12-31T17:00:00Z", "1969-12-31T18:00:00Z"},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			got := Config{Every: tc.every}.Next(zoneOf(t, tc.zone), instant(t, tc.last))
			want := Window{instant(t, tc.last), instant(t, tc.want)}
			if got != want {
				t.Errorf("got %v to %v, want %v to %v", got.Start, got.End, want.Start, want.End)
			}
		})
	}
	if got := (Config{}).Next(nil, epoch); got != (Window{epoch, epoch.Add(6 * time.Hour)}) {
		t.Errorf("got %v for no zone, want UTC", got)
	}
}

func TestDaysAndWeeksBeginWhenTheyShould(t *testing.T) {
	t.Parallel()
	jakarta := zoneOf(t, "Asia/Jakarta")
	for at, want := range map[string]time.Time{
		"2023-11-13T02:00:00Z": daily(jakarta, 9*time.Hour).from(instant(t, "2023-11-12T02:00:01Z")),
		"2023-11-12T02:00:00Z": daily(jakarta, 9*time.Hour).from(instant(t, "2023-11-12T02:00:00Z")),
		"2023-11-20T02:00:00Z": weekly(jakarta, 9*time.Hour).after(instant(t, "2023-11-13T02:00:00Z")), // both are Mondays
	} {
		if got := instant(t, at); !got.Equal(want) {
			t.Errorf("got %v, want %v", want, got)
		}
	}
}

// zones names every zone that the toolchain knows.
func zones(t *testing.T) []string {
	t.Helper()
	root, err := exec.CommandContext(t.Context(), "go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatalf("go env: %v", err)
	}
	z, err := zip.OpenReader(filepath.Join(strings.TrimSpace(string(root)), "lib", "time", "zoneinfo.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	var names []string
	for _, f := range z.File {
		if !strings.HasSuffix(f.Name, "/") {
			names = append(names, f.Name)
		}
	}
	if len(names) < 500 {
		t.Fatalf("%d zones: the test looks at the wrong file", len(names))
	}
	return names
}

// changes calls with each change of each clock until 2037, once for zones whose
// clocks are alike.
func changes(t *testing.T, each func(name string, zone *time.Location, at time.Time)) {
	t.Helper()
	from, until := instant(t, "2000-01-01T00:00:00Z"), instant(t, "2038-01-01T00:00:00Z")
	transitions, seen := 0, map[string]bool{}
	for _, name := range zones(t) {
		zone := zoneOf(t, name)
		var list []time.Time
		mark := "" // of the zone
		for _, at := from.In(zone).ZoneBounds(); !at.IsZero() && at.Before(until); _, at = at.ZoneBounds() {
			_, offset := at.Zone()
			list, mark = append(list, at), mark+fmt.Sprint(at.Unix(), offset, " ")
		}
		if transitions += len(list); seen[mark] {
			continue
		}
		seen[mark] = true
		for _, at := range list {
			each(name, zone, at)
		}
	}
	if transitions < 10_000 {
		t.Errorf("only %d changes of clocks were seen", transitions)
	}
}

// TestEveryTransitionOfEveryZone walks over each change of each clock.
func TestEveryTransitionOfEveryZone(t *testing.T) {
	t.Parallel()
	lately := instant(t, "2024-01-01T00:00:00Z")
	changes(t, func(name string, zone *time.Location, at time.Time) {
		least, most := 5*time.Hour, 7*time.Hour
		if name == "Antarctica/Troll" { // moves its clocks by two hours
			least, most = 4*time.Hour, 8*time.Hour
		}
		windows := walk(t, zone, 6*time.Hour, at.Add(-40*time.Hour), at.Add(40*time.Hour))
		for _, w := range windows[1:] { // the first begins between two boundaries
			if at.After(lately) && (w.Length() < least || w.Length() > most) {
				t.Errorf("%s: window of %s from %s", name, w.Length(), w.Start.In(zone))
			}
		}
	})
}

// TestEverySeriesOverEveryTransition closes what each mode has, windows of six
// hours, days and weeks, over each change of each clock, by ticks 25 hours
// apart: windows hang together, none is left out, and all end where the clocks
// first show the boundary.
func TestEverySeriesOverEveryTransition(t *testing.T) {
	t.Parallel()
	cfg := DefaultConfig()
	changes(t, func(name string, zone *time.Location, at time.Time) {
		since := at.Add(-50 * time.Hour)
		for _, mode := range []string{ModeEvery, ModeDaily, ModeProblems} {
			list, err := cfg.series(Subscriber{Merchant: "m", Mode: mode, Since: since}, zone)
			if err != nil {
				t.Fatal(err)
			}
			s := list[len(list)-1] // of problems: the weeks
			last := time.Time{}
			for cut := since; cut.Before(since.Add(4*day + 2*s.rhythm.every)); cut = cut.Add(25 * time.Hour) {
				stale, windows := s.closed(last, since, cut)
				if stale != (Window{}) {
					t.Fatalf("%s, %s: %v is stale after 25 hours", name, mode, stale)
				}
				for _, w := range windows {
					before, then := s.rhythm.number(wallOf(w.End.Add(-1), zone)), s.rhythm.number(wallOf(w.End, zone))
					if !w.End.After(w.Start) || w.End.After(cut) || !last.IsZero() && !w.Start.Equal(last) || last.IsZero() && w.Start.Before(since) || before == then {
						t.Fatalf("%s, %s: window from %s to %s at %s, after one to %s; %d and %d", name, mode, w.Start, w.End, cut, last, before, then)
					}
					last = w.End
				}
				if !last.IsZero() && !s.rhythm.after(last).After(cut) {
					t.Fatalf("%s, %s: the window from %s is not closed at %s", name, mode, last, cut)
				}
			}
			if last.IsZero() {
				t.Fatalf("%s, %s: nothing closed from %s on", name, mode, since)
			}
		}
	})
}

// number counts boundaries by what the clocks show.
func (r rhythm) number(wall time.Time) int64 {
	since := wall.Sub(epoch) - r.offset
	n := int64(since / r.every)
	if since < 0 && since%r.every != 0 {
		n--
	}
	return n
}

// walk makes windows from one instant to another, and fails unless they hang
// together, go forward, and end where the clocks first reach a boundary.
func walk(t rapid.TB, zone *time.Location, every time.Duration, from, to time.Time) []Window {
	t.Helper()
	var list []Window
	for last := from.UTC(); last.Before(to); {
		w := Config{Every: every}.Next(zone, last)
		before, at := wallOf(w.End.Add(-1), zone), wallOf(w.End, zone)
		switch {
		case !w.Start.Equal(last):
			t.Fatalf("%s: got a start at %s, want %s", zone, w.Start, last)
		case !w.End.After(last):
			t.Fatalf("%s: got an end at %s, not after %s", zone, w.End, last)
		case before.Truncate(every).Equal(at.Truncate(every)) && before.Before(at):
			t.Fatalf("%s: no boundary at %s", zone, w.End.In(zone))
		}
		list, last = append(list, w), w.End
	}
	return list
}

func TestWindowsHangTogetherFromAnywhere(t *testing.T) {
	t.Parallel()
	names := zones(t)
	rapid.Check(t, func(t *rapid.T) {
		zone := zoneOf(t, rapid.SampledFrom(names).Draw(t, "zone"))
		every := rapid.SampledFrom([]time.Duration{time.Hour, 90 * time.Minute, 2 * time.Hour, 6 * time.Hour, 12 * time.Hour, day}).Draw(t, "every")
		from := epoch.Add(time.Duration(rapid.Int64Range(0, int64(68*365*day)).Draw(t, "from")))
		walk(t, zone, every, from, from.Add(20*every))

		// From wherever one starts, the boundaries are the same.
		a := Config{Every: every}.Next(zone, from).End
		b := Config{Every: every}.Next(zone, from.Add(time.Duration(rapid.Int64Range(0, int64(a.Sub(from))-1).Draw(t, "later")))).End
		if !a.Equal(b) {
			t.Fatalf("%s: got boundaries %s and %s, want one", zone, a, b)
		}
	})
}

// An offset moves every boundary, in local time as in plain multiples.
func TestOffsetMovesBoundaries(t *testing.T) {
	jakarta := zoneOf(t, "Asia/Jakarta") // seven hours ahead
	for name, tc := range map[string]struct {
		config          Config
		zone            *time.Location
		last, wantUntil string
	}{
		"an hour later than midnight there": {Config{Every: 6 * time.Hour, Offset: time.Hour}, jakarta, "2026-11-21T10:00:00Z", "2026-11-21T12:00:00Z"},
		"from one boundary to the next":     {Config{Every: 6 * time.Hour, Offset: time.Hour}, jakarta, "2026-11-21T12:00:00Z", "2026-11-21T18:00:00Z"},
		"plain multiples":                   {Config{Every: 2 * time.Minute, Offset: 35 * time.Second}, nil, "2026-11-21T10:00:35Z", "2026-11-21T10:02:35Z"},
	} {
		t.Run(name, func(t *testing.T) {
			if got, want := tc.config.Next(tc.zone, instant(t, tc.last)).End, instant(t, tc.wantUntil); !got.Equal(want) {
				t.Errorf("the window ends at %s, want %s", got, want)
			}
		})
	}
}
