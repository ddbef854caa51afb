package web

import (
	"regexp"
	"testing"
)

// Nothing moves: who asked for less motion has it.
func TestNothingMoves(t *testing.T) {
	t.Parallel()
	if m := regexp.MustCompile(`(?i)transition|animation|@keyframes|scroll-behavior|<blink|<marquee`).FindString(stylesheet(t)); m != "" {
		t.Errorf("the stylesheet holds %q; wanted under @media (prefers-reduced-motion: no-preference) if at all", m)
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
