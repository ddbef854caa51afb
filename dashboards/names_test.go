package dashboards_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/hookvigil/hookvigil/dashboards"
)

// namesIn returns the names of all series and families in a text.
func namesIn(text string) map[string]bool {
	names := map[string]bool{}
	for line := range strings.Lines(text) {
		name := line
		if rest, ok := strings.CutPrefix(line, "# TYPE "); ok {
			name = rest
		} else if strings.HasPrefix(line, "#") {
			continue
		}
		if i := strings.IndexAny(name, "{ "); i >= 0 {
			names[name[:i]] = true
		}
	}
	return names
}

func TestNamesAreThoseOfTheRealOutput(t *testing.T) {
	t.Parallel()
	m := dashboards.New("dev")
	hammer(m, 10, rand.New(rand.NewPCG(1, 1)))
	var single, bulk strings.Builder
	if err := dashboards.WriteProbe(&single, tlsRow("e1")); err != nil {
		t.Fatal(err)
	}
	if _, err := dashboards.WriteProbes(&bulk, slices.Values([]dashboards.ProbeRow{tlsRow("e1")}), dashboards.ProbeOptions{}); err != nil {
		t.Fatal(err)
	}
	shown := namesIn(scrape(t, m) + single.String() + bulk.String())
	listed := dashboards.Names()
	for _, n := range listed {
		if !shown[n] {
			t.Errorf("%s is listed and not in the output", n)
		}
	}
	for n := range shown {
		if !slices.Contains(listed, n) {
			t.Errorf("%s is in the output and not listed", n)
		}
	}
}

func TestOwnNamesKeepToTheConventions(t *testing.T) {
	t.Parallel()
	for _, n := range dashboards.Names() {
		switch {
		case strings.HasPrefix(n, "go_"), strings.HasPrefix(n, "process_"):
			continue // the client library's
		case strings.HasPrefix(n, "probe_"), strings.HasPrefix(n, "hookvigil_"):
		default:
			t.Errorf("%s has a prefix of nobody", n)
		}
		for _, unit := range []string{"_ms", "_millis", "_percent", "_days", "_minutes"} {
			if strings.HasSuffix(n, unit) {
				t.Errorf("%s does not end in a base unit", n)
			}
		}
	}
}
