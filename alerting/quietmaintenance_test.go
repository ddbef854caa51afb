package alerting_test

import (
	"archive/zip"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the zones of the test are those of the toolchain

	"github.com/teambition/rrule-go"
	"pgregory.net/rapid"

	"github.com/hookvigil/hookvigil/alerting"
)

func when(t rapid.TB, s string) time.Time {
	t.Helper()
	v, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return v.UTC()
}

// planned is maintenance for an hour, of whoever.
func planned(zone string, start time.Time, recurrence string) alerting.Maintenance {
	return alerting.Maintenance{
		ID: "m", Matcher: alerting.Matcher{Merchant: []string{"toko-maju"}}, Zone: zone, Start: start, Length: time.Hour,
		Recurrence: recurrence, By: "ana", Reason: "x",
	}
}

// begins lists when the first n occurrences begin.
func begins(m alerting.Maintenance, n int) []time.Time {
	var list []time.Time
	for now := m.Start.Add(-1); len(list) < n; now = list[len(list)-1] {
		from, _, ok := m.Next(now)
		if !ok {
			break
		}
		list = append(list, from)
	}
	return list
}

func TestMaintenanceRecursByTheClocksOfItsZone(t *testing.T) {
	t.Parallel()
	for sentence, tc := range map[string]struct {
		zone, start, rule string
		want              string // UTC, blanks between; at most four are looked at
	}{
		"once":                                  {"Asia/Jakarta", "2026-06-07T02:00:00+07:00", "", "06-06T19:00"},
		"daily":                                 {"UTC", "2026-02-27T01:00:00Z", "FREQ=DAILY", "02-27T01:00 02-28T01:00 03-01T01:00 03-02T01:00"},
		"every third day, three times":          {"UTC", "2026-02-27T01:00:00Z", "FREQ=DAILY;INTERVAL=3;COUNT=3", "02-27T01:00 03-02T01:00 03-05T01:00"},
		"on workdays":                           {"UTC", "2026-06-05T01:00:00Z", "FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR", "06-05T01:00 06-08T01:00 06-09T01:00 06-10T01:00"},
		"weekly, on its own day":                {"UTC", "2026-06-07T02:00:00Z", "FREQ=WEEKLY", "06-07T02:00 06-14T02:00 06-21T02:00 06-28T02:00"},
		"every other week, weeks begin Mondays": {"UTC", "2026-06-02T02:00:00Z", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU", "06-02T02:00 06-07T02:00 06-16T02:00 06-21T02:00"},
		"monthly, where there is a 31st":        {"UTC", "2026-01-31T02:00:00Z", "FREQ=MONTHLY", "01-31T02:00 03-31T02:00 05-31T02:00 07-31T02:00"},
		"on the last day of the month":          {"UTC", "2026-01-31T02:00:00Z", "FREQ=MONTHLY;BYMONTHDAY=-1", "01-31T02:00 02-28T02:00 03-31T02:00 04-30T02:00"},
		"on the second Sunday":                  {"UTC", "2026-06-14T02:00:00Z", "FREQ=MONTHLY;BYDAY=2SU", "06-14T02:00 07-12T02:00 08-09T02:00 09-13T02:00"},
		"on the last Friday of each quarter":    {"UTC", "2026-03-27T02:00:00Z", "FREQ=MONTHLY;INTERVAL=3;BYDAY=-1FR", "03-27T02:00 06-26T02:00 09-25T02:00 12-25T02:00"},
		"until a day, that day too":             {"Asia/Jakarta", "2026-06-06T23:30:00+07:00", "FREQ=DAILY;UNTIL=20260607", "06-06T16:30 06-07T16:30"},
		"until a moment, that moment too":       {"Asia/Jakarta", "2026-06-06T23:30:00+07:00", "FREQ=DAILY;UNTIL=20260607T163000Z", "06-06T16:30 06-07T16:30"},
		"until just before":                     {"Asia/Jakarta", "2026-06-06T23:30:00+07:00", "FREQ=DAILY;UNTIL=20260607T232959", "06-06T16:30"},
		"spring in Berlin: 02:30 is skipped":    {"Europe/Berlin", "2026-03-28T02:30:00+01:00", "FREQ=DAILY", "03-28T01:30 03-29T01:00 03-30T00:30 03-31T00:30"},
		"autumn in Berlin: the first 02:30":     {"Europe/Berlin", "2026-10-24T02:30:00+02:00", "FREQ=DAILY", "10-24T00:30 10-25T00:30 10-26T01:30 10-27T01:30"},
		"begun at the second 02:30":             {"Europe/Berlin", "2026-10-25T02:30:00+01:00", "FREQ=DAILY", "10-25T01:30 10-26T01:30 10-27T01:30 10-28T01:30"},
		"half an hour in Lord Howe":             {"Australia/Lord_Howe", "2026-10-03T02:10:00+10:30", "FREQ=DAILY", "10-02T15:40 10-03T15:30 10-04T15:10 10-05T15:10"},
		"midnight is skipped in Santiago":       {"America/Santiago", "2026-09-05T00:00:00-04:00", "FREQ=DAILY", "09-05T04:00 09-06T04:00 09-07T03:00 09-08T03:00"},
		"a weekday and a counted one":           {"UTC", "2026-02-02T02:00:00Z", "FREQ=MONTHLY;BYDAY=TU,1MO", "02-02T02:00 02-03T02:00 02-10T02:00 02-17T02:00"},
		"a day in leap years alone":             {"UTC", "2024-02-29T02:00:00Z", "FREQ=MONTHLY;INTERVAL=12", "02-29T02:00 02-29T02:00 02-29T02:00 02-29T02:00"},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			m, faults := planned(tc.zone, when(t, tc.start), tc.rule).Settled(when(t, tc.start))
			if len(faults) > 0 {
				t.Fatalf("faults %+v", faults)
			}
			var got []string
			for _, b := range begins(m, 4) {
				got = append(got, b.Format("01-02T15:04"))
			}
			if text := strings.Join(got, " "); text != tc.want {
				t.Errorf("began %s, want %s", text, tc.want)
			}
		})
	}
}

