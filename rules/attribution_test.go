package rules_test

import (
	"encoding/json"
	"fmt"
	"iter"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/hookvigil/hookvigil/rules"
)

// blameTrials is how many incidents are played for each dimension, and
// blameWindow how many attempts each has: about 40 failures.
const (
	blameTrials = 200
	blameWindow = 1000
)

func TestTheTrueCauseIsNamed(t *testing.T) {
	t.Parallel()
	for name, noise := range map[string]bool{"one cause": false, "beside an unrelated dead endpoint": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			methods := blameMethods()
			right := make([][5]int, len(methods))
			var history *blameCount
			for trial := range blameTrials {
				if trial%20 == 0 {
					history = blameHistory(uint64(trial))
				}
				for dim := range blameDims {
					w := newBlameWorld(uint64(1000 + trial*5 + dim))
					in := w.incident(dim, history, noise)
					seen := w.play(in, blameWindow)
					for i, m := range methods {
						if d, v := m.named(seen.whole(history), seen.parts(history)); d == blameDims[dim] && v == blameName(dim, in.value) {
							right[i][dim]++
						}
					}
				}
			}
			t.Logf("named first of %d incidents a dimension %v", blameTrials, blameDims)
			for i, m := range methods {
				t.Logf("%-38s %v", m.name, right[i])
			}
			for dim, n := range right[len(methods)-1] {
				if n < blameTrials*95/100 {
					t.Errorf("%s: right in %d of %d incidents, want 95%%", blameDims[dim], n, blameTrials)
				}
			}
		})
	}
}

// TestChanceIsNotBlamed shows why LeastExcess is what it is: all attempts fail
// alike, so that every name is wrong.
func TestChanceIsNotBlamed(t *testing.T) {
	t.Parallel()
	const trials = 400
	history := blameHistory(7)
	for _, least := range []int{1, 2, 3, 4, 5, 6, 8, 12} {
		a := rules.DefaultAttributor()
		a.LeastExcess = 1
		named, w := 0, newBlameWorld(uint64(least))
		usual := int(math.Ceil(float64(history.failed) / float64(history.total) * blameWindow))
		for range trials {
			seen := w.evenly(blameWindow, usual+least)
			if _, ok := a.Attribute(seen.whole(history), seen.parts(history)); ok {
				named++
			}
		}
		t.Logf("%2d excess failures without a place: a place named in %.1f%% of %d", least, 100*float64(named)/trials, trials)
		if least >= rules.DefaultAttributor().LeastExcess && named*100 > trials {
			t.Errorf("%d excess failures: named in %d of %d, want at most 1%%", least, named, trials)
		}
	}
}

func part(d rules.Dimension, value string, n, k int) rules.Part {
	return rules.Part{Dimension: d, Value: value, N: n, K: k, Usual: 0.003}
}

