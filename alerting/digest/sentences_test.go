package digest

import (
	"reflect"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/probes"
)

var place = regexp.MustCompile(`%(\[\d\])?[sd]|\{[a-z]+\}`)

// placesOf are what a sentence has filled in, in order of their kind.
func placesOf(s string) []string { return place.FindAllString(s, -1) }

// TestLanguagesSayTheSame compares the tables field by field.
func TestLanguagesSayTheSame(t *testing.T) {
	t.Parallel()
	compareTables(t, reflect.ValueOf(*english()), reflect.ValueOf(*indonesian()))
	for _, a := range Advices() {
		if english().Advice[a] == "" {
			t.Errorf("advice %s has no words", a)
		}
	}
	for _, f := range probes.Faults()[1:] {
		if english().Faults[string(f)] == "" {
			t.Errorf("fault %s has no plain words", f)
		}
	}
}

func compareTables(t *testing.T, en, id reflect.Value) {
	t.Helper()
	for i := range en.NumField() {
		name := en.Type().Field(i).Name
		switch a, b := en.Field(i), id.Field(i); a.Kind() {
		case reflect.Struct:
			compareTables(t, a, b)
		case reflect.String:
			compare(t, name, a.String(), b.String())
		case reflect.Array:
			for k := range a.Len() {
				compare(t, name, a.Index(k).String(), b.Index(k).String())
			}
		case reflect.Map:
			if a.Len() != b.Len() {
				t.Errorf("%s: got %d and %d words", name, a.Len(), b.Len())
			}
			for _, k := range a.MapKeys() {
				if !b.MapIndex(k).IsValid() {
					t.Errorf("%s[%s] is missing", name, k)
					continue
				}
				compare(t, name+"["+k.String()+"]", a.MapIndex(k).String(), b.MapIndex(k).String())
			}
		default:
			t.Errorf("%s is a %s", name, a.Kind())
		}
	}
}

func compare(t *testing.T, name, a, b string) {
	t.Helper()
	if a == "" || b == "" {
		t.Errorf("%s: %q and %q, one of them is empty", name, a, b)
	}
	pa, pb := placesOf(a), placesOf(b)
	if a, b := slices.Sorted(slices.Values(pa)), slices.Sorted(slices.Values(pb)); !slices.Equal(a, b) {
		t.Errorf("%s: got %v and %v, want the same places", name, a, b)
	}
	if pa = slices.DeleteFunc(pa, named); !slices.Equal(pa, slices.DeleteFunc(pb, named)) {
		t.Errorf("%s: %q and %q have their places in another order", name, a, b)
	}
}

func named(s string) bool { return s[0] == '{' }

func TestTimesAreToldInFull(t *testing.T) {
	t.Parallel()
	at := func(zone, start, end string) (voice, Window) {
		return newVoice(Facts{Zone: zone}), Window{instant(t, start), instant(t, end)}
	}
	for sentence, tc := range map[string]struct {
		zone, start, end string
		span, brief      string
	}{
		"an evening in Jakarta":    {"Asia/Jakarta", "2023-11-11T11:00:00Z", "2023-11-11T17:00:00Z", "11 Nov 2023 18:00 to 12 Nov 2023 00:00 WIB", "18:00-00:00 WIB"},
		"a zone without a name":    {"Asia/Kathmandu", "2023-11-11T00:15:00Z", "2023-11-11T06:15:00Z", "11 Nov 2023 06:00 to 12:00 UTC+05:45", "06:00-12:00 UTC+05:45"},
		"west of UTC":              {"America/Sao_Paulo", "2023-11-11T09:00:00Z", "2023-11-11T15:00:00Z", "11 Nov 2023 06:00 to 12:00 UTC-03:00", "06:00-12:00 UTC-03:00"},
		"over a change":            {"Europe/Berlin", "2024-03-30T23:00:00Z", "2024-03-31T04:00:00Z", "31 Mar 2024 00:00 CET to 06:00 CEST", "00:00 CET-06:00 CEST"},
		"whole minutes at one end": {"Asia/Jakarta", "2026-11-22T04:27:40Z", "2026-11-22T04:30:00Z", "22 Nov 2026 11:27:40 to 11:30:00 WIB", "11:27:40-11:30:00 WIB"},
		"ten seconds":              {"UTC", "2023-11-11T11:00:00Z", "2023-11-11T11:00:10Z", "11 Nov 2023 11:00:00 to 11:00:10 UTC", "11:00:00-11:00:10 UTC"},
		"a day":                    {"UTC", "2023-11-11T09:00:00Z", "2023-11-12T09:00:00Z", "11 Nov 2023 09:00 to 12 Nov 2023 09:00 UTC", "11 Nov 09:00-12 Nov 09:00 UTC"},
		"a zone of nowhere":        {"Mars/Olympus", "2023-11-11T11:00:00Z", "2023-11-11T17:00:00Z", "11 Nov 2023 11:00 to 17:00 UTC", "11:00-17:00 UTC"},
	} {
		v, w := at(tc.zone, tc.start, tc.end)
		if got := v.span(w); got != tc.span {
			t.Errorf("%s: got %q, want %q", sentence, got, tc.span)
		}
		if got := v.brief(w); got != tc.brief {
			t.Errorf("%s: got %q, want %q", sentence, got, tc.brief)
		}
	}
}

