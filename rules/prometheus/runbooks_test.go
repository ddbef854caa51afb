package prometheus_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/dashboards/web"
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/probes/certificate"
	"github.com/hookvigil/hookvigil/rules"
)

const (
	runbookFolder = "../../docs/runbooks"
	runbookBase   = "https://github.com/hookvigil/hookvigil/blob/main/docs/runbooks/"
)

// runbooks returns the text of each page by its name without .md.
func runbooks(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(runbookFolder, "*.md"))
	if err != nil || len(files) < 20 {
		t.Fatalf("runbooks: got %d pages (%v), want at least 20", len(files), err)
	}
	pages := map[string]string{}
	for _, f := range files {
		pages[strings.TrimSuffix(filepath.Base(f), ".md")] = textOf(t, f)
	}
	return pages
}

func textOfRunbooks(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, text := range runbooks(t) {
		all.WriteString(text)
	}
	return all.String()
}

func TestEveryRuleAndAlertHasAPageInTheIndex(t *testing.T) {
	t.Parallel()
	pages := runbooks(t)
	wanted := []string{string(alerting.RuleCommonCause)}
	for _, rule := range rules.Rules() {
		wanted = append(wanted, string(rule))
	}
	for _, r := range alertRules(t) {
		wanted = append(wanted, r.Alert)
	}
	for _, name := range wanted {
		if _, ok := pages[name]; !ok {
			t.Errorf("docs/runbooks/%s.md is missing", name)
		}
		if !strings.Contains(pages["README"], fmt.Sprintf("[%s](%s.md)", name, name)) {
			t.Errorf("README.md does not list %s", name)
		}
	}
	for name := range pages {
		if name != "README" && !slices.Contains(wanted, name) {
			t.Errorf("%s.md is about no rule and no alert", name)
		}
	}
}

func TestEveryPageAnswersWhatItsReaderAsks(t *testing.T) {
	t.Parallel()
	for name, text := range runbooks(t) {
		if name == "README" {
			continue
		}
		if !strings.HasPrefix(text, "# "+name+"\n\n") {
			t.Errorf("%s.md: got %.30q, want its own name as title", name, text)
		}
		at := 0
		for _, part := range []string{"\n## Look first\n", "\n## Mend", "\n## Keep it quiet\n", "\n## It clears\n"} {
			i := strings.Index(text[at:], part)
			if i < 0 {
				t.Fatalf("%s.md: %q is missing or not in its place", name, strings.TrimSpace(part))
			}
			at += i
		}
		for _, block := range []string{"\n```sh\n", "\n```promql\n"} {
			if !strings.Contains(text, block) {
				t.Errorf("%s.md has no %s to copy", name, strings.TrimSpace(block))
			}
		}
	}
}

// The words of the runbooks are those of the pages and of the command line.
func TestFaultTablesAreThoseOfTheProgram(t *testing.T) {
	t.Parallel()
	pages := runbooks(t)
	holds := func(page, word string, a web.Advice) {
		if row := fmt.Sprintf("| `%s` | %s | %s |\n", word, a.Means, a.Do); !strings.Contains(pages[page], row) {
			t.Errorf("%s.md: no row\n%s", page, row)
		}
	}
	for _, f := range probes.Faults() {
		if f != probes.FaultNone {
			holds("endpoint_down", string(f), web.OnProbe(f))
		}
	}
	for _, f := range certificate.Faults() {
		holds("certificate", string(f), web.OnCertificate(f))
	}
}

func TestLinksLead(t *testing.T) {
	t.Parallel()
	link := regexp.MustCompile(`\]\(([^)#:]*)(#[a-z0-9-]+)?\)`)
	heading := regexp.MustCompile(`(?m)^#+ (.+)$`)
	for name, text := range runbooks(t) {
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			target := m[1]
			if target == "" {
				target = name + ".md"
			}
			if _, err := os.Stat(filepath.Join(runbookFolder, target)); err != nil {
				t.Errorf("%s.md links to %s: %v", name, target, err)
			}
			if m[2] == "" {
				continue
			}
			page, err := os.ReadFile(filepath.Join(runbookFolder, target))
			if err != nil {
				t.Errorf("%s.md links into %s: %v", name, target, err)
			}
			var anchors []string
			for _, h := range heading.FindAllStringSubmatch(string(page), -1) {
				anchors = append(anchors, "#"+anchorOf(h[1]))
			}
			if !slices.Contains(anchors, m[2]) {
				t.Errorf("%s.md links to %s%s; there are %v", name, target, m[2], anchors)
			}
		}
	}
}

// anchorOf spells a heading as the renderer does.
func anchorOf(heading string) string {
	kept := regexp.MustCompile(`[^a-z0-9 _-]`).ReplaceAllString(strings.ToLower(heading), "")
	return strings.ReplaceAll(kept, " ", "-")
}

// queries returns the PromQL of a page.
func queries(text string) []string {
	var list []string
	for _, m := range regexp.MustCompile("(?s)\n```promql\n(.+?)\n```\n").FindAllStringSubmatch(text, -1) {
		list = append(list, m[1])
	}
	return list
}

func TestEveryQueryOfTheRunbooksRuns(t *testing.T) {
	t.Parallel()
	names := known(t)
	file := strings.Builder{}
	file.WriteString("groups:\n  - name: runbooks\n    rules:\n")
	count := 0
	for name, text := range runbooks(t) {
		for _, q := range queries(text) {
			count++
			fmt.Fprintf(&file, "      - {alert: Query%d, expr: %q}\n", count, q)
			for _, metric := range metricName.FindAllString(q, -1) {
				if !slices.Contains(names, metric) {
					t.Errorf("%s.md asks for %s, which nobody exposes", name, metric)
				}
			}
		}
	}
	if count < 30 {
		t.Fatalf("got %d queries, want at least 30: the pages are not read as they should be", count)
	}
	path := filepath.Join(t.TempDir(), "queries.yaml")
	put(t, path, file.String())
	if out, err := promtool(t, "check", "rules", path); err != nil {
		t.Errorf("promtool check rules: %v\n%s\n%s", err, out, file.String())
	}
}
