package grafana_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hookvigil/hookvigil/dashboards"
	"github.com/hookvigil/hookvigil/dashboards/grafana"
)

func TestGoldenFilesAreWhatIsGenerated(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.json")
	if err != nil {
		t.Fatal(err)
	}
	var made []string
	for _, d := range grafana.All() {
		made = append(made, d.File())
		want, err := d.JSON()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(d.File()); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not what All returns (%v): run go generate ./dashboards/grafana", d.File(), err)
		}
	}
	slices.Sort(made)
	if !slices.Equal(files, made) {
		t.Errorf("files %v, want %v: one is left over", files, made)
	}
}

// each calls check for every panel that asks something.
func each(t *testing.T, check func(t *testing.T, d grafana.Dashboard, p grafana.Panel)) {
	t.Helper()
	for _, d := range grafana.All() {
		for _, p := range d.Panels {
			if p.Type != "row" {
				t.Run(d.UID+"/"+p.Title, func(t *testing.T) { check(t, d, p) })
			}
		}
	}
}

func TestDashboardsKeepToTheRules(t *testing.T) {
	t.Parallel()
	uids, titles := map[string]bool{}, map[string]bool{}
	for _, d := range grafana.All() {
		if d.UID == "" || len(d.UID) > 40 || uids[d.UID] || titles[d.Title] {
			t.Errorf("uid %q (%s) must be unique, not empty, and at most 40 characters; so must titles", d.UID, d.Title)
		}
		uids[d.UID], titles[d.Title] = true, true
		if d.Editable || d.SchemaVersion > 41 || d.Description == "" || !slices.Contains(d.Tags, "hookvigil") {
			t.Errorf("%s: editable %t, schema %d, description %q, tags %v", d.UID, d.Editable, d.SchemaVersion, d.Description, d.Tags)
		}
		names := map[string]grafana.Variable{}
		for _, v := range d.Templating.List {
			names[v.Name] = v
			if v.Type == "query" && (v.Refresh != 2 || !v.Multi || v.Datasource == nil || v.Datasource.UID != "${datasource}") {
				t.Errorf("%s: variable %s must ask ${datasource}, take several values and follow the time shown: %+v", d.UID, v.Name, v)
			}
		}
		if v := names["datasource"]; v.Type != "datasource" || v.Query != "prometheus" || d.Templating.List[0].Name != "datasource" {
			t.Errorf("%s: the first variable must choose the data source, got %+v", d.UID, v)
		}
		for _, need := range []string{"job", "instance"} {
			if _, ok := names[need]; !ok {
				t.Errorf("%s: no variable %s", d.UID, need)
			}
		}
		for _, v := range d.Templating.List {
			if v.Name != "datasource" && !strings.Contains(allText(t, d), "$"+v.Name) {
				t.Errorf("%s: nothing uses the variable %s", d.UID, v.Name)
			}
		}
	}
}

