package web

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// TestPagesCanBeUsedWithoutSeeing holds what a reader with a keyboard or a
// screen reader needs of every golden page.
func TestPagesCanBeUsedWithoutSeeing(t *testing.T) {
	t.Parallel()
	for _, page := range goldenPages(t) {
		for _, fault := range accessFaults(page) {
			t.Errorf("%s: %s", title(page), fault)
		}
	}
}

func TestAccessFaultsAreFound(t *testing.T) {
	t.Parallel()
	const good = `<html lang="en"><head><title>x</title><meta name="color-scheme" content="light dark"></head><body><a class="skip" href="#main">Skip</a>
<header></header><main id="main" tabindex="-1"><h1>x</h1><section aria-labelledby="a"><h2 id="a">A</h2></section>
<table><caption>c</caption><thead><tr><th scope="col">h</th></tr></thead></table><label for="q">q</label><input id="q"></main><footer></footer></body></html>`
	for name, tt := range map[string]struct{ old, new, want string }{
		"as it should be":      {"", "", ""},
		"no language":          {` lang="en"`, "", "no language"},
		"no colour scheme":     {`content="light dark"`, `content="light"`, "no colour scheme"},
		"no way to skip":       {`href="#main"`, `href="#nowhere"`, "leads to #nowhere"},
		"no main":              {`<main id="main" tabindex="-1">`, `<div id="main">`, "0 main, want 1"},
		"two first headings":   {`<h2 id="a">A</h2>`, `<h1 id="a">A</h1>`, "2 h1, want 1"},
		"a level left out":     {`<h2 id="a">A</h2>`, `<h3 id="a">A</h3>`, "h3 after h1"},
		"a label of nothing":   {`aria-labelledby="a"`, `aria-labelledby="b"`, "names #b"},
		"an ID twice":          {`id="a"`, `id="main"`, "ID main is there twice"},
		"no caption":           {"<caption>c</caption>", "", "a table without a caption or a name"},
		"a head of no column":  {` scope="col"`, "", "a th without scope"},
		"a field of no name":   {`for="q"`, "", "a field without a label"},
		"a section of no name": {` aria-labelledby="a"`, "", "a section without a name"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			page, err := html.Parse(strings.NewReader(strings.Replace(good, tt.old, tt.new, 1)))
			if err != nil {
				t.Fatal(err)
			}
			got := strings.Join(accessFaults(page), "; ")
			if (got == "") != (tt.want == "") || !strings.Contains(got, tt.want) {
				t.Errorf("found %q, want %q", got, tt.want)
			}
		})
	}
}

// TestWideTablesBecomeCards: a table that is wider than a telephone is read
// downwards there, each value under its name, and stays a table for a screen
// reader.
func TestWideTablesBecomeCards(t *testing.T) {
	t.Parallel()
	tables := 0
	for _, page := range goldenPages(t) {
		for n := range page.Descendants() {
			class := strings.Fields(attribute(n, "class"))
			if n.Data != "table" || !slices.ContainsFunc(class, func(c string) bool { return slices.Contains([]string{"endpoints", "digests", "list"}, c) }) {
				continue
			}
			tables++
			if !slices.Contains(class, "stack") || attribute(n, "role") != "table" {
				t.Errorf("%s: a wide table of the classes %q; want stack among them, and its role", title(page), class)
			}
			for cell := range n.Descendants() {
				first := cell.PrevSibling == nil || cell.PrevSibling.PrevSibling == nil // white space
				if cell.Data == "td" && !first && attribute(cell, "data-label") == "" {
					t.Errorf("%s: a cell has no name on a narrow screen", title(page))
				}
			}
		}
	}
	if tables < 5 {
		t.Errorf("%d wide tables were looked at, want at least 5", tables)
	}
}

func title(page *html.Node) string {
	for n := range page.Descendants() {
		if n.Type == html.ElementNode && n.Data == "title" && n.FirstChild != nil {
			return n.FirstChild.Data
		}
	}
	return ""
}

// accessFaults lists what is wrong with a page.
func accessFaults(page *html.Node) []string {
	var faults []string
	ids, counts, labelled, level := map[string]bool{}, map[string]int{}, map[string]bool{}, 0
	scheme := false
	for n := range page.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		counts[n.Data]++
		if id := attribute(n, "id"); id != "" {
			if ids[id] {
				faults = append(faults, "the ID "+id+" is there twice")
			}
			ids[id] = true
		}
		if n.Data == "label" {
			labelled[attribute(n, "for")] = true
		}
		scheme = scheme || attribute(n, "name") == "color-scheme" && attribute(n, "content") == "light dark"
		if n.Data == "html" && attribute(n, "lang") == "" {
			faults = append(faults, "no language")
		}
		if next := strings.IndexByte("0123456", n.Data[len(n.Data)-1]); n.Data[0] == 'h' && len(n.Data) == 2 && next > 0 {
			if next > level+1 {
				faults = append(faults, n.Data+" after h"+string(rune('0'+level)))
			}
			level = next
		}
	}
	for _, once := range []string{"main", "h1", "header", "footer", "title"} {
		if counts[once] != 1 {
			faults = append(faults, string(rune('0'+min(counts[once], 9)))+" "+once+", want 1")
		}
	}
	if !scheme {
		faults = append(faults, "no colour scheme")
	}
	for n := range page.Descendants() {
		if n.Type == html.ElementNode {
			faults = append(faults, namesOf(n, ids, labelled)...)
		}
	}
	return faults
}

// namesOf lists what an element lacks of names, or names in vain.
func namesOf(n *html.Node, ids, labelled map[string]bool) []string {
	var faults []string
	name := attribute(n, "aria-labelledby")
	if name != "" && !ids[name] {
		faults = append(faults, n.Data+" names #"+name+", which is not there")
	}
	named := name != "" || attribute(n, "aria-label") != ""
	if to, local := strings.CutPrefix(attribute(n, "href"), "#"); local && !ids[to] {
		faults = append(faults, "a link leads to #"+to+", which is not there")
	}
	switch n.Data {
	case "table":
		caption := slices.ContainsFunc(slices.Collect(n.ChildNodes()), func(c *html.Node) bool { return c.Data == "caption" })
		inside := n.Parent != nil && attribute(n.Parent, "aria-labelledby") != ""
		if !caption && !named && !inside {
			faults = append(faults, "a table without a caption or a name")
		}
	case "th":
		if attribute(n, "scope") == "" {
			faults = append(faults, "a th without scope")
		}
	case "input":
		if attribute(n, "type") != "hidden" && !labelled[attribute(n, "id")] {
			faults = append(faults, "a field without a label")
		}
	case "nav", "section":
		if !named {
			faults = append(faults, "a "+n.Data+" without a name")
		}
	}
	return faults
}
