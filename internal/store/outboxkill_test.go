package store_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/internal/store"
	"github.com/hookvigil/hookvigil/rules"
)

const (
	senderDir   = "STORE_TEST_SENDER_DIR" // names the data directory of the process that is killed
	messages    = (senderKills + 2) * leaveFor
	senderLanes = 4  // so many messages are on the wire at most
	leaveFor    = 18 // messages that one sender may send: it must not run out of them
)

// ledger is a receiver that keeps one line for each message that it got, and
// says so: written, and so accepted, before anybody can be killed for it.
type ledger struct {
	f     *os.File
	leave io.Reader // one byte for each message; nil: none is needed
	hears io.Writer
}

func openLedger(dir string, leave io.Reader, hears io.Writer) (ledger, error) {
	f, err := os.OpenFile(filepath.Join(dir, "ledger"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	return ledger{f, leave, hears}, err
}

func (l ledger) Send(_ context.Context, n alerting.Notice, _ alerting.Ref) (alerting.Ref, error) {
	if l.leave != nil {
		if _, err := io.ReadFull(l.leave, make([]byte, 1)); err != nil {
			return alerting.Ref{}, err
		}
	}
	if _, err := l.f.WriteString(n.IdemKey + "\n"); err != nil {
		return alerting.Ref{}, err
	}
	if _, err := fmt.Fprintln(l.hears, "sent"); err != nil {
		return alerting.Ref{}, err
	}
	return alerting.Ref{Root: n.IdemKey, Last: n.IdemKey}, nil
}

func (l ledger) outbox(s *store.Store, observe alerting.Observer) *alerting.Outbox {
	cfg := alerting.OutboxConfig{Observe: observe, Storm: alerting.StormCap{Most: 1 << 30}}
	ports := alerting.Ports{Named: map[string]alerting.Port{"ops": {Receiver: l, Kind: "slack"}}}
	return alerting.NewOutbox(cfg, s, ports, slog.New(slog.DiscardHandler))
}

// TestSenderProcess is the process that TestKilledSendersLoseNothing kills: it
// sends until then. Run by itself it has nothing to do.
func TestSenderProcess(t *testing.T) {
	dir := os.Getenv(senderDir)
	if dir == "" {
		return
	}
	s := open(t, dir)
	l, err := openLedger(dir, os.Stdin, os.Stdout)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.outbox(s, alerting.Observer{}).Run(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestKilledSendersLoseNothing kills a sender again and again, anywhere between the
// claim, the wire and the outcome. No message is lost or out of order, and a
// kill repeats at most what was on the wire, with its key.
func TestKilledSendersLoseNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	var all []alerting.Notice
	for i := range messages {
		all = append(all, event(fmt.Sprint("ops/", i%senderLanes), fmt.Sprint("sub", i%12), fmt.Sprintf("%04d", i), rules.High))
	}
	enqueue(t, s, all...)
	shut(t, s)

	dice := rand.New(rand.NewPCG(7, 7))
	var runs [][]string // what each process sent
	read := 0
	for range senderKills {
		sendAndKill(t, dir, 1+dice.IntN(10))
		lines := ledgerLines(t, dir)
		runs = append(runs, lines[read:])
		read = len(lines)
	}
	sendTheRest(t, dir)
	runs = append(runs, ledgerLines(t, dir)[read:])

	seen := map[string]int{}           // the last process that sent it
	last := map[string]string{}        // of each subject
	repeated := make([]int, len(runs)) // by the process whose kill made it necessary
	repeats := 0
	for i, run := range runs {
		for _, key := range run {
			subject, id, _ := strings.Cut(key, ":")
			if id < last[subject] {
				t.Errorf("%s went after %s", key, last[subject])
			}
			last[subject] = id
			if before, again := seen[key]; again {
				repeated[before]++
				repeats++
			}
			seen[key] = i
		}
	}
	if most := slices.Max(repeated); most > senderLanes || repeated[senderKills] > 0 {
		t.Errorf("kills repeated %v messages, want each at most the %d on the wire, and the last process none", repeated, senderLanes)
	}
	if len(seen) != len(all) {
		t.Errorf("%d messages arrived, want %d", len(seen), len(all))
	}
	t.Logf("%d messages, %d kills: %d lost, %d repeated", len(all), senderKills, len(all)-len(seen), repeats)
}

// sendAndKill starts a sender and kills it after the nth message.
func sendAndKill(t *testing.T, dir string, n int) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "-test.run=^TestSenderProcess$")
	cmd.Env = append(os.Environ(), senderDir+"="+filepath.Clean(dir))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	leave, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := leave.Write(make([]byte, leaveFor)); err != nil {
		t.Fatal(err)
	}
	sent := 0
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if lines.Text() != "sent" {
			t.Errorf("sender: %s", lines.Text())
		}
		if sent++; sent == n {
			if err := cmd.Process.Kill(); err != nil {
				t.Error(err)
			}
		}
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("the sender ended by itself")
	}
}

// sendTheRest sends what is left and proves that all of it is marked sent.
func sendTheRest(t *testing.T, dir string) {
	t.Helper()
	s := open(t, dir)
	defer shut(t, s)
	l, err := openLedger(dir, nil, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	empty := func(w alerting.Work) {
		if len(w.Lanes) == 0 && w.Next.IsZero() {
			stop()
		}
	}
	if err := l.outbox(s, alerting.Observer{Lanes: empty}).Run(ctx); err != nil {
		t.Fatal(err)
	}
	states := map[string]int{}
	for _, r := range outboxOf(t, s, alerting.OutboxFilter{Limit: 1000}) {
		states[r.State]++
	}
	if states["sent"] != messages || len(states) != 1 {
		t.Errorf("in the end %v, want all %d sent", states, messages)
	}
}

func ledgerLines(t *testing.T, dir string) []string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "ledger"))
	if err != nil {
		t.Fatal(err)
	}
	return slices.Collect(strings.FieldsSeq(string(b)))
}