func allText(t *testing.T, d grafana.Dashboard) string {
	t.Helper()
	text, err := d.JSON()
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestEveryPanelSaysWhatItShowsAndWhatToDo(t *testing.T) {
	kinds := []string{"stat", "timeseries", "table", "bargauge", "heatmap"}
	titles := map[string]bool{}
	each(t, func(t *testing.T, d grafana.Dashboard, p grafana.Panel) {
		t.Helper()
		if !slices.Contains(kinds, p.Type) {
			t.Errorf("type %q, want one of %v", p.Type, kinds)
		}
		if p.Title == "" || len(p.Title) > 45 || titles[d.UID+p.Title] {
			t.Errorf("the title is empty, too long or there twice: %q", p.Title)
		}
		titles[d.UID+p.Title] = true
		if len(p.Description) < 40 || !strings.HasSuffix(p.Description, ".") {
			t.Errorf("the description says too little: %q", p.Description)
		}
		if p.FieldConfig == nil || p.FieldConfig.Defaults.Unit == "" {
			t.Error("no unit")
		}
		if p.Datasource == nil || p.Datasource.UID != "${datasource}" || p.Datasource.Type != "prometheus" {
			t.Errorf("the data source is %+v, want the variable", p.Datasource)
		}
		if len(p.Targets) == 0 {
			t.Error("it asks nothing")
		}
		refs := map[string]bool{}
		for _, q := range p.Targets {
			if q.Expr == "" || q.RefID == "" || refs[q.RefID] || q.Datasource == nil || q.Datasource.UID != "${datasource}" {
				t.Errorf("target %+v: an empty query, a reference that is empty or there twice, or a fixed data source", q)
			}
			if q.Instant == q.Range {
				t.Errorf("target %s asks for the present and the past at once, or for neither", q.RefID)
			}
			refs[q.RefID] = true
		}
	})
}

var (
	selector = regexp.MustCompile(`([a-zA-Z_:][a-zA-Z0-9_:]*)\{([^}]*)\}(\[[^]]*\])?`)
	ours     = regexp.MustCompile(`\b(?:hookvigil|probe|go|process)_[a-z0-9_]+\b(\{)?`)
	counter  = regexp.MustCompile(`_(total|bucket|count|sum)$`)
)

func TestQueriesAskWhatThereIsInTheRightWay(t *testing.T) {
	names := append(dashboards.Names(), "up")
	each(t, func(t *testing.T, d grafana.Dashboard, p grafana.Panel) {
		t.Helper()
		who := []string{`job=~"$job"`, `instance=~"$instance"`}
		if d.File() == "endpoint.json" {
			who[1] = `merchant=~"$merchant"` // the rows above show all of a merchant's
		}
		for _, q := range p.Targets {
			found := selector.FindAllStringSubmatchIndex(q.Expr, -1)
			if len(found) == 0 {
				t.Errorf("%s selects nothing", q.Expr)
			}
			for _, at := range found {
				name, matchers, window := q.Expr[at[2]:at[3]], q.Expr[at[4]:at[5]], ""
				if at[6] >= 0 {
					window = q.Expr[at[6]:at[7]]
				}
				before := q.Expr[:at[0]]
				if !slices.Contains(names, name) {
					t.Errorf("%s: %s is not exposed", q.Expr, name)
				}
				for _, m := range who {
					if !strings.Contains(matchers, m) {
						t.Errorf("%s: %s has no matcher %s", q.Expr, name, m)
					}
				}
				grows := strings.HasSuffix(before, "rate(") || strings.HasSuffix(before, "increase(")
				if counter.MatchString(name) != grows {
					t.Errorf("%s: a counter is asked by rate or increase, and nothing else is: %s", q.Expr, name)
				}
				if grows && window != "[$__rate_interval]" && window != "[$__range]" {
					t.Errorf("%s: the window is %s, want $__rate_interval or $__range", q.Expr, window)
				}
			}
			for _, m := range ours.FindAllStringSubmatch(q.Expr, -1) {
				if m[1] == "" {
					t.Errorf("%s: %s has no matchers", q.Expr, m[0])
				}
			}
		}
	})
}

func TestTablesShowLabelsThatTheirQueriesKeep(t *testing.T) {
	tables := 0
	each(t, func(t *testing.T, _ grafana.Dashboard, p grafana.Panel) {
		t.Helper()
		if p.Type != "table" {
			return
		}
		tables++
		var kept []string
		for _, q := range p.Targets {
			for _, m := range regexp.MustCompile(`by \(([^)]*)\)`).FindAllStringSubmatch(q.Expr, -1) {
				kept = append(kept, strings.Split(m[1], ", ")...)
			}
		}
		text, err := json.Marshal(p.Transformations)
		if err != nil {
			t.Fatal(err)
		}
		var steps []struct {
			Options struct{ IndexByName map[string]int }
		}
		if err := json.Unmarshal(text, &steps); err != nil || len(steps) != 2 {
			t.Fatalf("transformations %s (%v), want merge and organize", text, err)
		}
		for name := range steps[1].Options.IndexByName {
			if !strings.HasPrefix(name, "Value") && !slices.Contains(kept, name) {
				t.Errorf("the column %s is no label of its queries, which keep %v", name, kept)
			}
		}
	})
	if tables < 4 {
		t.Errorf("%d tables, want at least 4", tables)
	}
}

func TestPanelsLieSideBySide(t *testing.T) {
	t.Parallel()
	for _, d := range grafana.All() {
		ids, taken := map[int]bool{}, map[[2]int]string{}
		for _, p := range d.Panels {
			if p.ID <= 0 || ids[p.ID] {
				t.Errorf("%s: %q has the id %d, which is not its own", d.UID, p.Title, p.ID)
			}
			ids[p.ID] = true
			g := p.GridPos
			if g.X < 0 || g.Y < 0 || g.W < 1 || g.H < 1 || g.X+g.W > 24 {
				t.Errorf("%s: %q lies outside the grid: %+v", d.UID, p.Title, g)
			}
			for x := g.X; x < g.X+g.W; x++ {
				for y := g.Y; y < g.Y+g.H; y++ {
					if other, ok := taken[[2]int{x, y}]; ok {
						t.Fatalf("%s: %q lies on %q", d.UID, p.Title, other)
					}
					taken[[2]int{x, y}] = p.Title
				}
			}
		}
	}
}

func TestRunbooksThatPanelsLinkToExist(t *testing.T) {
	const base = "https://github.com/hookvigil/hookvigil/blob/main/"
	seen := 0
	check := func(t *testing.T, l grafana.Link) {
		t.Helper()
		if l.URL == "" {
			return // by tag, to our other dashboards
		}
		file, ok := strings.CutPrefix(l.URL, base+"docs/runbooks/")
		if _, err := os.Stat(filepath.Join("../../docs/runbooks", file)); !ok || err != nil {
			t.Errorf("%s leads nowhere (%v)", l.URL, err)
		}
		seen++
	}
	for _, d := range grafana.All() {
		for _, l := range d.Links {
			check(t, l)
		}
	}
	each(t, func(t *testing.T, _ grafana.Dashboard, p grafana.Panel) {
		t.Helper()
		for _, l := range p.Links {
			check(t, l)
		}
	})
	if seen < 20 {
		t.Errorf("%d links to runbooks, want at least 20: the test looks in the wrong place", seen)
	}
}
