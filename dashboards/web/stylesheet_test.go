package web

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// cssRule is one selector of the stylesheet with what is declared for it.
type cssRule struct {
	media    string // condition of the @media around it; empty: none
	selector string
	steps    []cssStep // of the selector, the last first
	weight   int       // specificity: IDs, then classes, then elements
	declared map[string]string
}

// cssStep is one element that a selector wants: "a.b:hover" as a, .b, :hover.
type cssStep struct {
	parts []string
	left  string // how the step to the left of it relates: ">", "+" or " "
}

var (
	cssComment = regexp.MustCompile(`(?s)/\*.*?\*/`)
	cssBlock   = regexp.MustCompile(`([^{}]+)\{([^{}]*)\}`)
	cssMedia   = regexp.MustCompile(`(?s)@media ([^{]+)\{((?:[^{}]+\{[^{}]*\})*\s*)\}`)
)

// parseStyle reads a stylesheet of plain rules and @media, in its order.
func parseStyle(t *testing.T, css string) []cssRule {
	t.Helper()
	css = cssComment.ReplaceAllString(css, "")
	var rules []cssRule
	for css != "" {
		at := cssMedia.FindStringSubmatchIndex(css)
		if at == nil {
			return append(rules, plainRules(t, "", css)...)
		}
		rules = append(rules, plainRules(t, "", css[:at[0]])...)
		rules = append(rules, plainRules(t, strings.TrimSpace(css[at[2]:at[3]]), css[at[4]:at[5]])...)
		css = css[at[1]:]
	}
	return rules
}

func plainRules(t *testing.T, media, css string) []cssRule {
	t.Helper()
	var rules []cssRule
	for _, m := range cssBlock.FindAllStringSubmatch(css, -1) {
		declared := map[string]string{}
		for d := range strings.SplitSeq(m[2], ";") {
			if name, value, ok := strings.Cut(d, ":"); ok {
				declared[strings.TrimSpace(name)] = strings.TrimSpace(value)
			}
		}
		for s := range strings.SplitSeq(m[1], ",") {
			s = strings.TrimSpace(s)
			r := cssRule{media: media, selector: s, steps: stepsOf(t, s), declared: declared}
			for _, step := range r.steps {
				r.weight += weightOf(step.parts)
			}
			rules = append(rules, r)
		}
	}
	if rest := strings.TrimSpace(cssBlock.ReplaceAllString(css, "")); rest != "" {
		t.Fatalf("the stylesheet holds what this test cannot read: %q", rest)
	}
	return rules
}

var (
	cssPart    = regexp.MustCompile(`^(?:\*|[a-z][a-z0-9]*|\.[\w-]+|#[\w-]+|\[[^\]]+\]|::?[a-z-]+(?:\([^)]*\))?)`)
	cssSpacing = regexp.MustCompile(`\s*([>+])\s*|\s+`)
)

// stepsOf reads a selector. What has brackets must hold no white space.
func stepsOf(t *testing.T, selector string) []cssStep {
	t.Helper()
	var steps []cssStep
	left := ""
	for rest := selector; rest != ""; {
		gap := cssSpacing.FindStringIndex(rest)
		if gap == nil {
			gap = []int{len(rest), len(rest)}
		}
		steps = append([]cssStep{{parts: partsOf(t, rest[:gap[0]]), left: left}}, steps...)
		left, rest = cmp.Or(strings.TrimSpace(rest[gap[0]:gap[1]]), " "), rest[gap[1]:]
	}
	return steps
}

func partsOf(t *testing.T, compound string) []string {
	t.Helper()
	var list []string
	for rest := compound; rest != ""; {
		p := cssPart.FindString(rest)
		if p == "" {
			t.Fatalf("selector %q: this test cannot read %q", compound, rest)
		}
		list, rest = append(list, p), rest[len(p):]
	}
	return list
}

func weightOf(parts []string) int {
	weight := 0
	for _, p := range parts {
		switch {
		case p == "*":
		case p[0] == '#':
			weight += 10_000
		case p[0] == '.' || p[0] == '[' || p[0] == ':' && p[1] != ':':
			weight += 100
		default:
			weight++
		}
	}
	return weight
}

// matches reports whether steps, the last first, mean n. Whatever can be
// pointed at or focused is so when active is set.
func matches(steps []cssStep, n *html.Node, active bool) bool {
	if n == nil || n.Type != html.ElementNode {
		return false
	}
	for _, p := range steps[0].parts {
		if !meetsPart(p, n, active) {
			return false
		}
	}
	rest := steps[1:]
	switch steps[0].left {
	case "":
		return true
	case ">":
		return matches(rest, n.Parent, active)
	case "+":
		return matches(rest, elementBefore(n), active)
	}
	for o := n.Parent; o != nil; o = o.Parent {
		if matches(rest, o, active) {
			return true
		}
	}
	return false
}

func meetsPart(p string, n *html.Node, active bool) bool {
	switch {
	case p == "*" || p == n.Data || strings.HasPrefix(p, "::"):
		return true
	case p[0] == '.':
		class := attribute(n, "class")
		return strings.Contains(class, p[1:]) && slices.Contains(strings.Fields(class), p[1:])
	case p[0] == '#':
		return attribute(n, "id") == p[1:]
	case p[0] == '[':
		name, value, exact := strings.Cut(strings.Trim(p, "[]"), "=")
		i := slices.IndexFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
		return i >= 0 && (!exact || n.Attr[i].Val == strings.Trim(value, `"`))
	case strings.HasPrefix(p, ":not("):
		return !meetsPart(strings.TrimSuffix(p[len(":not("):], ")"), n, active)
	case strings.HasPrefix(p, ":nth-child("):
		nth, err := strconv.Atoi(strings.TrimSuffix(p[len(":nth-child("):], ")"))
		return err == nil && place(n) == nth
	}
	switch p {
	case ":hover", ":focus", ":focus-visible":
		return active
	case ":root":
		return n.Data == "html"
	case ":first-child":
		return place(n) == 1
	case ":last-child":
		for o := n.NextSibling; o != nil; o = o.NextSibling {
			if o.Type == html.ElementNode {
				return false
			}
		}
		return true
	case ":empty":
		return n.FirstChild == nil
	}
	return false
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func elementBefore(n *html.Node) *html.Node {
	for o := n.PrevSibling; o != nil; o = o.PrevSibling {
		if o.Type == html.ElementNode {
			return o
		}
	}
	return nil
}

// place is the number of an element among its siblings, from 1.
func place(n *html.Node) int {
	at := 1
	for o := elementBefore(n); o != nil; o = elementBefore(o) {
		at++
	}
	return at
}

// computed returns what the rules that apply declare for n: the heavier one
// wins, and of equal ones the later.
func computed(rules []cssRule, n *html.Node, active bool) map[string]string {
	var apply []cssRule
	for _, r := range rules {
		if matches(r.steps, n, active) {
			apply = append(apply, r)
		}
	}
	slices.SortStableFunc(apply, func(a, b cssRule) int { return cmp.Compare(a.weight, b.weight) })
	got := map[string]string{}
	for _, r := range apply {
		maps.Copy(got, r.declared)
	}
	return got
}