func TestAnOccurrenceLastsItsLength(t *testing.T) {
	t.Parallel()
	m := planned("Europe/Berlin", when(t, "2026-03-28T00:00:00+01:00"), "FREQ=DAILY") // not settled: it is asked all the same
	m.Length = 30 * time.Hour                                                         // longer than a day: they overlap
	removed := m
	removed.RemovedAt = m.Start
	for sentence, tc := range map[string]struct {
		m          alerting.Maintenance
		now        string
		from, want string // UTC; empty: none
	}{
		"just before it begins":            {m, "2026-03-27T22:59:59Z", "", ""},
		"as it begins":                     {m, "2026-03-27T23:00:00Z", "2026-03-27T23:00:00Z", "2026-03-29T05:00:00Z"},
		"of two the one that ends last":    {m, "2026-03-29T04:59:59Z", "2026-03-28T23:00:00Z", "2026-03-30T05:00:00Z"},
		"thirty hours, an hour is skipped": {m, "2026-03-29T22:30:00Z", "2026-03-29T22:00:00Z", "2026-03-31T04:00:00Z"},
		"removed":                          {removed, "2026-03-28T12:00:00Z", "", ""},
	} {
		from, until, ok := tc.m.At(when(t, tc.now))
		if ok != (tc.from != "") || ok && (!from.Equal(when(t, tc.from)) || !until.Equal(when(t, tc.want))) {
			t.Errorf("%s: %s to %s, %t; want %s to %s", sentence, from, until, ok, tc.from, tc.want)
		}
	}
}