func TestAttribute(t *testing.T) {
	t.Parallel()
	const (
		endpoint, merchant, channel = rules.DimensionEndpoint, rules.DimensionMerchant, rules.DimensionChannel
		product, fault              = rules.DimensionProduct, rules.DimensionFault
	)
	for name, tt := range map[string]struct {
		parts []rules.Part
		want  string // dimension and value; empty: none
	}{
		"of 1,000 attempts and 40 failures, a channel":  {[]rules.Part{part(channel, "A", 100, 31), part(channel, "B", 900, 9)}, "channel A"},
		"just enough of the excess of 37":               {[]rules.Part{part(channel, "A", 100, 23)}, "channel A"},
		"just too little of it":                         {[]rules.Part{part(channel, "A", 100, 22)}, ""},
		"a merchant with one endpoint is that endpoint": {[]rules.Part{part(merchant, "m", 50, 38), part(endpoint, "e", 50, 38)}, "endpoint e"},
		"a merchant whose other endpoint is idle":       {[]rules.Part{part(merchant, "m", 50, 38), part(endpoint, "e", 48, 36)}, "endpoint e"},
		"a merchant whose endpoints fail alike":         {[]rules.Part{part(endpoint, "e", 27, 24), part(merchant, "m", 50, 38), part(endpoint, "f", 23, 14)}, "merchant m"},
		"an endpoint among good ones of its merchant":   {[]rules.Part{part(merchant, "m", 500, 38), part(endpoint, "e", 50, 37)}, "endpoint e"},
		"a product of one channel is that channel":      {[]rules.Part{part(product, "P", 80, 38), part(channel, "C", 80, 38)}, "channel C"},
		"an issuer's one endpoint":                      {[]rules.Part{part(rules.DimensionIssuer, "R1", 50, 38), part(endpoint, "e", 50, 38)}, "endpoint e"},
		"what has all attempts explains nothing":        {[]rules.Part{part(product, "P", 1000, 40)}, ""},
		"what has most attempts neither":                {[]rules.Part{part(product, "P", 900, 37)}, ""},
		"a place goes before a fault":                   {[]rules.Part{{Dimension: fault, Value: "http_5xx", K: 40}, part(channel, "A", 100, 31)}, "channel A"},
		"a fault when there is no place":                {[]rules.Part{part(channel, "A", 500, 20), {Dimension: fault, Value: "http_5xx", K: 39}}, "fault http_5xx"},
		"no fault when there are many":                  {[]rules.Part{{Dimension: fault, Value: "http_5xx", K: 20}, {Dimension: fault, Value: "refused", K: 20}}, ""},
		"what always fails is ordinary":                 {[]rules.Part{{Dimension: endpoint, Value: "e", N: 40, K: 38, Usual: 0.95}}, ""},
		"counts that cannot be are passed over": {[]rules.Part{
			part(channel, "A", 10, 38), part(channel, "B", -1, 38), part(channel, "C", 100, -1), part("region", "D", 100, 38),
			{Dimension: channel, Value: "E", N: 100, K: 38, Usual: rules.Ratio(math.NaN())}, {Dimension: fault, Value: "F", N: 3, K: 40}, part(channel, "G", 2000, 1900)}, ""},
		"nothing at all": {nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, order := range [][]rules.Part{tt.parts, backwards(tt.parts)} {
				got, ok := rules.DefaultAttributor().Attribute(part("", "", 1000, 40), slices.Values(order))
				words := strings.TrimSpace(string(got.Dimension) + " " + got.Value)
				if words != tt.want || ok != (tt.want != "") {
					t.Errorf("%q and %t, want %q (%s)", words, ok, tt.want, got)
				}
			}
		})
	}
}

func backwards(list []rules.Part) []rules.Part {
	list = slices.Clone(list)
	slices.Reverse(list)
	return list
}

func TestTooLittleExcessNamesNothing(t *testing.T) {
	t.Parallel()
	parts := slices.Values([]rules.Part{part(rules.DimensionEndpoint, "e", 50, 8), {Dimension: rules.DimensionFault, Value: "refused", K: 8}})
	a := rules.DefaultAttributor()
	for name, tt := range map[string]struct {
		a     rules.Attributor
		total rules.Part
		want  bool
	}{
		"five excess failures":        {a, part("", "", 1000, 8), true},
		"just under five":             {a, part("", "", 1001, 8), false},
		"fewer than ordinarily":       {a, part("", "", 9000, 8), false},
		"no attempts":                 {a, rules.Part{}, false},
		"more failed than were tried": {a, part("", "", 10, 80), false},
		"a zero attributor":           {rules.Attributor{}, part("", "", 1000, 8), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, ok := tt.a.Attribute(tt.total, parts)
			if _, fault := tt.a.Faults(tt.total, parts); ok != tt.want || fault != tt.want || ok == (got == rules.Attribution{}) {
				t.Errorf("named %q (%t), and a fault: %t; want %t", got, ok, fault, tt.want)
			}
		})
	}
}