func TestSpansReadAloud(t *testing.T) {
	t.Parallel()
	en, id := newVoice(Facts{}), newVoice(Facts{Language: "id"})
	for want, got := range map[string]string{
		"5 h 12 min":     en.length(5*time.Hour + 12*time.Minute + 3*time.Second),
		"6 h":            en.length(6 * time.Hour),
		"7 days 1 h":     en.length(7*day + time.Hour),
		"10 s":           en.length(10 * time.Second),
		"1 min 30 s":     en.length(90 * time.Second),
		"0 s":            en.length(-time.Second),
		"0.35 s":         en.seconds(350 * time.Millisecond),
		"1.2 s":          en.seconds(1200 * time.Millisecond),
		"30 s":           en.seconds(30 * time.Second),
		"0.01 s":         en.seconds(time.Millisecond),
		"1 day":          en.days(47 * time.Hour),
		"0 days":         en.days(23 * time.Hour),
		"1,2 detik":      id.seconds(1200 * time.Millisecond),
		"5 jam 12 menit": id.length(5*time.Hour + 12*time.Minute),
		"6,1%":           id.ratio(0.0611),
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestPartsOfAWindowAreToldTruly(t *testing.T) {
	t.Parallel()
	for sentence, tc := range map[string]struct {
		length time.Duration
		parts  int
		want   string
	}{
		"half-hours":             {6 * time.Hour, 12, "30 min"},
		"ten seconds":            {2 * time.Minute, 12, "10 s"},
		"a week":                 {7 * day, 12, "14 h"},
		"no whole seconds":       {140 * time.Second, 12, "of the 12 parts of the window (about 11.7 s)"},
		"minutes and a fraction": {1000 * time.Second, 12, "of the 12 parts of the window (about 1 min 23 s)"},
		"seconds of an hour":     {13 * (time.Hour + time.Second), 13, "of the 13 parts of the window (about 1 h)"},
	} {
		w := Window{evening.Start, evening.Start.Add(tc.length)}
		if got := newVoice(Facts{}).step(w, tc.parts); got != tc.want {
			t.Errorf("%s: got %q, want %q", sentence, got, tc.want)
		}
	}
}

func TestRecentTimesNeedNoDate(t *testing.T) {
	t.Parallel()
	v, now := newVoice(Facts{Zone: "Asia/Jakarta"}), evening.End
	for want, w := range map[string]Window{
		"between 23:00 and 23:30 WIB":                         {now.Add(-time.Hour), now.Add(-30 * time.Minute)},
		"between 23:59:48 and 00:00:00 WIB":                   {now.Add(-12 * time.Second), now},
		"between 11 Nov 2023 11:59 and 12:30 WIB":             {now.Add(-12*time.Hour - time.Minute), now.Add(-690 * time.Minute)},
		"between 10 Nov 2023 23:00 and 11 Nov 2023 23:00 WIB": {now.Add(-25 * time.Hour), now.Add(-time.Hour)},
	} {
		if got := v.recent(v.Between, w, now); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