func TestMaintenanceSaysWhatIsWrongWithIt(t *testing.T) {
	t.Parallel()
	for sentence, tc := range map[string]struct {
		change func(*alerting.Maintenance)
		want   string // path: message; hint
	}{
		"no ID":                   {func(m *alerting.Maintenance) { m.ID = "" }, "id: "},
		"an ID with a slash":      {func(m *alerting.Maintenance) { m.ID = "a/b" }, "id: "},
		"a rule to match":         {func(m *alerting.Maintenance) { m.Matcher.Rule = append(m.Matcher.Rule, "silence") }, "matcher.rule: does not go with maintenance; maintenance is of merchants"},
		"everything to match":     {func(m *alerting.Maintenance) { m.Matcher = alerting.Matcher{All: true} }, "matcher.all: does not go with maintenance"},
		"no reason":               {func(m *alerting.Maintenance) { m.Reason = "" }, "reason: is missing"},
		"no zone":                 {func(m *alerting.Maintenance) { m.Zone = "" }, `zone: "" is no time zone that is known here; an IANA name such as Asia/Jakarta, or UTC`},
		"the zone of the machine": {func(m *alerting.Maintenance) { m.Zone = "Local" }, `zone: "Local" is no time zone`},
		"a fixed offset":          {func(m *alerting.Maintenance) { m.Zone = "+07:00" }, `zone: "+07:00" is no time zone`},
		"an abbreviation":         {func(m *alerting.Maintenance) { m.Zone = "WIB" }, `zone: "WIB" is no time zone`},
		"no start":                {func(m *alerting.Maintenance) { m.Start = time.Time{} }, "start: is missing"},
		"under a minute":          {func(m *alerting.Maintenance) { m.Length = time.Minute - 1 }, "length: 59.999999999s is outside 1m to 7d"},
		"over a week":             {func(m *alerting.Maintenance) { m.Length = alerting.LongestQuiet + 1 }, "length: "},
		"a start that is no occurrence": {
			func(m *alerting.Maintenance) { m.Recurrence = "FREQ=WEEKLY;BYDAY=MO" },
			"start: is a day on which it does not recur: Sun 2026-06-07; the first after it is Mon 2026-06-08 02:00 WIB",
		},
		"a start that is none, and no later one": {
			func(m *alerting.Maintenance) { m.Recurrence = "FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=31" },
			"start: is a day on which it does not recur: Sun 2026-06-07; the recurrence has none within ten years",
		},
		"one that is over":            {func(m *alerting.Maintenance) { m.Start = when(t, "2026-06-01T02:00:00+07:00") }, "start: its last occurrence is over: it began 2026-05-31 19:00 UTC"},
		"UNTIL before the start":      {func(m *alerting.Maintenance) { m.Recurrence = "FREQ=DAILY;UNTIL=20260606" }, "recurrence: UNTIL comes before the start"},
		"COUNT for a lifetime":        {func(m *alerting.Maintenance) { m.Recurrence = "FREQ=MONTHLY;INTERVAL=12;COUNT=52" }, "recurrence: COUNT=52 goes on for more than 50 years"},
		"no FREQ":                     {func(m *alerting.Maintenance) { m.Recurrence = "BYDAY=MO" }, "recurrence: FREQ is missing"},
		"FREQ=HOURLY":                 {func(m *alerting.Maintenance) { m.Recurrence = "FREQ=HOURLY" }, "recurrence: FREQ=HOURLY is not known; wanted DAILY, WEEKLY or MONTHLY"},
		"a part that is none":         {func(m *alerting.Maintenance) { m.Recurrence = "FREQ=DAILY;BYSETPOS=1" }, "recurrence: BYSETPOS is not known; wanted FREQ"},
		"its name in front":           {func(m *alerting.Maintenance) { m.Recurrence = "RRULE:FREQ=DAILY" }, "recurrence: RRULE:FREQ is not known"},
		"a part twice":                {func(m *alerting.Maintenance) { m.Recurrence = "FREQ=DAILY;FREQ=DAILY" }, `recurrence: "FREQ=DAILY" is no part of a rule, or stands there twice`},
		"INTERVAL=0":                  {func(m *alerting.Maintenance) { m.Recurrence = "FREQ=DAILY;INTERVAL=0" }, "recurrence: INTERVAL=0 is no number from 1 to 366"},
		"INTERVAL too long":           {func(m *alerting.Maintenance) { m.Recurrence = "FREQ=MONTHLY;INTERVAL=13" }, "recurrence: INTERVAL=13 is too long for FREQ=MONTHLY; at most 12"},
		"COUNT and UNTIL":             {func(m *alerting.Maintenance) { m.Recurrence = "FREQ=DAILY;COUNT=2;UNTIL=20270101" }, "recurrence: COUNT and UNTIL stand together"},
		"counted days in a week":      {func(m *alerting.Maintenance) { m.Recurrence = "FREQ=WEEKLY;BYDAY=1SU" }, "recurrence: BYDAY counts its days"},
		"days of the month in a week": {func(m *alerting.Maintenance) { m.Recurrence = "FREQ=WEEKLY;BYMONTHDAY=7" }, "recurrence: BYMONTHDAY does not go with FREQ=WEEKLY"},
		"a weekday that is none":      {func(m *alerting.Maintenance) { m.Recurrence = "FREQ=WEEKLY;BYDAY=UM" }, `recurrence: "UM" is no day of BYDAY`},
		"a sixth Sunday":              {func(m *alerting.Maintenance) { m.Recurrence = "FREQ=MONTHLY;BYDAY=6SU" }, `recurrence: "6SU" is no day of BYDAY`},
		"the 32nd":                    {func(m *alerting.Maintenance) { m.Recurrence = "FREQ=MONTHLY;BYMONTHDAY=32" }, `recurrence: "32" is no day of BYMONTHDAY`},
		"a date that is none":         {func(m *alerting.Maintenance) { m.Recurrence = "FREQ=DAILY;UNTIL=20260230" }, "recurrence: UNTIL=20260230 is no date"},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			m := planned("Asia/Jakarta", when(t, "2026-06-07T02:00:00+07:00"), "")
			now := m.Start
			tc.change(&m)
			m, faults := m.Settled(now)
			if len(faults) != 1 || !strings.HasPrefix(faults[0].Path+": "+faults[0].Message+"; "+faults[0].Hint, tc.want) {
				t.Errorf("faults %+v, want %q", faults, tc.want)
			}
		})
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

