package backtest_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/hookvigil/hookvigil/internal/backtest"
	"github.com/hookvigil/hookvigil/rules"
)

// day is when the logs of the tests begin.
var day = time.Date(2023, 11, 11, 0, 0, 0, 0, time.UTC)

// sent is one attempt of a log.
type sent struct {
	event    string
	channel  string
	ended    time.Time
	received time.Time // zero: not said
	failed   bool
	more     string // further fields: `,"a":1`
}

// line writes an attempt as a source does. It took 100 ms.
func (s sent) line() string {
	status, received := 200, ""
	if s.failed {
		status = 503
	}
	if !s.received.IsZero() {
		received = `,"received_at":"` + s.received.Format(time.RFC3339Nano) + `"`
	}
	return fmt.Sprintf(`{"v":1,"source":"core","event":"%s","endpoint":"ep_1","channel":"%s","attempt":1,"started_at":"%s","duration_ms":100,"status":%d%s%s}`+"\n",
		s.event, s.channel, s.ended.Add(-100*time.Millisecond).Format(time.RFC3339Nano), status, received, s.more)
}

func text(all []sent) string {
	var b strings.Builder
	for _, s := range all {
		b.WriteString(s.line())
	}
	return b.String()
}

// steady is a log of so many ticks with n attempts each, all over the tick; k
// says of each tick how many failed.
func steady(from time.Time, ticks, n int, k func(tick int) int) []sent {
	var all []sent
	for i := range ticks {
		begin, failed := from.Add(time.Duration(i)*rules.TickLength), k(i)
		for j := range n {
			all = append(all, sent{
				event: fmt.Sprintf("e%d-%d-%d", from.Unix(), i, j), channel: "QR", failed: j < failed,
				ended: begin.Add(time.Duration(j) * rules.TickLength / time.Duration(n)),
			})
		}
	}
	return all
}

// records is how many the outage has, and failures how many of them failed.
const records, failures = 7200, 300

// outage is a log of an hour with 2 attempts a second: from minute
// 30 to 35 half of them fail.
func outage() []sent {
	return steady(day, 6*60, 20, func(i int) int {
		if i >= 180 && i < 210 {
			return 10
		}
		return 0
	})
}

// run replays a text.
func run(t *testing.T, log string, s backtest.Settings) backtest.Result {
	t.Helper()
	got, err := backtest.Run(t.Context(), backtest.Input{Paths: []string{"-"}, Stdin: strings.NewReader(log)}, s)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// file writes a file of a test and returns its path.
func file(t *testing.T, dir, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func gzipped(t *testing.T, s string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, s); err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zstded(t *testing.T, s string) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return w.EncodeAll([]byte(s), nil)
}
