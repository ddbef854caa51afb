package deliveries_test

import (
	"slices"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
)

// offsets reads spans such as "1h0m5s".
func offsets(t *testing.T, spans ...string) []time.Duration {
	t.Helper()
	var list []time.Duration
	for _, s := range spans {
		d, err := time.ParseDuration(s)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, d)
	}
	return list
}

// TestPresetsAreThoseOfTheirPages holds each schedule against what its
// provider or source says, as offsets from the original attempt.
func TestPresetsAreThoseOfTheirPages(t *testing.T) {
	t.Parallel()
	hook0 := offsets(t, "3s", "13s", "3m13s", "33m13s", "1h33m13s", "4h33m13s", "9h33m13s")
	for len(hook0) < 24 { // "then 10 h; 24 max"
		hook0 = append(hook0, hook0[len(hook0)-1]+10*time.Hour)
	}
	adyen := offsets(t, "9s", "27s", "54s", "2m54s", "7m54s", "17m54s", "32m54s", "1h2m54s", "2h2m54s", "4h2m54s", "8h2m54s", "16h2m54s")
	for adyen[len(adyen)-1]+8*time.Hour <= 30*24*time.Hour { // "every 8 h to 30 d"
		adyen = append(adyen, adyen[len(adyen)-1]+8*time.Hour)
	}
	for name, want := range map[string][]time.Duration{
		"xendit": offsets(t, "15m", "1h", "3h", "6h", "12h", "24h"), // "Webhook behavior": relative to the original attempt
		"svix":   offsets(t, "5s", "5m5s", "35m5s", "2h35m5s", "7h35m5s", "17h35m5s", "27h35m5s"),
		"standard-webhooks": offsets(t, "5s", "5m5s", "35m5s", "2h35m5s", "7h35m5s", "17h35m5s", "31h35m5s", "51h35m5s",
			"75h35m5s"),
		"eventgrid": offsets(t, "10s", "40s", "1m40s", "6m40s", "16m40s", "46m40s", "1h46m40s", "4h46m40s", "10h46m40s", "22h46m40s"),
		"outpost": offsets(t, "30s", "1m30s", "3m30s", "7m30s", "15m30s", "31m30s", "1h3m30s", "2h7m30s", "4h15m30s",
			"8h31m30s"), // 30 s, base 2, 10 retries
		"convoy": offsets(t, "100s", "200s", "300s", "400s", "500s", "600s", "700s", "800s", "900s", "1000s"), // 100 s, linear, 10
		"hook0":  hook0,
		"adyen":  adyen,
		"none":   nil, "unknown": nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, ok := deliveries.Preset(name)
			if !ok || got.Name != name || !slices.Equal(got.Offsets, want) {
				t.Errorf("got %+v, %t\nwant %v", got, ok, want)
			}
		})
	}
}

// TestXenditWaits holds the same schedule against the page's other column:
// the interval relative to the last retry.
func TestXenditWaits(t *testing.T) {
	t.Parallel()
	s, _ := deliveries.Preset("xendit")
	var waits []time.Duration
	last := time.Duration(0)
	for _, at := range s.Offsets {
		waits, last = append(waits, at-last), at
	}
	if want := offsets(t, "15m", "45m", "2h", "3h", "6h", "12h"); !slices.Equal(waits, want) {
		t.Errorf("got %v, want %v", waits, want)
	}
}

func TestPresetsAreListedAndAscend(t *testing.T) {
	t.Parallel()
	names := deliveries.Presets()
	want := []string{"adyen", "convoy", "eventgrid", "hook0", "none", "outpost", "standard-webhooks", "svix", "unknown", "xendit"}
	if !slices.Equal(names, want) {
		t.Errorf("got %v, want %v", names, want)
	}
	for _, name := range names {
		s, ok := deliveries.Preset(name)
		if !ok {
			t.Errorf("%s is listed and not known", name)
		}
		last := time.Duration(0)
		for i, at := range s.Offsets {
			if at <= last || at > 30*24*time.Hour {
				t.Errorf("%s: offset %d is %v after %v, want it later, within 30 days", name, i, at, last)
			}
			last = at
		}
	}
}

func TestAnUnknownPreset(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "Xendit", "stripe"} {
		if s, ok := deliveries.Preset(name); ok || len(s.Offsets) != 0 {
			t.Errorf("Preset(%q) = %+v, %t; want none", name, s, ok)
		}
	}
}

// TestAPresetIsTheCallers changes one copy and looks at the next.
func TestAPresetIsTheCallers(t *testing.T) {
	t.Parallel()
	first, _ := deliveries.Preset("xendit")
	first.Offsets[0] = 0
	if second, _ := deliveries.Preset("xendit"); second.Offsets[0] != 15*time.Minute {
		t.Errorf("first offset is %v after a caller changed its copy, want 15m", second.Offsets[0])
	}
}