// TestEveryTransitionUntil2037: whatever a zone does to its clocks, what
// recurs daily begins at the first instant at which they show its time, or
// later.
func TestEveryTransitionUntil2037(t *testing.T) {
	t.Parallel()
	until, transitions, skipped, twice := when(t, "2038-01-01T00:00:00Z"), 0, 0, 0
	for _, name := range zones(t) {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, at := when(t, "2024-01-01T00:00:00Z").In(zone).ZoneBounds(); !at.IsZero() && at.Before(until); _, at = at.ZoneBounds() {
			transitions++
			before, after := alerting.Wall(at.Add(-1), zone).Add(1), alerting.Wall(at, zone)
			middle := before.Add(after.Sub(before) / 2).Truncate(time.Second)
			switch {
			case after.After(before):
				skipped++
			case after.Before(before):
				twice++
			}
			for _, wall := range []time.Time{before, after, middle, before.Add(-time.Second), after.Add(time.Second)} {
				checkFirst(t, zone, wall, at)
			}
		}
	}
	if transitions < 4000 || skipped < 1900 || twice < 1900 {
		t.Errorf("only %d transitions were seen, %d of them gaps and %d folds", transitions, skipped, twice)
	}
	t.Logf("%d transitions, %d gaps, %d folds", transitions, skipped, twice)
}