func TestFaultsAreToldBeside(t *testing.T) {
	t.Parallel()
	parts := slices.Values([]rules.Part{
		part(rules.DimensionChannel, "A", 100, 38), {Dimension: rules.DimensionFault, Value: "http_5xx", K: 10},
		{Dimension: rules.DimensionFault, Value: "timeout_response", K: 30},
	})
	got, ok := rules.DefaultAttributor().Faults(part("", "", 1000, 40), parts)
	if want := "fault timeout_response: 75% of the failures"; !ok || got.String() != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAttributionReadsAsASentence(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		a    rules.Attribution
		want string
	}{
		"a channel": {rules.Attribution{Dimension: rules.DimensionChannel, Value: "ID_BCA", Share: 0.7777, N: 1000, K: 310, Usual: 0.003},
			"channel ID_BCA: 78% of the excess failures, 31% of its attempts fail (ordinarily 0.3%)"},
		"one that fails nearly always": {rules.Attribution{Dimension: rules.DimensionEndpoint, Value: "e", Share: 1, N: 1000, K: 999},
			"endpoint e: 100% of the excess failures, 99.9% of its attempts fail (ordinarily 0%)"},
		"one that seldom fails": {rules.Attribution{Dimension: rules.DimensionType, Value: "x", Share: 0.6, N: 1000, K: 4},
			"type x: 60% of the excess failures, 0.4% of its attempts fail (ordinarily 0%)"},
		"a hostile value": {rules.Attribution{Dimension: rules.DimensionType, Value: "a\nFAKE\x1b[31m\u202eline\xff" + strings.Repeat("é", 500), Share: 1, N: 2, K: 1},
			"type a FAKE [31m line" + strings.Repeat("é", 43) + "…: 100% of the excess failures, 50% of its attempts fail (ordinarily 0%)"},
		"nothing": {rules.Attribution{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := tt.a.String()
			if got != tt.want {
				t.Errorf("got %q\nwant %q", got, tt.want)
			}
			if i := strings.IndexFunc(got, func(r rune) bool { return !unicode.IsPrint(r) }); i >= 0 {
				t.Errorf("%q holds something unprintable at %d", got, i)
			}
		})
	}
}

func TestAttributionIsStored(t *testing.T) {
	t.Parallel()
	want := rules.Attribution{Dimension: rules.DimensionChannel, Value: "ID_BCA", Share: 0.78, N: 100, K: 31, Usual: 0.003}
	for name, tt := range map[string]struct {
		a    rules.Attribution
		want string
	}{
		"nothing":   {rules.Attribution{}, `{}`},
		"a channel": {want, `{"dimension":"channel","value":"ID_BCA","share":"78%","attempts":100,"failed":31,"usual":"0.3%"}`},
	} {
		b, err := json.Marshal(tt.a)
		var back rules.Attribution
		if err != nil || string(b) != tt.want || json.Unmarshal(b, &back) != nil || back != tt.a {
			t.Errorf("%s: %s (%v), back %+v; want %s", name, b, err, back, tt.want)
		}
	}
}

// hundredThousand are the parts of a great platform; one endpoint has failed.
func hundredThousand() iter.Seq[rules.Part] {
	return func(yield func(rules.Part) bool) {
		for i := range 100_000 {
			p := part(rules.DimensionEndpoint, "e", 10, i%50/49)
			if i == 77_777 {
				p = part(rules.DimensionEndpoint, "broken", 10_000, 9_000)
			}
			if !yield(p) {
				return
			}
		}
	}
}

func TestAHundredThousandPartsAreReadAtOnce(t *testing.T) { // alone: it counts allocations
	total := part("", "", 1_010_000, 11_000)
	a := rules.DefaultAttributor()
	fastest := time.Hour
	for range 5 {
		began := time.Now()
		got, _ := a.Attribute(total, hundredThousand())
		fastest = min(fastest, time.Since(began))
		if got.Value != "broken" {
			t.Fatalf("named %q, want the broken endpoint", got)
		}
	}
	t.Logf("100,000 parts in %s", fastest)
	if allocs := testing.AllocsPerRun(3, func() { a.Attribute(total, hundredThousand()) }); allocs > 20 {
		t.Errorf("%.0f allocations, want a bounded few", allocs)
	}
}

func BenchmarkAttribute(b *testing.B) {
	total := part("", "", 1_010_000, 11_000)
	for b.Loop() {
		rules.DefaultAttributor().Attribute(total, hundredThousand())
	}
}

func ExampleAttributor_Attribute() {
	parts := []rules.Part{
		{Dimension: rules.DimensionChannel, Value: "ID_BCA", N: 100, K: 31, Usual: 0.003},
		{Dimension: rules.DimensionChannel, Value: "ID_BNI", N: 900, K: 9, Usual: 0.003},
		{Dimension: rules.DimensionFault, Value: "timeout_response", K: 30},
	}
	total := rules.Part{N: 1000, K: 40, Usual: 0.003}
	a := rules.DefaultAttributor()
	place, _ := a.Attribute(total, slices.Values(parts))
	fault, _ := a.Faults(total, slices.Values(parts))
	fmt.Println(place)
	fmt.Println(fault)
	// Output:
	// channel ID_BCA: 83% of the excess failures, 31% of its attempts fail (ordinarily 0.3%)
	// fault timeout_response: 75% of the failures
}
