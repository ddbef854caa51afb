package web

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// What WCAG 2.1 wants at level AA: 1.4.3 of text (that of large text, 3:1, is
// not made use of), 1.4.11 of the edges of what one can act on and of shapes.
const (
	wantText = 4.5
	wantEdge = 3.0
)

// luminance is the relative luminance of #rrggbb (WCAG 2.1).
func luminance(hex string) (float64, error) {
	v, err := strconv.ParseUint(strings.TrimPrefix(hex, "#"), 16, 32)
	if err != nil || len(hex) != len("#rrggbb") {
		return 0, fmt.Errorf("%q is no colour; wanted #rrggbb", hex)
	}
	linear := func(c uint64) float64 {
		x := float64(c&0xff) / 255
		if x <= 0.04045 {
			return x / 12.92
		}
		return math.Pow((x+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(v>>16) + 0.7152*linear(v>>8) + 0.0722*linear(v), nil
}

// contrast is the ratio of two colours, 1 to 21.
func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	x, errA := luminance(a)
	y, errB := luminance(b)
	if errA != nil || errB != nil {
		t.Fatalf("%v %v", errA, errB)
	}
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func TestContrastKnowsItsEnds(t *testing.T) {
	t.Parallel()
	for pair, want := range map[[2]string]float64{{"#000000", "#ffffff"}: 21, {"#777777", "#ffffff"}: 4.48, {"#767676", "#ffffff"}: 4.54, {"#12161c", "#12161c"}: 1} {
		if got := contrast(t, pair[0], pair[1]); math.Abs(got-want) > 0.01 {
			t.Errorf("%s on %s: %.2f:1, want %.2f:1", pair[0], pair[1], got, want)
		}
	}
}

// view is one way in which a page may be seen.
type view struct {
	dark, narrow, active bool // active: everything is pointed at and focused
}

// sees reports whether rules under that media condition hold.
func (v view) sees(t *testing.T, media string) bool {
	t.Helper()
	switch {
	case media == "":
		return true
	case media == "(prefers-color-scheme: dark)":
		return v.dark
	case strings.HasPrefix(media, "(max-width:"):
		return v.narrow
	case strings.HasPrefix(media, "(min-width:"):
		return !v.narrow
	case media == "print", media == "(forced-colors: active)":
		return false // colours are not ours there
	}
	t.Fatalf("@media %s: this test does not know when it holds", media)
	return false
}

var variable = regexp.MustCompile(`var\(--(\w+)\)`)

// checker looks at every text of a page and at what it stands on.
type checker struct {
	t       *testing.T
	rules   []cssRule // that colour elements
	before  []cssRule // and what stands before them
	view    view
	colours map[string]string
	pairs   map[string]bool // that were looked at: "soft on card"
	faults  map[string]bool
}

// colour returns the last colour variable that a value names; empty: none.
func colour(value string) string {
	all := variable.FindAllStringSubmatch(value, -1)
	if len(all) == 0 {
		return ""
	}
	return all[len(all)-1][1]
}

func (c *checker) want(what, ink, ground string, least float64) {
	c.t.Helper()
	pair := fmt.Sprintf("%s %s on %s", what, ink, ground)
	c.pairs[pair] = true
	a, b := c.colours[ink], c.colours[ground]
	if a == "" || b == "" {
		c.faults[fmt.Sprintf("%+v: %s: one of them is no colour of this theme", c.view, pair)] = true
		return
	}
	if got := contrast(c.t, a, b); got < least {
		c.faults[fmt.Sprintf("%+v: %s is %.2f:1, want %.1f:1", c.view, pair, got, least)] = true
	}
}

// walk checks n and what is in it; ink and ground are those of its parent.
func (c *checker) walk(n *html.Node, ink, ground string) {
	c.t.Helper()
	if n.Type == html.TextNode && strings.TrimSpace(n.Data) != "" {
		c.want("text", ink, ground, wantText)
	}
	if n.Type == html.ElementNode {
		if n.Data == "head" {
			return
		}
		ink, ground = c.element(n, ink, ground)
	}
	for child := n.FirstChild; child != nil; child = child.NextSibling {
		c.walk(child, ink, ground)
	}
}

// element checks the edges and shapes of n; it returns what its content is
// drawn with and on.
func (c *checker) element(n *html.Node, ink, ground string) (inside, on string) {
	c.t.Helper()
	style, outer := computed(c.rules, n, c.view.active), ground
	if v := colour(style["color"]); v != "" {
		ink = v
	}
	for _, name := range []string{"background", "background-color"} {
		if v := colour(style[name]); v != "" {
			ground = v
		}
	}
	switch n.Data {
	case "a", "button", "input":
		for _, name := range []string{"border", "border-color"} {
			if v := colour(style[name]); v != "" && attribute(n, "type") != "hidden" {
				c.want("edge", v, outer, wantEdge)
			}
		}
		if v := colour(style["outline"]); v != "" {
			c.want("focus", v, outer, wantEdge)
		}
	case "svg":
		c.want("shape", ink, ground, wantEdge)
	}
	for name, value := range style {
		if strings.HasPrefix(name, "border-left-color") && colour(value) != "" {
			c.want("stripe", colour(value), outer, wantEdge)
		}
	}
	if before := computed(c.before, n, c.view.active); before["content"] != "" {
		c.want("text", colour(before["color"]), ground, wantText)
	}
	return ink, ground
}

// coloured are the properties that give a colour.
func coloured() []string {
	return []string{"color", "background", "background-color", "fill", "stroke", "border", "border-color", "border-left", "border-left-color", "outline"}
}

// colours reports whether a rule gives a colour to anything.
func colours(r cssRule) bool {
	return slices.ContainsFunc(coloured(), func(name string) bool { return colour(r.declared[name]) != "" })
}

// check looks at pages in one view.
func check(t *testing.T, css string, pages []*html.Node, v view) *checker {
	t.Helper()
	c := &checker{t: t, view: v, colours: map[string]string{}, pairs: map[string]bool{}, faults: map[string]bool{}}
	for _, r := range parseStyle(t, css) {
		if !v.sees(t, r.media) {
			continue
		}
		switch {
		case !colours(r):
		case strings.HasSuffix(r.selector, "::before"):
			c.before = append(c.before, r)
		case !strings.HasSuffix(r.selector, "::after"):
			c.rules = append(c.rules, r)
		}
		for name, value := range r.declared {
			if key, ok := strings.CutPrefix(name, "--"); ok && r.selector == ":root" {
				c.colours[key] = value
			}
		}
	}
	for _, page := range pages {
		c.walk(page, "", "")
	}
	return c
}

// views are all ways in which a page may be seen.
func views() []view {
	var list []view
	for n := range 8 {
		list = append(list, view{dark: n&1 != 0, narrow: n&2 != 0, active: n&4 != 0})
	}
	return list
}

// goldenPages are the pages that people have looked at.
func goldenPages(t *testing.T) []*html.Node {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.golden.html")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no golden pages: %v", err)
	}
	var pages []*html.Node
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		page, err := html.Parse(strings.NewReader(string(text)))
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		pages = append(pages, page)
	}
	return pages
}

