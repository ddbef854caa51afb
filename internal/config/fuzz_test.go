package config_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/config"
)

// tooLong is far beyond what any small file may take, on a busy machine too.
const tooLong = 2 * time.Minute

// FuzzLoad: whatever the file holds, Load ends, does not panic, and every
// fault can be printed and points into the file.
func FuzzLoad(f *testing.F) {
	names, err := filepath.Glob("testdata/wrong/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	more, err := filepath.Glob("examples/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range append(names, more...) {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(data))
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "/") && strings.Contains(text, "_file") || strings.Contains(text, "include") {
			return // would read files of this machine
		}
		loadAny(t, filepath.Join(dir, "hookvigil.yaml"), text)
	})
}

// loadAny loads text and checks what holds for any.
func loadAny(t *testing.T, path, text string) []config.Fault {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	cfg, faults := config.Load(path)
	if took := time.Since(start); took > tooLong {
		t.Errorf("took %s for %d bytes", took, len(text))
	}
	if cfg == nil || len(faults) == 0 && cfg.Server.Listen == "" {
		t.Errorf("got %+v without a fault", cfg)
	}
	lines := 1 + strings.Count(text, "\n") + strings.Count(text, "\r")
	for _, f := range faults {
		if f.Message == "" || f.File == "" || f.Line < 0 || f.Line > lines+1 || f.Column < 0 {
			t.Errorf("got %+v for a file of %d lines", f, lines)
		}
	}
	config.Print(io.Discard, faults)
	return faults
}

// bombs are files that are small and grow, or go deep.
func bombs() map[string]string {
	const n = 20_000
	aliases := "version: 1\nx-0: &a0 [1, 2, 3, 4, 5, 6, 7, 8, 9, 0]\n"
	for i := range 25 {
		a, b := string(rune('a'+i)), string(rune('a'+i+1))
		aliases += "x-" + b + ": &" + b + "0 [" + strings.Repeat("*"+a+"0, ", 9) + "*" + a + "0]\n"
	}
	return map[string]string{
		"aliases":            aliases,
		"an alias of itself": "a: &a [*a, *a]\n",
		"brackets":           "a: " + strings.Repeat("[", n),
		"closed brackets":    "a: " + strings.Repeat("[", n) + strings.Repeat("]", n),
		"braces":             "a: " + strings.Repeat("{a: ", n),
		"dashes":             strings.Repeat("- ", n),
		"question marks":     strings.Repeat("? ", n),
		"colons":             strings.Repeat("a: ", n),
		"keys":               strings.Repeat("a:\n", n),
		"keys in braces":     "{" + strings.Repeat("a: 1,\n", n) + "}",
		"keys in brackets":   "[" + strings.Repeat("\na: 1", n) + "]",
		"levels":             levels(2000),
		"anchors":            strings.Repeat("&a ", n),
		"tags":               strings.Repeat("!a ", n) + "x",
		"quotes":             strings.Repeat("\"\n", n),
		"documents":          strings.Repeat("---\n", n),
		"comments":           strings.Repeat("# a\n", n),
		"blank lines":        strings.Repeat("\n", n),
		"one long line":      "a: " + strings.Repeat("x", 10*n),
		"a long literal":     "a: |\n" + strings.Repeat("  x\n", n),
		"folded":             "a: >\n" + strings.Repeat("  x\n", n),
		"plain lines":        "a:\n" + strings.Repeat("  x\n", n),
		"tabs":               strings.Repeat("\t", n),
		"directives":         strings.Repeat("%YAML 1.2\n", n),
		"list entries":       "merchants:\n" + strings.Repeat("- {}\n", n/2),
		"unknown keys":       "version: 1\nmerchants:\n  - {" + strings.Repeat("a", n) + ": 1}\n",
	}
}

func levels(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String()
}

// TestBombs: each ends in a fault, soon.
func TestBombs(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "hookvigil.yaml")
	for name, text := range bombs() {
		start := time.Now()
		if faults := loadAny(t, path, text); !config.Failed(faults) {
			t.Errorf("%s: no fault", name)
		} else {
			t.Logf("%s: %s: %s", name, time.Since(start).Round(time.Millisecond), clip(faults[0].String()))
		}
	}
}

func clip(s string) string { return s[max(0, min(len(s), 200)-120):min(len(s), 200)] }

// TestTooLarge: a file beyond the bounds is refused before it is parsed.
func TestTooLarge(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "hookvigil.yaml")
	for want, text := range map[string]string{
		"cannot be read: is too large: more than 32 MiB":         strings.Repeat("# comment comment comment comment\n", 1<<20),
		"the file has more than 1500000 keys, entries and lines": strings.Repeat("#\n", 1_500_001),
	} {
		if faults := loadAny(t, path, text); len(faults) != 1 || faults[0].Message != want || !strings.Contains(faults[0].Hint, "merchants_file") {
			t.Errorf("got %v, want %s", faults, want)
		}
	}
}

// FuzzDecodeEntry: whatever a line holds, it is accepted or refused with
// words.
func FuzzDecodeEntry(f *testing.F) {
	f.Add([]byte(`{"id":"acme","name":"Acme","digest":{"to":["a@acme.example"]},"endpoints":[{"id":"a","url":"https://a.example/","token":"x","probe":{"level":"ping","body":{"a":[1,null]}}}]}`))
	f.Add([]byte(`{"id":"a","endpoints":[{"certificate":{"warn_below":"25%","pins":["00"]},"deadline":"7d","suspended":true}]}`))
	f.Add([]byte(`{"a":[[[[{}]]]],"a":1}`))
	f.Add([]byte("{\"\xff\":\"\\ud800\"}"))
	f.Fuzz(func(t *testing.T, line []byte) {
		for _, files := range []bool{true, false} {
			m, eps, err := config.DecodeEntry(line, files)
			if err != nil && err.Error() == "" {
				t.Error("refused without a word")
			}
			for _, ep := range eps {
				if ep.Merchant != m.ID || err != nil {
					t.Errorf("endpoint %+v of %+v with %v", ep, m, err)
				}
				if !files && ep.TokenFile+ep.Certificate.CAFile+ep.Certificate.ClientCertFile+ep.Certificate.ClientKeyFile+ep.Certificate.ServedFile != "" {
					t.Errorf("a file got in: %+v", ep)
				}
			}
		}
	})
}
