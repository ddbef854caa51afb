package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

type command = func(ts *testscript.TestScript, neg bool, args []string)

// commands are what the scripts know besides testscript's own:
//
//	exits STATUS PROGRAM ARG...   calls a program, which must end with STATUS
//	[!] jsonhas PATH [VALUE]      stdout is one JSON object that has PATH (a.b.0.c)
//	until DATADIR PATH PATTERN    asks the daemon until its answer matches
//	signal HUP|TERM|INT           to the last background process
//	within DURATION               at most so long ago was the last signal
//	stable FILE                   writes stdout to FILE without what differs from run to run
//	hasmode MODE FILE             the permissions of a file
//	turn NAME BEHAVIOUR           changes a receiver of the stage
func commands(s *stage) map[string]command {
	return map[string]command{
		"turn": s.turn, "exits": exits, "jsonhas": jsonHas, "until": until, "signal": send, "within": within, "stable": stable, "hasmode": hasMode,
	}
}

func wants(ts *testscript.TestScript, neg, mayNeg bool, args []string, least int) {
	if neg && !mayNeg || len(args) < least {
		ts.Fatalf("wrong use of a command: %v", args)
	}
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	wants(ts, neg, false, args, 2)
	err := ts.Exec(args[1], args[2:]...)
	got := 0
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if strconv.Itoa(got) != args[0] {
		ts.Fatalf("exit status %d, want %s", got, args[0])
	}
}

func jsonHas(ts *testscript.TestScript, neg bool, args []string) {
	wants(ts, neg, true, args, 1)
	out := ts.ReadFile("stdout")
	if strings.Count(out, "\n") != 1 || !strings.HasSuffix(out, "\n") {
		ts.Fatalf("stdout is not one line")
	}
	var v any
	ts.Check(json.Unmarshal([]byte(out), &v))
	got, ok := at(v, strings.Split(args[0], "."))
	switch {
	case neg && ok && (len(args) == 1 || got == args[1]):
		ts.Fatalf("%s is there: %s", args[0], got)
	case neg:
	case !ok:
		ts.Fatalf("there is no %s", args[0])
	case len(args) > 1 && got != args[1]:
		ts.Fatalf("%s is %s, want %s", args[0], got, args[1])
	}
}

// at returns what is at path in v: a text as it is, all else as JSON.
func at(v any, path []string) (string, bool) {
	for _, key := range path {
		switch in := v.(type) {
		case map[string]any:
			next, ok := in[key]
			if !ok {
				return "", false
			}
			v = next
		case []any:
			i, err := strconv.Atoi(key)
			if err != nil || i < 0 || i >= len(in) {
				return "", false
			}
			v = in[i]
		default:
			return "", false
		}
	}
	if s, ok := v.(string); ok {
		return s, true
	}
	raw, err := json.Marshal(v)
	return string(raw), err == nil
}

// patience bounds how long a script waits for the daemon.
const patience = 3 * time.Minute

func until(ts *testscript.TestScript, neg bool, args []string) {
	wants(ts, neg, false, args, 3)
	pattern, err := regexp.Compile(args[2])
	ts.Check(err)
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	for {
		raw, err := ask(context.Background(), ts.MkAbs(args[0]), args[1])
		if err == nil && pattern.Match(raw) {
			return
		}
		select {
		case <-ticker.C:
		case <-limit.C:
			ts.Fatalf("%s never matched %s; last: %v %s", args[1], args[2], err, raw)
		}
	}
}

const signalledAt = "SIGNALLED_AT"

func send(ts *testscript.TestScript, neg bool, args []string) {
	wants(ts, neg, false, args, 1)
	signals := map[string]syscall.Signal{"HUP": syscall.SIGHUP, "TERM": syscall.SIGTERM, "INT": syscall.SIGINT}
	running := ts.BackgroundCmds()
	if len(running) == 0 || signals[args[0]] == 0 {
		ts.Fatalf("no process to signal, or no signal %s", args[0])
	}
	ts.Setenv(signalledAt, strconv.FormatInt(time.Now().UnixNano(), 10))
	ts.Check(running[len(running)-1].Process.Signal(signals[args[0]]))
}

func within(ts *testscript.TestScript, neg bool, args []string) {
	wants(ts, neg, false, args, 1)
	limit, err := time.ParseDuration(args[0])
	ts.Check(err)
	nanos, err := strconv.ParseInt(ts.Getenv(signalledAt), 10, 64)
	ts.Check(err)
	if d := time.Since(time.Unix(0, nanos)); d > limit {
		ts.Fatalf("it took %s, want at most %s", d, limit)
	}
}

// unstable is what differs from run to run, and what stands for it.
var unstable = []struct{ pattern, word string }{
	{`(127\.0\.0\.1|\[::1\]):\d+`, "ADDRESS"},
	{`\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)? UTC`, "DATE"},
	{`\d{4}-\d\d-\d\dT[\d:.]+Z`, "DATE"},
	{`\b\d+ failures in a row`, "N failures in a row"},
	{`, (in )?\d+[smhd]( ago)?([,;])`, ", SPAN$3"},
	{`\b[0-9a-f]{64}\b`, "HEX"},
	{`(?m)^(  time +).*$`, "${1}PHASES"},
	{`after (under 0\.1|[\d.]+) m?s`, "after TIME"},
}

func stable(ts *testscript.TestScript, neg bool, args []string) {
	wants(ts, neg, false, args, 1)
	text := ts.ReadFile("stdout")
	for _, u := range unstable {
		text = regexp.MustCompile(u.pattern).ReplaceAllString(text, u.word)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
}

func hasMode(ts *testscript.TestScript, neg bool, args []string) {
	wants(ts, neg, false, args, 2)
	info, err := os.Stat(filepath.Clean(ts.MkAbs(args[1])))
	ts.Check(err)
	if got := fmt.Sprintf("%04o", info.Mode()&fs.ModePerm); got != args[0] {
		ts.Fatalf("%s has mode %s, want %s", args[1], got, args[0])
	}
}
