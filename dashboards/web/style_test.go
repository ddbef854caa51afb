package web

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// luminance is the relative luminance of #rrggbb (WCAG 2.2).
func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	v, err := strconv.ParseUint(strings.TrimPrefix(hex, "#"), 16, 32)
	if err != nil {
		t.Fatalf("%q is no colour", hex)
	}
	linear := func(c uint64) float64 {
		x := float64(c&0xff) / 255
		if x <= 0.04045 {
			return x / 12.92
		}
		return math.Pow((x+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(v>>16) + 0.7152*linear(v>>8) + 0.0722*linear(v)
}

func TestColoursAreReadable(t *testing.T) {
	t.Parallel()
	css, err := files.ReadFile("assets/style.css")
	if err != nil {
		t.Fatal(err)
	}
	light, dark, found := strings.Cut(string(css), "@media (prefers-color-scheme: dark)")
	if !found {
		t.Fatal("no dark theme")
	}
	dark = dark[:strings.Index(dark, "*, *::before")]
	variable := regexp.MustCompile(`--(\w+): (#[0-9a-f]{6});`)
	for theme, text := range map[string]string{"light": light, "dark": dark} {
		colours := map[string]string{}
		for _, m := range variable.FindAllStringSubmatch(text, -1) {
			colours[m[1]] = m[2]
		}
		inks := []string{"ink", "soft", "link", "down", "failing", "degraded", "recovering", "suspended", "no_data", "healthy"}
		for _, ink := range inks {
			for _, ground := range []string{"bg", "card"} {
				contrast(t, theme, colours, ink, ground)
			}
		}
		for ground, ink := range map[string]string{"alarm": "down", "caution": "degraded", "calm": "healthy"} {
			contrast(t, theme, colours, ink, ground)
			contrast(t, theme, colours, "ink", ground)
		}
	}
}

// contrast wants 4.5:1, WCAG AA for text.
func contrast(t *testing.T, theme string, colours map[string]string, ink, ground string) {
	t.Helper()
	a, b := luminance(t, colours[ink]), luminance(t, colours[ground])
	if ratio := (max(a, b) + 0.05) / (min(a, b) + 0.05); ratio < 4.5 {
		t.Errorf("%s theme: %s on %s is %.2f:1, want 4.5:1", theme, ink, ground, ratio)
	}
}

func TestTemplatesKeepToTheContentPolicy(t *testing.T) {
	t.Parallel()
	entries, err := files.ReadDir("templates")
	if err != nil || len(entries) == 0 {
		t.Fatalf("no templates: %v", err)
	}
	forbidden := regexp.MustCompile(`(?i)<script|<style|\sstyle=|\son\w+=|javascript:|https?://|<img|@import|url\(`)
	for _, e := range entries {
		text, err := files.ReadFile("templates/" + e.Name())
		if err != nil {
			t.Fatal(err)
		}
		if m := forbidden.Find(text); m != nil {
			t.Errorf("%s holds %q, which the content policy blocks", e.Name(), m)
		}
	}
	css, err := files.ReadFile("assets/style.css")
	if err != nil {
		t.Fatal(err)
	}
	if m := forbidden.Find(css); m != nil {
		t.Errorf("style.css holds %q", m)
	}
}
