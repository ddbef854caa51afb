package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
)

const runbookFolder = "../../docs/runbooks"

// runbookPages returns the text of each page by its name without .md.
func runbookPages(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(runbookFolder, "*.md"))
	if err != nil || len(files) < 40 {
		t.Fatalf("runbooks: got %d pages (%v), want at least 40", len(files), err)
	}
	pages := map[string]string{}
	for _, f := range files {
		raw, err := os.ReadFile(filepath.Clean(f))
		if err != nil {
			t.Fatal(err)
		}
		pages[strings.TrimSuffix(filepath.Base(f), ".md")] = string(raw)
	}
	return pages
}

var (
	shellBlock = regexp.MustCompile("(?s)\n```sh\n(.+?)\n```\n")
	codeSpan   = regexp.MustCompile("`(hookvigil [a-z][^`]*)`")
)

// typedCommands returns the lines of the blocks of shell in a text that call
// program.
func typedCommands(text, program string) (list []string) {
	for _, m := range shellBlock.FindAllStringSubmatch(text, -1) {
		for line := range strings.Lines(m[1]) {
			if line = strings.TrimSpace(line); strings.HasPrefix(line, program+" ") {
				list = append(list, line)
			}
		}
	}
	return list
}

// shellWords cuts a line as a shell does: at white space that is not quoted, up
// to a comment.
func shellWords(line string) (words []string, err error) {
	var word strings.Builder
	var quote rune
	begun := false
	for _, r := range line + " " {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '"' || r == '\'':
			quote, begun = r, true
		case r == '#' && !begun:
			return words, nil
		case unicode.IsSpace(r) && begun:
			words = append(words, word.String())
			word.Reset()
			begun = false
		case !unicode.IsSpace(r):
			word.WriteRune(r)
			begun = true
		}
	}
	if quote != 0 {
		return nil, fmt.Errorf("a %c stays open", quote)
	}
	return words, nil
}

// parses says why the program would not understand a command line. Without all,
// arguments may be missing: in a sentence, "incident ack" is enough.
func parses(line string, all bool) error {
	words, err := shellWords(line)
	if err != nil {
		return err
	}
	cmd, rest, err := newRoot().Find(words[1:])
	if err != nil {
		return err
	}
	if err := cmd.ParseFlags(rest); err != nil {
		return err
	}
	if args := cmd.Flags().Args(); all || len(args) > 0 {
		return cmd.ValidateArgs(args)
	}
	return nil
}

// Whoever is woken copies a line from the page: it must be one that we take.
func TestCommandsOfTheRunbooksParse(t *testing.T) {
	t.Parallel()
	count := 0
	for name, text := range runbookPages(t) {
		for _, line := range typedCommands(text, "hookvigil") {
			count++
			if err := parses(line, true); err != nil {
				t.Errorf("%s.md: %s\n%v", name, line, err)
			}
		}
		for _, m := range codeSpan.FindAllStringSubmatch(text, -1) {
			count++
			if err := parses(m[1], false); err != nil {
				t.Errorf("%s.md: %s\n%v", name, m[1], err)
			}
		}
	}
	if count < 150 {
		t.Errorf("got %d commands, want at least 150: the pages are not read as they should be", count)
	}
	for _, wrong := range []string{`hookvigil silence ad`, `hookvigil silence add --merchnt x`, `hookvigil incident show`, `hookvigil silence add --reason "x`} {
		if parses(wrong, true) == nil {
			t.Errorf("%s parses: this test finds nothing", wrong)
		}
	}
}

// Every page says how to silence its own case, by a command that the program
// sends as it stands there; one about an alert says how in Alertmanager too.
func TestEveryRunbookSaysHowToSilence(t *testing.T) {
	t.Parallel()
	f := startFake(t)
	f.silences(t)
	f.maintenance(t)
	ofRules := map[string]bool{string(alerting.RuleCommonCause): true}
	for _, rule := range rules.Rules() {
		ofRules[string(rule)] = true
	}
	for name, text := range runbookPages(t) {
		if strings.Contains(text, "no silences") || strings.Contains(text, "not built yet") {
			t.Errorf("%s.md denies what is there", name)
		}
		if name == "README" {
			continue
		}
		_, quiet, _ := strings.Cut(text, "\n## Keep it quiet\n")
		quiet, _, _ = strings.Cut(quiet, "\n## ")
		silences, inAlertmanager := 0, 0
		for _, line := range typedCommands(quiet, "hookvigil") {
			words, err := shellWords(line)
			if err != nil || len(words) < 3 || words[2] != "add" {
				continue // an acknowledgement
			}
			silences++
			if got := f.call(t, words[1:]...); got.status != exitGood {
				t.Errorf("%s.md: %s\nstatus %d: %s", name, line, got.status, got.stderr)
			}
		}
		for _, line := range typedCommands(quiet, "amtool") {
			if strings.HasPrefix(line, "amtool silence add --alertmanager.url=") && strings.Contains(line+" ", " alertname="+name+" ") {
				inAlertmanager++
			}
		}
		switch {
		case ofRules[name] && silences == 0:
			t.Errorf("%s.md has no `hookvigil silence add` under \"Keep it quiet\"", name)
		case !ofRules[name] && inAlertmanager != 1:
			t.Errorf("%s.md has %d `amtool silence add` for its alert under \"Keep it quiet\", want 1", name, inAlertmanager)
		}
	}
}
