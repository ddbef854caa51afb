package backtest_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/hookvigil/hookvigil/internal/backtest"
)

// FuzzRun replays anything: it is read to its end, and what is bad in it is
// counted by line.
func FuzzRun(f *testing.F) {
	good := sent{event: "e", channel: "QR", ended: day, received: day}.line()
	for _, s := range []string{
		good, "[" + good + "]", strings.ReplaceAll(good, ",", ",\n"), good[:50], `{"kind":"probe","endpoint":"e","at":"2023-11-11T00:00:00Z","verdict":"down"}`,
		`{"received_at":"` + "\\", "{\"a\":{\"received_at\":1}}\n\xef\xbb\xbf{}", "\"received_at\":\n]}{[",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, log []byte) {
		if bytes.HasPrefix(log, []byte{0x1f, 0x8b}) || bytes.HasPrefix(log, []byte{0x28, 0xb5}) {
			return // what decompressing makes of it is not ours
		}
		got, err := backtest.Run(t.Context(), backtest.Input{Paths: []string{"-"}, Stdin: bytes.NewReader(log)}, backtest.Settings{})
		if err != nil || got.Counts.Bad != len(got.Rejected) && len(got.Rejected) < 1000 {
			t.Fatalf("%v: %+v, %d listed", err, got.Counts, len(got.Rejected))
		}
		for _, r := range got.Rejected {
			if r.Line < 1 || r.Line > 1+bytes.Count(log, []byte("\n")) || r.Reason == "" {
				t.Errorf("rejected %+v", r)
			}
		}
	})
}