func stylesheet(t *testing.T) string {
	t.Helper()
	css, err := files.ReadFile("assets/style.css")
	if err != nil {
		t.Fatal(err)
	}
	return string(css)
}

func TestEveryTextIsReadable(t *testing.T) {
	t.Parallel()
	css, pages := stylesheet(t), goldenPages(t)
	seen := map[string]bool{}
	for _, v := range views() {
		c := check(t, css, pages, v)
		for fault := range c.faults {
			t.Error(fault)
		}
		for pair := range c.pairs {
			seen[pair] = true
		}
	}
	for _, pair := range []string{
		"text ink on bg", "text soft on card", "text link on card", "text ink on alarm", "text ink on caution", "text ink on calm",
		"text down on bg", "shape down on alarm", "shape degraded on caution", "shape healthy on calm", "edge edge on bg", "focus link on card", "stripe down on bg",
	} {
		if !seen[pair] {
			t.Errorf("no page shows %s, or the test does not see it", pair)
		}
	}
}

// What the test of the contrast does not find it does not hold.
func TestContrastFaultsAreFound(t *testing.T) {
	t.Parallel()
	css, pages := stylesheet(t), goldenPages(t)
	for name, tt := range map[string]struct {
		old, new string // in the stylesheet, once
		view     view
		want     string
	}{
		"a pale grey":                     {"--soft: #57606a", "--soft: #8a939d", view{}, "text soft on bg"},
		"a dark red in the dark":          {"--down: #ff948a", "--down: #8b1a12", view{dark: true}, "text down on bg"},
		"an edge like the paper":          {"--edge: #7a828c", "--edge: #d0d7de", view{}, "edge edge on bg"},
		"a dark edge in the dark":         {"--edge: #78838f", "--edge: #363f4b", view{dark: true}, "edge edge on bg"},
		"a box of the colour of links":    {".hint { padding", ".hint { color: var(--card); padding", view{}, "text card on card"},
		"a row that darkens when hovered": {"tbody tr:hover { background: var(--card)", "tbody tr:hover { background: var(--soft)", view{active: true}, "text soft on soft"},
		"labels that only narrow pages have": {"content: attr(data-label); display: block; color: var(--soft)", "content: attr(data-label); display: block; color: var(--line)", view{narrow: true},
			"text line on bg"},
		"a focus nobody sees": {"outline: 3px solid var(--link)", "outline: 3px solid var(--line)", view{active: true}, "focus line on bg"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			broken := strings.Replace(css, tt.old, tt.new, 1)
			if broken == css {
				t.Fatalf("the stylesheet does not hold %q", tt.old)
			}
			c := check(t, broken, pages, tt.view)
			for fault := range c.faults {
				if strings.Contains(fault, ": "+tt.want+" is ") {
					return
				}
			}
			t.Errorf("not found: %s; only %v", tt.want, c.faults)
		})
	}
}

// Every colour comes from a theme, and some golden page shows every rule that
// gives one: else the test above would not see it.
func TestEveryColourIsShownSomewhere(t *testing.T) {
	t.Parallel()
	pages := goldenPages(t)
	for _, r := range parseStyle(t, stylesheet(t)) {
		if r.selector == ":root" || r.media == "print" {
			continue
		}
		for _, name := range coloured() {
			value := r.declared[name]
			if strings.Contains(value, "#") || strings.Contains(value, "rgb") || strings.Contains(value, "hsl") {
				t.Errorf("%s { %s: %s }: wanted a colour of the theme, var(--…)", r.selector, name, value)
			}
		}
		if colours(r) && !slices.ContainsFunc(pages, func(page *html.Node) bool { return shows(page, r.steps) }) {
			t.Errorf("%s: no golden page shows it; drop the rule, or add a page that does", r.selector)
		}
	}
}

func shows(page *html.Node, steps []cssStep) bool {
	for n := range page.Descendants() {
		if matches(steps, n, true) {
			return true
		}
	}
	return false
}