// checkFirst lets maintenance recur daily at the time of day of wall, from five
// days before, and looks at when it begins on that day.
func checkFirst(t *testing.T, zone *time.Location, wall, at time.Time) {
	t.Helper()
	m, faults := planned(zone.String(), alerting.Reached(wall.AddDate(0, 0, -5), zone), "FREQ=DAILY").Settled(at)
	if len(faults) > 0 {
		t.Fatalf("%s: faults %+v", zone, faults)
	}
	if !alerting.Wall(m.Start, zone).Equal(wall.AddDate(0, 0, -5)) {
		return // its first day was not an ordinary one
	}
	from, _, ok := m.Next(at.Add(-12 * time.Hour))
	for ok && alerting.Wall(from, zone).Before(wall) {
		from, _, ok = m.Next(from)
	}
	if !ok || alerting.Wall(from, zone).Before(wall) {
		t.Fatalf("%s: nothing at %s", zone, wall)
	}
	for t0 := from; t0.After(from.Add(-30 * time.Hour)); { // the end of each stretch before shows less
		start, _ := t0.Add(-1).In(zone).ZoneBounds()
		if shown := alerting.Wall(t0.Add(-1), zone); !shown.Before(wall) {
			t.Errorf("%s: began at %s, %s was shown before, at %s", zone, from.In(zone), shown, t0)
		}
		if start.IsZero() {
			break
		}
		t0 = start
	}
	if during, _, ok := m.At(from.Add(time.Minute)); !ok || !during.Equal(from) {
		t.Errorf("%s: at %s lasts one from %s, %t; want from %s", zone, from.Add(time.Minute), during, ok, from)
	}
}

// rule draws a recurrence of the subset.
func drawRule(t *rapid.T) string {
	freq := rapid.SampledFrom([]string{"DAILY", "WEEKLY", "MONTHLY"}).Draw(t, "freq")
	parts := []string{"FREQ=" + freq}
	if n := rapid.IntRange(1, 4).Draw(t, "interval"); n > 1 {
		parts = append(parts, fmt.Sprint("INTERVAL=", n))
	}
	list := func(key string, words []string) {
		if drawn := rapid.SliceOfNDistinct(rapid.SampledFrom(words), 0, 4, rapid.ID).Draw(t, key); len(drawn) > 0 {
			parts = append(parts, key+"="+strings.Join(drawn, ","))
		}
	}
	days := []string{"MO", "TU", "WE", "TH", "FR", "SA", "SU"}
	if freq == "MONTHLY" && rapid.Bool().Draw(t, "counted") { // not beside the others: there the library finds none of them
		days = []string{"1MO", "2TU", "5WE", "-1FR", "-2SU", "3SA"}
	}
	list("BYDAY", days)
	if freq != "WEEKLY" {
		list("BYMONTHDAY", []string{"1", "2", "13", "28", "29", "30", "31", "-1", "-2", "-30", "-31"})
	}
	switch rapid.IntRange(0, 2).Draw(t, "end") {
	case 1:
		parts = append(parts, fmt.Sprint("COUNT=", rapid.IntRange(1, 12).Draw(t, "count")))
	case 2:
		until := when(t, "2026-01-01T00:00:00Z").AddDate(0, 0, rapid.IntRange(0, 900).Draw(t, "until"))
		parts = append(parts, "UNTIL="+until.Format("20060102T150405Z"))
	}
	return strings.Join(parts, ";")
}

