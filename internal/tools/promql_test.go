package tools_test

import (
	"encoding/json"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
)

const root = "../.."

// known returns every metric name that a query may use, as the main module
// tells them.
func known(t *testing.T) map[string]bool {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "run", "./dashboards/grafana/gen", "-names")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go run ./dashboards/grafana/gen -names: %v", err)
	}
	names := map[string]bool{"up": true} // Prometheus' own
	for name := range strings.FieldsSeq(string(out)) {
		names[name] = true
	}
	if len(names) < 50 {
		t.Fatalf("%d names are known, want at least 50", len(names))
	}
	return names
}

// board is the part of a dashboard's file that holds queries.
type board struct {
	Title      string
	Templating struct {
		List []struct {
			Name  string
			Type  string
			Query json.RawMessage
		}
	}
	Panels []struct {
		Title   string
		Targets []struct{ RefID, Expr string }
	}
}

func readBoards(t *testing.T) []board {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, "dashboards/grafana/*.json"))
	if err != nil || len(files) < 4 {
		t.Fatalf("dashboards %v (%v), want at least 4", files, err)
	}
	var all []board
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var b board
		if err := json.Unmarshal(text, &b); err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		all = append(all, b)
	}
	return all
}

// filled puts values where Grafana would put them.
var filled = strings.NewReplacer("$__rate_interval", "1m", "$__range", "6h", "$__interval", "15s")

func parse(t *testing.T, expr string) parser.Expr {
	t.Helper()
	e, err := parser.NewParser(parser.Options{}).ParseExpr(filled.Replace(expr))
	if err != nil {
		t.Errorf("%s: %v", expr, err)
		return nil
	}
	return e
}

// selects returns the names that a selector asks for.
func selects(v *parser.VectorSelector) []string {
	for _, m := range v.LabelMatchers {
		switch {
		case m.Name != model.MetricNameLabel:
		case m.Type == labels.MatchEqual:
			return []string{m.Value}
		case m.Type == labels.MatchRegexp:
			return strings.Split(m.Value, "|")
		}
	}
	return []string{""}
}

var counter = regexp.MustCompile(`_(total|bucket|count|sum)$`)

// checkNames reports every name in e that nobody exposes.
func checkNames(t *testing.T, e parser.Expr, names map[string]bool) {
	t.Helper()
	parser.Inspect(e, func(n parser.Node, _ []parser.Node) error {
		if v, ok := n.(*parser.VectorSelector); ok {
			for _, name := range selects(v) {
				if !names[name] {
					t.Errorf("%s: %q is not exposed", e, name)
				}
			}
		}
		return nil
	})
}

// checkCounters reports every counter that is not asked for its rate or
// increase, and every gauge that is.
func checkCounters(t *testing.T, e parser.Expr) {
	t.Helper()
	parser.Inspect(e, func(n parser.Node, path []parser.Node) error {
		v, ok := n.(*parser.VectorSelector)
		if !ok {
			return nil
		}
		grows := false
		if len(path) >= 2 {
			call, ok := path[len(path)-2].(*parser.Call)
			grows = ok && (call.Func.Name == "rate" || call.Func.Name == "increase")
		}
		if is := counter.MatchString(v.Name); is != grows {
			t.Errorf("%s: %s: a counter %t, asked by rate or increase %t; want both or none", e, v.Name, is, grows)
		}
		return nil
	})
}

func TestEveryQueryOfTheDashboardsParses(t *testing.T) {
	names, queries := known(t), 0
	for _, b := range readBoards(t) {
		for _, p := range b.Panels {
			for _, q := range p.Targets {
				t.Run(b.Title+"/"+p.Title+"/"+q.RefID, func(t *testing.T) {
					if e := parse(t, q.Expr); e != nil {
						checkNames(t, e, names)
						checkCounters(t, e)
					}
				})
				queries++
			}
		}
	}
	if queries < 60 {
		t.Errorf("%d queries, want at least 60: the files are not read as they should be", queries)
	}
}

var labelValues = regexp.MustCompile(`^label_values\((.+), [a-z]+\)$`)

func TestEveryVariableOfTheDashboardsParses(t *testing.T) {
	t.Parallel()
	names, queries := known(t), 0
	for _, b := range readBoards(t) {
		for _, v := range b.Templating.List {
			if v.Type != "query" {
				continue
			}
			var q struct{ Query string }
			if err := json.Unmarshal(v.Query, &q); err != nil {
				t.Fatal(err)
			}
			m := labelValues.FindStringSubmatch(q.Query)
			if m == nil {
				t.Errorf("%s: variable %s: %q is not label_values(selector, label)", b.Title, v.Name, q.Query)
				continue
			}
			if e := parse(t, m[1]); e != nil {
				checkNames(t, e, names)
			}
			queries++
		}
	}
	if queries < 8 {
		t.Errorf("%d variables, want at least 8: the files are not read as they should be", queries)
	}
}

func TestEveryRuleParses(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(root, "rules/prometheus/*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	names := known(t)
	var rules []rulefmt.Rule
	for _, f := range files {
		groups, errs := rulefmt.ParseFile(f, false, model.LegacyValidation, parser.NewParser(parser.Options{}), slog.New(slog.DiscardHandler))
		for _, err := range errs {
			t.Errorf("%s: %v", filepath.Base(f), err)
		}
		if groups == nil {
			continue
		}
		for _, g := range groups.Groups {
			rules = append(rules, g.Rules...)
		}
	}
	for _, r := range rules {
		if r.Record != "" {
			names[r.Record] = true
		}
	}
	for _, r := range rules {
		if e := parse(t, r.Expr); e != nil {
			checkNames(t, e, names)
		}
	}
}
