package grafana_test

import (
	"encoding/json"
	"os"
	"slices"
	"testing"

	"github.com/hookvigil/hookvigil/dashboards/grafana"
)

// required are the keys that Grafana's published types (@grafana/schema 13.2.3)
// do not let go missing, of what we use: of each kind of panel its options, of
// links, and of what a variable begins with. README.md says how all of a file
// is checked against them.
func required() map[string][]string {
	return map[string][]string{
		"row":        {"collapsed", "id", "panels", "type"},
		"link":       {"asDropdown", "icon", "includeVars", "keepTime", "tags", "targetBlank", "title", "tooltip", "type"},
		"current":    {"text", "value"},
		"stat":       {"colorMode", "graphMode", "justifyMode", "orientation", "percentChangeColorMode", "reduceOptions", "showPercentChange", "textMode", "wideLayout"},
		"bargauge":   {"displayMode", "legend", "maxVizHeight", "minVizHeight", "minVizWidth", "namePlacement", "orientation", "reduceOptions", "showUnfilled", "sizing", "valueMode"},
		"table":      {"frameIndex", "showHeader"},
		"timeseries": {"legend", "tooltip"},
		"heatmap":    {"color", "exemplars", "legend", "showValue", "tooltip", "yAxis"},
	}
}

// object is any object of JSON.
type object map[string]json.RawMessage

// list decodes the objects under a key; there may be none.
func (o object) list(t *testing.T, key string) []object {
	t.Helper()
	var all []object
	if raw, ok := o[key]; ok {
		if err := json.Unmarshal(raw, &all); err != nil {
			t.Fatalf("%s: %v", key, err)
		}
	}
	return all
}

// one decodes the object under a key.
func (o object) one(t *testing.T, key string) object {
	t.Helper()
	var inner object
	if err := json.Unmarshal(o[key], &inner); err != nil {
		t.Errorf("%s: %v", key, err)
	}
	return inner
}

func (o object) needs(t *testing.T, kind string) {
	t.Helper()
	keys, ok := required()[kind]
	if !ok {
		t.Fatalf("what a %s requires is not known: look it up in Grafana's schema, and add it", kind)
	}
	for _, key := range keys {
		if _, ok := o[key]; !ok {
			t.Errorf("a %s without %s: %s", kind, key, o["title"])
		}
	}
}

func TestFilesHaveWhatTheSchemaRequires(t *testing.T) {
	t.Parallel()
	for _, d := range grafana.All() {
		text, err := os.ReadFile(d.File())
		if err != nil {
			t.Fatal(err)
		}
		var board object
		if err := json.Unmarshal(text, &board); err != nil {
			t.Fatal(err)
		}
		links := board.list(t, "links")
		for _, p := range board.list(t, "panels") {
			var kind string
			if err := json.Unmarshal(p["type"], &kind); err != nil {
				t.Fatal(err)
			}
			if links = append(links, p.list(t, "links")...); kind == "row" {
				p.needs(t, kind)
				continue
			}
			p.one(t, "options").needs(t, kind)
		}
		for _, l := range links {
			l.needs(t, "link")
		}
		for _, v := range board.one(t, "templating").list(t, "list") {
			v.one(t, "current").needs(t, "current")
		}
	}
}

// Colours go from good to bad, or from bad to good, and never back: below the
// lowest limit is one of the two ends.
func TestColoursChangeInOneDirection(t *testing.T) {
	ranks := []string{"green", "yellow", "orange", "red"}
	limits := 0
	each(t, func(t *testing.T, _ grafana.Dashboard, p grafana.Panel) {
		t.Helper()
		steps := p.FieldConfig.Defaults.Thresholds.Steps
		if steps[0].Value != nil {
			t.Errorf("the first step begins at %v, want below everything", *steps[0].Value)
		}
		if len(steps) == 1 {
			return // nothing is bad by itself
		}
		limits++
		var went []int
		for i, s := range steps {
			rank := slices.Index(ranks, s.Color)
			if rank < 0 {
				t.Fatalf("%s is none of %v", s.Color, ranks)
			}
			if i > 0 && (s.Value == nil || i > 1 && *s.Value <= *steps[i-1].Value) {
				t.Errorf("step %d does not lie above the one before it", i)
			}
			if i > 0 {
				went = append(went, rank-slices.Index(ranks, steps[i-1].Color))
			}
		}
		if slices.Min(went) <= 0 && slices.Max(went) >= 0 {
			t.Errorf("colours go to and fro, or stay: %+v", steps)
		}
	})
	if limits < 20 {
		t.Errorf("%d panels have limits, want at least 20: the test looks in the wrong place", limits)
	}
}