// standard is a recurrence as others read it.
func standard(t *rapid.T, opt *rrule.ROption, start time.Time) *rrule.RRule {
	t.Helper()
	opt.Dtstart = start
	r, err := rrule.NewRRule(*opt)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestRecurrencesAreThoseOfTheStandard compares with an implementation of RFC
// 5545 that others wrote. In UTC: what it does where clocks change is not what
// is wanted here.
func TestRecurrencesAreThoseOfTheStandard(t *testing.T) {
	t.Parallel()
	compared := 0
	rapid.Check(t, func(t *rapid.T) {
		text := drawRule(t)
		start := when(t, "2026-01-01T02:30:00Z").AddDate(0, 0, rapid.IntRange(0, 400).Draw(t, "start"))
		opt, err := rrule.StrToROption(text)
		if err != nil {
			t.Fatal(err)
		}
		theirs := standard(t, opt, start)
		if first := theirs.After(start, true); !first.Equal(start) {
			if _, faults := planned("UTC", start, text).Settled(start); len(faults) == 0 {
				t.Fatalf("%s from %s: it is no occurrence of its own, and that is no fault", text, start)
			}
			if first.IsZero() {
				return
			}
			start = first
			theirs = standard(t, opt, start)
		}
		m, faults := planned("UTC", start, text).Settled(start)
		if len(faults) > 0 {
			t.Fatalf("%s from %s: faults %+v", text, start, faults)
		}
		want := theirs.Between(start, start.AddDate(3, 0, 0), true)
		compared++
		got := begins(m, len(want)+1)
		for len(got) > 0 && got[len(got)-1].After(start.AddDate(3, 0, 0)) {
			got = got[:len(got)-1]
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s from %s: got %v, want %v", text, start, got, want)
		}
	})
	if compared == 0 {
		t.Error("nothing was compared")
	}
}

// TestAtAndNextAgree walks over occurrences in a zone: each lasts from its
// begin to its end, and nothing lasts between them.
func TestAtAndNextAgree(t *testing.T) {
	t.Parallel()
	names := []string{"UTC", "Europe/Berlin", "America/Santiago", "Australia/Lord_Howe", "Antarctica/Troll", "Asia/Kathmandu", "Africa/Casablanca", "America/Nuuk"}
	rapid.Check(t, func(t *rapid.T) {
		start := when(t, "2026-01-01T00:00:00Z").Add(time.Duration(rapid.IntRange(0, 400*24*60).Draw(t, "start")) * time.Minute)
		m := planned(rapid.SampledFrom(names).Draw(t, "zone"), start, drawRule(t))
		m.Length = time.Duration(rapid.IntRange(1, 7*24*60).Draw(t, "length")) * time.Minute
		m, faults := m.Settled(start)
		if len(faults) > 0 {
			t.Skip("it does not begin on a day of its own")
		}
		last := time.Time{} // the end of what began before
		for _, from := range begins(m, 12) {
			if gap := from.Add(-1); !gap.Before(last) {
				if _, _, ok := m.At(gap); ok {
					t.Fatalf("something lasts at %s, before %s", gap, from)
				}
			}
			last = from.Add(m.Length)
			for _, now := range []time.Time{from, last.Add(-1)} {
				if got, until, ok := m.At(now); !ok || got.After(now) || !until.After(now) || until.Before(last) {
					t.Fatalf("at %s: %s to %s, %t; want what began at %s", now, got, until, ok, from)
				}
			}
		}
	})
}

func FuzzRecurrence(f *testing.F) {
	for _, seed := range []string{"", "FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO,SU;UNTIL=20270101", "FREQ=MONTHLY;BYDAY=-1FR,2MO;BYMONTHDAY=-31;COUNT=9", "FREQ=", ";", "BYDAY=,", "FREQ=DAILY;COUNT=99999999999999999999"} {
		f.Add(seed)
	}
	start := time.Date(2026, 6, 7, 2, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text string) {
		m, faults := planned("Europe/Berlin", start, text).Settled(start)
		from, until, ok := m.Next(start)
		if ok && (!from.After(start) || until.Sub(from) != time.Hour || !m.EndsAt.IsZero() && from.After(m.EndsAt)) {
			t.Errorf("%q: next is %v to %v, the last %v", text, from, until, m.EndsAt)
		}
		if at, _, ok := m.At(start); len(faults) == 0 && (!ok || !at.Equal(start)) {
			t.Errorf("%q: its first occurrence is missing", text)
		}
	})
}

func BenchmarkMaintenance(b *testing.B) {
	start := time.Date(2016, 1, 1, 2, 30, 0, 0, time.UTC)
	now := time.Date(2026, 6, 7, 2, 40, 0, 0, time.UTC)
	m, _ := planned("Europe/Berlin", start, "FREQ=DAILY").Settled(now)
	unsettled := planned("Europe/Berlin", start, "FREQ=DAILY")
	rare, _ := planned("UTC", time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC), "FREQ=MONTHLY;INTERVAL=12").Settled(now)
	for name, do := range map[string]func(){
		"At": func() { m.At(now) }, "Next": func() { m.Next(now) }, "Next leap day": func() { rare.Next(now) }, "At not settled": func() { unsettled.At(now) },
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				do()
			}
		})
	}
	b.Run("rrule-go After", func(b *testing.B) {
		opt, _ := rrule.StrToROption("FREQ=DAILY")
		opt.Dtstart = start
		r, err := rrule.NewRRule(*opt)
		if err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			r.After(now, false)
		}
	})
}
