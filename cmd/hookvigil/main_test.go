package main

import (
	"flag"
	"fmt"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "rewrite the expected output in testdata/golden")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"hookvigil": main})
}

// TestScripts calls the program as people do: arguments, exit status, both
// streams.
func TestScripts(t *testing.T) {
	t.Parallel()
	runScripts(t, "testdata")
}

// TestGoldenOutput compares what people read, as a whole.
func TestGoldenOutput(t *testing.T) {
	t.Parallel()
	runScripts(t, "testdata/golden")
}

func runScripts(t *testing.T, dir string) {
	t.Helper()
	s := newStage(t)
	p := testscript.Params{
		Dir: dir, Setup: s.setup, Cmds: commands(s), Condition: s.condition,
		UpdateScripts: *update, RequireUniqueNames: true,
	}
	p.Deadline, _ = t.Deadline()
	testscript.RunT(scriptT{t}, p)
}

// scriptT is a test whose whole transcript, with every output of every
// command, is searched for the token that only files hold.
type scriptT struct{ *testing.T }

// Run implements [testscript.T].
func (t scriptT) Run(name string, f func(testscript.T)) {
	t.T.Run(name, func(t *testing.T) { f(scriptT{t}) })
}

// Verbose implements [testscript.T]: the transcript is always complete.
func (t scriptT) Verbose() bool { return true }

// Log implements [testscript.T].
func (t scriptT) Log(args ...any) {
	t.Helper()
	text := fmt.Sprint(args...)
	if strings.Contains(text, marker) {
		t.Errorf("an output shows the token of a file:\n%s", text)
		return
	}
	t.T.Log(text)
}
